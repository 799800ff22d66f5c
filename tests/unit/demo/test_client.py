"""The client of the demo, whose server closes connections that pause."""

import socket
from threading import Thread

from fraiseql.demo.client import HttpClient

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def answer_once(listening: socket.socket) -> None:
    """Answer one request on a connection, and close it without saying so before."""
    link, _ = listening.accept()
    with link:
        request = b""
        while not request.endswith(b"}"):
            request += link.recv(4096)
        link.sendall(RESPONSE)


def test_a_connection_that_was_closed_in_a_pause_is_opened_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with HttpClient("127.0.0.1", port) as client:
            for _ in range(3):
                server = Thread(target=answer_once, args=(listening,), daemon=True)
                server.start()
                assert client.post("{ a }", {}).status == 200
                server.join(20)
