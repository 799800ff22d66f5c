"""Two servers over one database: no response is older than the last commit before its request.

One writer makes versions, one after the other, and knows which has committed; readers ask both
servers over HTTP for a row, and for a list that is empty in some versions.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from fraiseql.cli.listen import bind_near, port_of
from tests.integration.cli.program import HOST, fraiseql, running
from tests.ports import FIRST_PORT

TABLES = """
CREATE TABLE tb_counter (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO tb_counter VALUES (1, 0);
CREATE TABLE tb_item (id int PRIMARY KEY, list_id int NOT NULL);
INSERT INTO tb_item SELECT i, 2 FROM generate_series(1, 5) i;
CREATE VIEW v_item AS SELECT id, list_id FROM tb_item;
CREATE VIEW v_listed AS SELECT id, list_id FROM v_item WHERE list_id = 1;
"""
API = """
import fraiseql

STORES = ("unlogged", "logged", "redis")

@fraiseql.type(sql_source="tb_counter")
class Counter:
    id: int
    n: int

@fraiseql.type(sql_source="v_listed")
class Item:
    id: int

queries = [fraiseql.find_one("late", Counter, by="id", cache=fraiseql.Cache(stale=BOUND))]
for store in STORES:
    cache = fraiseql.Cache(store=store)
    queries.append(fraiseql.find_one(f"one_{store}", Counter, by="id", cache=cache))
    queries.append(fraiseql.find(f"all_{store}", Item, order_by="id", cache=cache))
app = fraiseql.create_app(queries=queries, redis_url="REDIS", cache_max_bytes=800_000)
"""
STORES = ("unlogged", "logged", "redis")
BOUND = 0.3
"""Seconds that ``late`` may be behind."""

HITS = 60
"""Of each of the questions that must be met."""

SECONDS, PATIENCE = 5.0, 90.0


def listed(version: int) -> list[dict[str, int]]:
    """What the list holds in a version: in each third one, nothing."""
    return [{"id": i} for i in range(1, 6) if version % 3 and (version * 7 + i) % 3 == 0]


@dataclass(slots=True)
class History:
    """What the writer did: ``begun`` may be seen, ``committed`` must be.

    Attributes:
        ends: When each version was committed, at the latest.
    """

    begun: int = 0
    committed: int = 0
    ends: dict[int, float] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    count: int = 0
    wrong: list[str] = field(default_factory=list)


async def write(url: str, history: History, done: Callable[[], bool], rule: random.Random) -> None:
    """Make versions, a few at a time; some are rolled back first, some commit late."""
    connection = await asyncpg.connect(url)
    try:
        while not done():
            for _ in range(rule.choice((1, 1, 2, 5))):
                await _version(connection, history, rule)
            await asyncio.sleep(rule.choice((0.02, 0.1, 0.4)))
    finally:
        await connection.close()


async def _version(connection: asyncpg.Connection, history: History, rule: random.Random) -> None:
    version = history.committed + 1
    ids = [item["id"] for item in listed(version)]
    with suppress(ZeroDivisionError):
        async with connection.transaction():
            await connection.execute("UPDATE tb_counter SET n = -1; DELETE FROM tb_item")
            raise ZeroDivisionError
    history.begun = version
    async with connection.transaction():
        await connection.execute("UPDATE tb_counter SET n = $1", version)
        await asyncio.sleep(rule.choice((0, 0, 0.01, 0.05)))
        change = "UPDATE tb_item SET list_id = CASE WHEN id = ANY ($1::int[]) THEN 1 ELSE 2 END"
        await connection.execute(change, ids)
    history.committed = version
    history.ends[version] = time.time()


async def read(
    address: str, history: History, done: Callable[[], bool], rule: random.Random
) -> None:
    """Ask, one question at a time, and judge by what is known before and after."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        while not done():
            store = rule.choice(STORES)
            name, query = rule.choice(
                (
                    (f"one_{store}", f"one{store.title()}(id: 1) {{ n }}"),
                    (f"all_{store}", f"all{store.title()} {{ id }}"),
                    ("late", "late(id: 1) { n }"),
                )
            )
            before, at = history.committed, time.time()
            response = await client.post("/graphql", json={"query": f"{{ value: {query} }}"})
            value = json.loads(response.text)["data"]["value"]
            history.count += 1
            history.hits[name] += "; hit" in response.headers["cache-status"]
            if not _right(name, value, history, before, at):
                history.wrong.append(f"{name}: {value}, {before} to {history.begun}")


def _right(name: str, value: Any, history: History, before: int, at: float) -> bool:
    if name == "late":
        # The version after it was not committed any earlier than the bound allows.
        after = history.ends.get(value["n"] + 1)
        return after is None or after >= at - BOUND - 0.05
    possible = range(before, history.begun + 1)
    if name.startswith("one"):
        return value["n"] in possible
    return any(value == listed(version) for version in possible)


async def meet(url: str, addresses: list[str], seed: int) -> History:
    history, begun = History(), time.monotonic()
    names = ["late", *(f"{kind}_{store}" for kind in ("one", "all") for store in STORES)]

    def done() -> bool:
        passed = time.monotonic() - begun
        enough = passed > SECONDS and all(history.hits[name] >= HITS for name in names)
        return bool(history.wrong) or enough or passed > PATIENCE

    async with asyncio.TaskGroup() as group:
        group.create_task(write(url, history, done, random.Random(seed)))
        for number, address in enumerate(addresses * 2):
            group.create_task(read(address, history, done, random.Random(seed + number)))
    return history


def test_no_answer_is_older_than_the_last_commit(
    database: str, redis_url: str, tmp_path: Path
) -> None:
    text = API.replace("BOUND", str(BOUND)).replace("REDIS", redis_url)
    (tmp_path / "api.py").write_text(text)
    asyncio.run(_execute(database, TABLES))
    applied = fraiseql("db", "apply", "api:app", cwd=tmp_path, url=database)
    assert applied.returncode == 0, applied.stderr
    places = [tmp_path / name for name in ("one", "two")]
    ports = []
    for place in places:
        place.mkdir()
        (place / "api.py").write_text(text)
        with bind_near(HOST, max([FIRST_PORT + 750, *ports]) + 1) as bound:
            ports.append(port_of(bound))
    words = [("serve", "api:app", "--port", str(port)) for port in ports]
    with (
        running(*words[0], cwd=places[0], url=database) as first_server,
        running(*words[1], cwd=places[1], url=database) as two,
    ):
        for server, port in zip((first_server, two), ports, strict=True):
            server.answer(port, "{ __typename }")
        seed = random.randrange(10**6)
        history = asyncio.run(meet(database, [f"http://{HOST}:{port}" for port in ports], seed))
    assert history.wrong == [], f"seed {seed}"
    assert history.committed >= 5
    assert all(count >= HITS for count in history.hits.values()), history.hits
    assert len(history.hits) == 1 + 2 * len(STORES)
    print(history.count, history.hits, history.committed)


async def _execute(url: str, text: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(text)
    await connection.close()
