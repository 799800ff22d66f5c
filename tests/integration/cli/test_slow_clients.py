"""Slow, idle and numerous clients of one process."""

import contextlib
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fraiseql.database.embedded import EmbeddedServer
from tests.integration.cli.program import HOST, PATIENCE, running

Port = Callable[[], int]
Words = tuple[str, ...]
GREETING = "{ greeting }"
TEXT_BYTES = 12_000_000
API = f"""
import fraiseql

@fraiseql.query
def greeting() -> str:
    return "hello"

@fraiseql.query
def long_text() -> str:
    return "x" * {TEXT_BYTES}

app = fraiseql.create_app(queries=[greeting, long_text])
"""
POST = (
    "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    "accept: application/graphql-response+json\r\ncontent-length: {length}\r\n\r\n"
)


@pytest.fixture(params=[("--native",), ("--no-native",)], ids=["native", "python"])
def serve(request: pytest.FixtureRequest) -> Words:
    """Words of the command, for each of the two servers."""
    return ("serve", "api:app", *request.param)


@pytest.fixture
def api(tmp_path: Path) -> Path:
    """A project whose queries read no table, so that its server does not matter."""
    (tmp_path / "api.py").write_text(API)
    return tmp_path


@pytest.fixture(scope="module")
def url(servers: Callable[[str], EmbeddedServer]) -> str:
    """Address of the embedded server."""
    return servers("embedded").url


def request(query: str) -> bytes:
    body = json.dumps({"query": query})
    return (POST.format(length=len(body)) + body).encode()


@contextlib.contextmanager
def sockets(port: int, count: int, first: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that send ``first`` and then nothing."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            link = stack.enter_context(socket.create_connection((HOST, port), PATIENCE))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.sendall(first)
            opened.append(link)
        yield opened


def seconds_until_closed(links: list[socket.socket]) -> float:
    """Read each connection to its end; return when the last one ended."""
    start = time.monotonic()
    for link in links:
        with contextlib.suppress(ConnectionResetError):
            while link.recv(65_536):
                pass
    return time.monotonic() - start


def resident_bytes(pid: int) -> int:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1]) * 1024


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"POST /graphql HT",
        b"GET /health HTTP/1.1\r\nhost: x\r\nx-a: 1",
        request(GREETING)[:-5],
    ],
    ids=["nothing", "half a line", "half the headers", "half a body"],
)
def test_a_request_that_does_not_end_is_cut(
    api: Path, url: str, serve: Words, free_port: Port, first: bytes
) -> None:
    port = free_port()
    limits = {"HEADER_TIMEOUT": 1, "REQUEST_TIMEOUT": 1}
    words = (*serve, "--port", str(port))
    with running(*words, cwd=api, url=url, settings=limits) as server:
        server.answer(port, GREETING)
        with sockets(port, 50, first) as links:
            assert seconds_until_closed(links) < 20
        server.answer(port, GREETING)


def test_a_header_in_drops_is_cut(api: Path, url: str, serve: Words, free_port: Port) -> None:
    port = free_port()
    words = (*serve, "--port", str(port))
    with running(*words, cwd=api, url=url, settings={"HEADER_TIMEOUT": 1}) as server:
        server.answer(port, GREETING)
        with sockets(port, 1, b"GET /health HTTP/1.1\r\nx-a: ") as links:
            drops = 0
            with contextlib.suppress(OSError):
                while drops < 400:
                    links[0].sendall(b"a")
                    drops += 1
                    time.sleep(0.05)
        assert drops < 300


def test_endless_headers_are_refused(api: Path, url: str, serve: Words, free_port: Port) -> None:
    port = free_port()
    with running(*serve, "--port", str(port), cwd=api, url=url) as server:
        server.answer(port, GREETING)
        with sockets(port, 1, b"GET /health HTTP/1.1\r\n") as links:
            with contextlib.suppress(OSError):
                for _ in range(200):
                    links[0].sendall(b"x-a: " + b"a" * 4096 + b"\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert links[0].recv(100).startswith(b"HTTP/1.1 431 ")
        server.answer(port, GREETING)


@pytest.mark.parametrize(
    "case",
    [
        ({"SEND_TIMEOUT": 2}, "it did not read the response (send_timeout)", 1),
        ({"MAX_UNSENT_BYTES": 50_000_000}, "the process holds too many unsent bytes", 8),
    ],
)
def test_clients_that_do_not_read_are_cut_and_their_memory_is_freed(
    api: Path, url: str, serve: Words, free_port: Port, case: tuple[dict[str, int], str, int]
) -> None:
    limits, reason, left = case
    # The native server and Python have a file each of a connection.
    each = 1 if "--no-native" in serve else 2
    port = free_port()
    words = (*serve, "--port", str(port))
    with running(*words, cwd=api, url=url, settings=limits) as server:
        server.answer(port, "{ longText }")
        files = open_files(server.process.pid)
        peaks = []
        for _ in range(3):
            with sockets(port, 20, request("{ longText }")):
                deadline = time.monotonic() + PATIENCE
                peaks.append(0)
                # Connections are accepted in turn: now all of these are, and some already cut.
                server.answer(port, GREETING)
                while open_files(server.process.pid) > files + left * each:
                    peaks[-1] = max(peaks[-1], resident_bytes(server.process.pid))
                    assert time.monotonic() < deadline, server.text()
                    time.sleep(0.2)
                server.answer(port, GREETING)
        assert reason in server.text()
        # A round takes the memory of the one before it; a busy machine may hide one peak.
        assert min(peaks[1] - peaks[0], peaks[2] - peaks[1]) < 10 * TEXT_BYTES, peaks


def test_a_slow_reader_is_served_to_the_end(
    api: Path, url: str, serve: Words, free_port: Port
) -> None:
    port = free_port()
    words = (*serve, "--port", str(port))
    with running(*words, cwd=api, url=url, settings={"SEND_TIMEOUT": 1}) as server:
        server.answer(port, GREETING)
        with socket.create_connection((HOST, port), PATIENCE) as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            link.sendall(request("{ longText }"))
            read = 0
            while read < TEXT_BYTES:
                piece = link.recv(65_536)
                assert piece, f"cut after {read} bytes"
                read += len(piece)
                time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_stops_while_a_client_does_not_read(
    api: Path, url: str, serve: Words, free_port: Port, workers: int
) -> None:
    port = free_port()
    words = (*serve, "--port", str(port), "--workers", str(workers))
    with running(*words, cwd=api, url=url) as server:
        server.answer(port, GREETING)
        with sockets(port, 4, request("{ longText }")):
            time.sleep(1)
            start = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(PATIENCE)
            assert time.monotonic() - start < 30


def test_connections_above_the_limit_are_refused(
    api: Path, url: str, serve: Words, free_port: Port
) -> None:
    port = free_port()
    words = (*serve, "--port", str(port))
    limits = {"MAX_CONNECTIONS": 5, "HEADER_TIMEOUT": 5}
    with running(*words, cwd=api, url=url, settings=limits) as server:
        server.answer(port, GREETING)
        with sockets(port, 12, b"") as links:
            refused = 0
            for link in links:
                link.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    refused += link.recv(100).startswith(b"HTTP/1.1 503 ")
            assert refused >= 7
        server.answer(port, GREETING)
        assert server.text().count("all connections are in use (max_connections)") == 1


def test_open_files_bound_the_connections(
    api: Path, url: str, serve: Words, free_port: Port
) -> None:
    port = free_port()
    words = (*serve, "--port", str(port))
    with running(*words, cwd=api, url=url, files=100) as server:
        server.answer(port, GREETING)
        assert "the process may open 100 files" in server.text()
        with sockets(port, 150, b"GET /health"):
            time.sleep(0.5)
            assert "all connections are in use (max_connections)" in server.text()
        server.answer(port, GREETING)
