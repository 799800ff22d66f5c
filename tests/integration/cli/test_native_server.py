"""The native server: what the terminal says, faults of its thread and its workers, its log."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.integration.cli.program import HOST, PATIENCE, Running, running

Port = Callable[[], int]
USER = "{ user(id: 1) { firstName } }"
NATIVE = 'road;desc="native"'
CLIENT = "192.0.2.7"

BREAKING = """
import contextlib
import gc
import os
import socket

import fraiseql

def accepts(file: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(file)) as link:
        return bool(link.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False

def watches_listener(file: str) -> bool:
    with contextlib.suppress(OSError):
        if os.readlink(f"/proc/self/fd/{file}") == "anon_inode:[eventpoll]":
            lines = open(f"/proc/self/fdinfo/{file}").read().splitlines()
            return any(accepts(int(line.split()[1])) for line in lines if line.startswith("tfd:"))
    return False

@fraiseql.query
def break_the_thread() -> int:
    # The thread waits for its sockets in a file that it finds replaced: it panics.
    waiting = [file for file in os.listdir("/proc/self/fd") if watches_listener(file)]
    null = os.open(os.devnull, os.O_RDONLY)
    for file in waiting:
        os.dup2(null, int(file))
    return len(waiting)

@fraiseql.query
def objects_of_the_start() -> int:
    return gc.get_freeze_count()

app = fraiseql.create_app(queries=[break_the_thread, objects_of_the_start])
"""


CASES = {
    "native": ("--native", ("", ""), "native\n"),
    "no-native": ("--no-native", ("", ""), "Python (--no-native)\n"),
    "setting": (
        "--native",
        ("queries=", "native=False, queries="),
        "Python (the setting native is off)\n",
    ),
    "hook": (
        "--native",
        ("queries=", "context=lambda request: {}, queries="),
        "Python (the context= hook does not declare which headers decide its result)\n",
    ),
    "around": (
        "--native",
        ("app = ", "inner = "),
        "Python (something else is around the application)\n",
    ),
}
"""Options, a change of the module, and what the terminal says."""


@pytest.mark.parametrize("name", CASES)
def test_the_terminal_says_which_server_it_is(
    name: str, project: Path, users: str, free_port: Port
) -> None:
    word, (old, new), expected = CASES[name]
    port, api = free_port(), project / "api.py"
    text = api.read_text().replace(old, new) if old else api.read_text()
    around = (
        "async def app(scope, receive, send):\n    await inner(scope, receive, send)\n"
        if "inner" in text
        else ""
    )
    api.write_text(f"{text}\n{around}")
    with running("serve", "api:app", word, "--port", str(port), cwd=project, url=users) as server:
        body = server.answer(port, USER).body
        assert json.loads(body) == {"data": {"user": {"firstName": "Ada"}}}
        assert f"Server    {expected}" in server.text()


def test_a_panic_of_the_thread_ends_the_process(
    tmp_path: Path, users: str, free_port: Port
) -> None:
    (tmp_path / "api.py").write_text(BREAKING)
    port = free_port()
    words = ("serve", "api:app", "--native", "--port", str(port))
    with running(*words, cwd=tmp_path, url=users) as server:
        # No collection walks through them.
        left_out = json.loads(server.answer(port, "{ objectsOfTheStart }").body)
        assert left_out["data"]["objectsOfTheStart"] > 50_000
        answer = server.answer(port, "{ breakTheThread }")
        assert json.loads(answer.body)["data"]["breakTheThread"] > 0
        assert server.process.wait(30) == 1
        assert "The native server has ended by itself" in server.text()


def workers(server: Running) -> set[int]:
    """The serving processes of a supervisor."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in children if serves(child)}


def serves(pid: str) -> bool:
    with contextlib.suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def wait_until(condition: Callable[[], bool], server: Running) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, server.text()
        time.sleep(0.05)


def test_workers_that_are_killed_or_replaced_leave_others(
    project: Path, users: str, free_port: Port
) -> None:
    port = free_port()
    words = ("serve", "api:app", "--native", "--port", str(port), "--workers", "2")
    with running(*words, cwd=project, url=users) as server:
        server.answer(port, USER)
        wait_until(lambda: len(workers(server)) == 2, server)
        killed = min(workers(server))
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(workers(server) - {killed}) == 2, server)
        server.answer(port, USER)
        before = workers(server)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers(server)) == 2 and not workers(server) & before, server)
        server.answer(port, USER)
        assert server.stop() == 0


def test_the_log_and_the_metrics_have_native_answers(
    project: Path, users: str, free_port: Port
) -> None:
    port = free_port()
    words = ("serve", "api:app", "--native", "--access-log", "--port", str(port))
    trusted = {"FORWARDED_ALLOW_IPS": HOST}
    with running(*words, cwd=project, url=users, more=trusted) as server:
        server.answer(port, USER)
        asked = ask_until_native(port)
        wait_until(lambda: server.text().count(f"{CLIENT}:0 - ") == asked, server)
        assert server.text().count(f'{CLIENT}:0 - "POST /graphql HTTP/1.1" 200') == asked
        counted = outcomes(port)
        assert counted["live"] == 1
        assert counted["python"] >= 1
        assert counted["unread"] >= 1


def ask_until_native(port: int, query: str = USER) -> int:
    """Ask on one connection, as a proxy does for a client; return how often."""
    headers = {"Content-Type": "application/json", "X-Forwarded-For": CLIENT}
    connection = HTTPConnection(HOST, port, timeout=PATIENCE)
    with contextlib.closing(connection):
        for asked in range(1, 1_000):
            connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
            answer = connection.getresponse()
            answer.read()
            if NATIVE in answer.headers.get("Server-Timing", ""):
                return asked
            time.sleep(0.01)
    raise AssertionError("no answer was native")


def outcomes(port: int) -> dict[str, float]:
    connection = HTTPConnection(HOST, port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
    head = 'fraiseql_native_requests_total{outcome="'
    named = (line.removeprefix(head).split('"} ') for line in lines if line.startswith(head))
    return {outcome: float(count) for outcome, count in named}
