"""Clients of the native server that leave before the answer."""

import contextlib
import json
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import asyncpg

from tests.integration.cli.program import HOST, PATIENCE, running
from tests.integration.cli.test_native_server import NATIVE, ask_until_native
from tests.integration.flights import at_once, run_sql

Port = Callable[[], int]
QUERY = "{ pauses { id } }"
API = """
import fraiseql

@fraiseql.type(sql_source="pause")
class Pause:
    id: int

app = fraiseql.create_app(queries=[fraiseql.find("pauses", Pause)])
"""
TABLES = (
    "CREATE TABLE waiting (id int PRIMARY KEY, seconds float8 NOT NULL)",
    "INSERT INTO waiting VALUES (1, 0)",
    (
        "CREATE VIEW pause AS SELECT w.id FROM waiting w"
        " LEFT JOIN LATERAL (SELECT pg_sleep(w.seconds)) AS s ON true"
    ),
)
TENANTS = """
import fraiseql

@fraiseql.type(sql_source="whose")
class Whose:
    id: int
    tenant: str

async def look_up(request):
    return {"session": {"app.tenant": request.headers.get("x-tenant", "none")}}

app = fraiseql.create_app(
    queries=[fraiseql.find("whose", Whose)],
    context=fraiseql.Identity(headers=["x-tenant"], hook=look_up, ttl="60s"),
)
"""
WHOSE = (
    "CREATE VIEW whose AS SELECT p.id, current_setting('app.tenant', true) AS tenant FROM pause p"
)
SESSIONS = """
SELECT pid, wait_event = 'PgSleep' AS sleeps FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
BODY = json.dumps({"query": QUERY})
REQUEST = (
    f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n{BODY}"
).encode()


def sessions(url: str) -> dict[int, bool]:
    """Whether each session sleeps in a statement."""

    async def read() -> list[Any]:
        connection = await asyncpg.connect(url)
        rows = await connection.fetch(SESSIONS)
        await connection.close()
        return rows

    return {row["pid"]: bool(row["sleeps"]) for row in at_once(read())}


def leave(port: int, request: bytes = REQUEST, after: float = 0.0) -> None:
    """Send a request, and close the connection some seconds later."""
    with contextlib.closing(socket.create_connection((HOST, port), PATIENCE)) as client:
        client.sendall(request)
        time.sleep(after)


def as_tenant(name: str) -> tuple[str, dict[str, str]]:
    """Return the body and the headers of a tenant's request."""
    headers = {"Content-Type": "application/json", "X-Tenant": name}
    return json.dumps({"query": "{ whose { tenant } }"}), headers


def tenant_seen(port: int, name: str) -> tuple[str, bool]:
    """Return the tenant that an answer names, and whether it was native."""
    body, headers = as_tenant(name)
    with contextlib.closing(HTTPConnection(HOST, port, timeout=PATIENCE)) as connection:
        connection.request("POST", "/graphql", body, headers)
        answer = connection.getresponse()
        (row,) = json.loads(answer.read())["data"]["whose"]
        return row["tenant"], NATIVE in answer.headers.get("Server-Timing", "")


def request_of(name: str) -> bytes:
    body, headers = as_tenant(name)
    lines = [f"{key}: {value}" for key, value in headers.items()]
    head = "\r\n".join(["POST /graphql HTTP/1.1", f"Host: {HOST}", *lines])
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def wait_until_none_sleeps(url: str) -> None:
    deadline = time.monotonic() + 10
    while any(sessions(url).values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_clients_that_leave_cost_no_connection(tmp_path: Path, users: str, free_port: Port) -> None:
    (tmp_path / "api.py").write_text(API)
    at_once(run_sql(users, *TABLES))
    port = free_port()
    with running("serve", "api:app", "--port", str(port), cwd=tmp_path, url=users) as server:
        server.answer(port, QUERY)
        ask_until_native(port, QUERY)
        before = set(sessions(users))
        at_once(run_sql(users, "UPDATE waiting SET seconds = 0.03"))
        for _ in range(3):
            leave(port)
            time.sleep(0.01)
        wait_until_none_sleeps(users)
        ask_until_native(port, QUERY)
        assert before <= set(sessions(users))
        at_once(run_sql(users, "UPDATE waiting SET seconds = 60"))
        leave(port)
        time.sleep(0.3)
        wait_until_none_sleeps(users)


def test_clients_that_leave_take_their_identity_with_them(
    tmp_path: Path, users: str, free_port: Port
) -> None:
    (tmp_path / "api.py").write_text(TENANTS)
    at_once(run_sql(users, *TABLES, WHOSE))
    port = free_port()
    with running("serve", "api:app", "--port", str(port), cwd=tmp_path, url=users) as server:
        server.answer(port, "{ whose { tenant } }")
        for name in ("red", "blue") * 20:
            tenant_seen(port, name)
        at_once(run_sql(users, "UPDATE waiting SET seconds = 0.01"))
        native = 0
        for turn in range(40):
            leaver, stayer = ("red", "blue") if turn % 2 else ("blue", "red")
            for place in range(4):
                leave(port, request_of(leaver), after=0.003 * (place + turn % 3))
            seen, was_native = tenant_seen(port, stayer)
            assert seen == stayer
            native += was_native
        assert native > 20
