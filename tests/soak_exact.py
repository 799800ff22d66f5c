"""Soak of hits from memory: two processes, writers, DDL, GRANT, lost connections, crashes.

Counters only grow, and so do the version of the view over them and the number of changes of a
privilege. Bounds that are read before and after a group of concurrent requests enclose every
answer, or it is stale.

``python -m tests.soak_exact --seconds 600``
"""

import argparse
import asyncio
import json
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.database import open_pool
from fraiseql.database.embedded import start_embedded
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.results import CacheResult
from fraiseql.serving import Request, Service
from fraiseql.settings import Settings
from tests.soak_exact_mischief import GONE, KEYS, ROLE, TABLES, Mischief, compact_always, connect

GROUPS = (1, 20, 150)
BOUNDS = """
SELECT (SELECT array_agg(n ORDER BY id) FROM counter) AS n,
  (SELECT max(version) FROM v_counter) AS version, changes, crashes FROM privilege"""
ONE = "query Q($x: Int!) { one(id: $x) { id n version } }"
ALL = "{ all { id n version } }"


def service_of(url: str) -> Service:
    """Return the service of one process."""

    @fraiseql.type(sql_source="v_counter")
    class CounterRow:
        id: int
        n: int
        version: int

    cache = fraiseql.Cache()
    queries = [
        fraiseql.find_one("one", CounterRow, by="id", cache=cache),
        fraiseql.find("all", CounterRow, order_by="id", cache=cache),
    ]
    return fraiseql.create_app(queries=queries, database_url=url, worker=False).service


class Reader:
    """One process that asks for hits and judges them."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._rule = random.Random(seed)
        self._service = service_of(url)
        self._connection: asyncpg.Connection | None = None
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def read(self, seconds: float) -> None:
        """Ask until the time has passed, or an answer is wrong."""
        await self._service.start()
        until, before = time.monotonic() + seconds, await self._bounds()
        while time.monotonic() < until and not self.wrong:
            size = self._rule.choice(GROUPS)
            answers = await asyncio.gather(*(self._ask() for _ in range(size)))
            after = await self._bounds()
            if before["crashes"] == after["crashes"]:
                for answer in answers:
                    self._judge(answer, before, after)
            before = after
        await self._service.stop()

    async def _bounds(self) -> dict[str, Any]:
        while True:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect(self._url)
                row = await self._connection.fetchrow(BOUNDS)
                assert row is not None
                return dict(row)
            except GONE:
                self._connection = None
                await asyncio.sleep(0.05)

    async def _ask(self) -> tuple[bool, list[Any], CacheResult | None]:
        """Return whether a role was set, the rows (none after an error), and how it went."""
        rule = self._rule
        with_role, whole = rule.random() < 0.2, rule.random() < 0.3
        variables = None if whole else {"x": rule.randint(1, KEYS)}
        request = Request(ALL if whole else ONE, variables=variables)
        context = {"role": ROLE} if with_role else {}
        response = await self._service.execute(request, context, Timings())
        body = json.loads(bytes(response.body))
        answers = list(response.cached.answers.values()) if response.cached else []
        answer = answers[0] if answers else None
        self.seen["none" if answer is None else f"{answer.outcome} {answer.detail}".strip()] += 1
        if body.get("errors"):
            return with_role, [], answer
        return with_role, body["data"]["all"] if whole else [body["data"]["one"]], answer

    def _judge(
        self,
        answered: tuple[bool, list[Any], CacheResult | None],
        before: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        with_role, rows, answer = answered
        revoked = before["changes"] == after["changes"] and before["changes"] % 2 == 1
        right = not (with_role and rows and revoked)
        for row in rows:
            place = row["id"] - 1
            right &= before["n"][place] <= row["n"] <= after["n"][place]
            right &= before["version"] <= row["version"] <= after["version"]
        if not right:
            self.wrong.append(f"{rows} {answer} between {before} and {after}")
        self.seen["judged from memory"] += answer is not None and answer.detail == "memory"


async def prepare(url: str) -> None:
    """Create the tables, and apply the declarations."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(service_of(url).schema, pool)
        async with open_admin(pool) as writer:
            await apply(writer, desired)
    finally:
        await pool.close()


async def disturb(url: str, seconds: float) -> None:
    """Write, redefine, revoke, cut connections, crash and compact."""
    until = time.monotonic() + seconds
    mischief = [Mischief(url, seed, crashes=seed == 1) for seed in (1, 2)]
    await asyncio.gather(*(each.run(until) for each in mischief), compact_always(url, until))
    print(*(dict(each.done) for each in mischief), flush=True)


def read(url: str, seed: int, seconds: float) -> int:
    """Be one of the processes."""
    logging.disable(logging.CRITICAL)
    reader = Reader(url, seed)
    asyncio.run(reader.read(seconds))
    print(json.dumps({"seen": reader.seen, "wrong": reader.wrong[:3]}), flush=True)
    return len(reader.wrong)


def main() -> int:
    """Run the soak; return the number of processes that had wrong answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_exact", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--reader", nargs=2, metavar=("URL", "SEED"))
    chosen = parser.parse_args()
    if chosen.reader:
        return read(chosen.reader[0], int(chosen.reader[1]), chosen.seconds)
    with tempfile.TemporaryDirectory() as directory:
        server = start_embedded(Path(directory))
        try:
            asyncio.run(prepare(server.url))
            words = [sys.executable, "-m", "tests.soak_exact", "--seconds", str(chosen.seconds)]
            readers = [
                subprocess.Popen([*words, "--reader", server.url, seed]) for seed in ("11", "12")
            ]
            asyncio.run(disturb(server.url, chosen.seconds))
            return sum(bool(reader.wait()) for reader in readers)
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main())
