"""Reads by key of many clients in one transaction of the native server."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.integration.cli.program import HOST, PATIENCE, running
from tests.integration.cli.test_native_server import NATIVE, ask_until_native
from tests.integration.flights import at_once, run_sql

Port = Callable[[], int]
CLIENTS = 20
FAILING = 13
API = """
import fraiseql

@fraiseql.type(sql_source="share")
class Share:
    id: int
    percent: int
    begun: str
    revision: int

app = fraiseql.create_app(queries=[fraiseql.find_one("share", Share, by="id")])
"""
TABLES = (
    "CREATE TABLE part (id int PRIMARY KEY, revision int NOT NULL DEFAULT 0)",
    "INSERT INTO part SELECT n FROM generate_series(1, 40) n",
    (
        f"CREATE VIEW share AS SELECT id, 100 / (id - {FAILING}) AS percent,"
        " now()::text AS begun, revision FROM part"
    ),
)
QUERY = "query ($id: Int!) { share(id: $id) { percent begun revision } }"


async def ask(client: httpx.AsyncClient, number: int) -> tuple[bool, Any]:
    """Return whether the answer is native, and the answer."""
    response = await client.post("/graphql", json={"query": QUERY, "variables": {"id": number}})
    return NATIVE in response.headers.get("Server-Timing", ""), response.json()


async def ask_at_once(client: httpx.AsyncClient, rounds: int) -> list[str]:
    """Have all clients ask at once; return when the transactions of native reads began."""
    begun = []
    for first in range(rounds):
        numbers = [(first + number) % CLIENTS + 1 for number in range(CLIENTS)]
        answers = await asyncio.gather(*(ask(client, number) for number in numbers))
        for number, (native, answer) in zip(numbers, answers, strict=True):
            if number == FAILING:
                assert not native
                assert answer["errors"]
                continue
            share = answer["data"]["share"]
            assert share["percent"] == int(100 / (number - FAILING))
            # Where the machine is slow, Python answers some.
            begun += [share["begun"]] if native else []
    return begun


async def read_what_was_written(client: httpx.AsyncClient, url: str) -> None:
    """Write and read, while other reads wait."""
    connection = await asyncpg.connect(url)
    for revision in range(1, 101):
        await connection.execute("UPDATE part SET revision = $1 WHERE id = 1", revision)
        _, answer = await ask(client, 1)
        assert answer["data"]["share"]["revision"] == revision
    await connection.close()


async def check(url: str, port: int) -> None:
    limits = httpx.Limits(max_connections=2 * CLIENTS)
    base = f"http://{HOST}:{port}"
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=PATIENCE) as client:
        begun, end = list[str](), time.monotonic() + PATIENCE
        # After a read that took long, the next ones have transactions of their own.
        while len(set(begun)) == len(begun):
            assert time.monotonic() < end, "no two reads shared a transaction"
            begun += await ask_at_once(client, 20)
        await asyncio.gather(ask_at_once(client, 20), read_what_was_written(client, url))


def test_a_read_that_fails_changes_no_other_answer(
    tmp_path: Path, users: str, free_port: Port
) -> None:
    (tmp_path / "api.py").write_text(API)
    at_once(run_sql(users, *TABLES))
    port = free_port()
    with running("serve", "api:app", "--port", str(port), cwd=tmp_path, url=users) as server:
        known = QUERY.replace("($id: Int!)", "").replace("$id", "1")
        server.answer(port, known)
        ask_until_native(port, known)
        at_once(ask_first(port))
        at_once(check(users, port))


async def ask_first(port: int) -> None:
    """Have Python plan the operation."""
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=PATIENCE) as client:
        await ask(client, 1)
