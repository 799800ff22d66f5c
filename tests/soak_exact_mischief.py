"""Mischief of the soak of hits from memory: everything that may make an entry wrong."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import asyncpg

from fraiseql.caching.changes.compaction import compact
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import DatabaseUnavailable, FraiseQLError
from fraiseql.settings import Settings
from tests.soak_exact_board import Board

T = TypeVar("T")

KEYS = 20
SLOW = 2
"""Keys whose answers are also computed slowly, so that writes come in between."""

ROLE = "soak_reader"
TABLES = f"""
DO $$ BEGIN CREATE ROLE {ROLE}; EXCEPTION WHEN duplicate_object THEN END $$;
CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO counter SELECT k, 1 FROM generate_series(1, {KEYS}) AS k;
CREATE VIEW v_counter AS SELECT id, n, 1 AS version FROM counter;
CREATE VIEW v_slow AS SELECT c.id, c.n, c.version FROM v_counter c
  CROSS JOIN (SELECT count(*) FROM generate_series(1, 120000) OFFSET 0) AS long;
CREATE TABLE privilege (changes int NOT NULL);
INSERT INTO privilege VALUES (0);
GRANT SELECT ON v_counter, v_slow TO {ROLE};
"""
PAUSES = (0.005, 0.02, 0.1, 0.4, 1.0)
GONE = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError)

OTHERS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2"""


async def connect(url: str) -> asyncpg.Connection:
    """Connect as soon as the server allows it."""
    while True:
        try:
            return await asyncpg.connect(url, timeout=5)
        except GONE:
            await asyncio.sleep(0.1)


async def when_there(start: Callable[[], Awaitable[T]]) -> T:
    """Return the result of a start, as soon as the server allows it."""
    while True:
        try:
            return await start()
        except DatabaseUnavailable:
            await asyncio.sleep(0.1)


class Mischief:
    """One connection that does harm at random, and records what was acknowledged.

    Args:
        url: Where the current server is.
        seed: Seed of what it does.
        board: What readers compare with.
        done: Counts how often it did what.
    """

    def __init__(self, url: str, seed: int, board: Board, done: Counter[str]) -> None:
        self._url = url
        self._rule = random.Random(seed)
        self._board = board
        self._done = done
        self._kinds: dict[Callable[[asyncpg.Connection], Awaitable[None]], float] = {
            self._write: 50,
            self._write_all: 2,
            self._write_late: 4,
            self._empty: 0.1,
            self._write_again: 16,
            self._redefine: 0.8,
            self._change_privilege: 0.8,
            self._change_table: 0.2,
            self._cut_connections: 0.1,
            self._read_configuration: 0.1,
            self._pause: 100,
        }

    async def run(self, until: float) -> None:
        """Go on until the time has come, but not while the server is replaced."""
        connection = await connect(self._url)
        while time.monotonic() < until:
            if self._board.epoch % 2:
                await asyncio.sleep(0.05)
                continue
            kind = self._rule.choices(list(self._kinds), list(self._kinds.values()))[0]
            try:
                async with asyncio.timeout(30):
                    await kind(connection)
                self._done[kind.__name__.strip("_")] += 1
            except GONE:
                if not connection.is_closed():
                    connection.terminate()
                connection = await connect(self._url)
        await connection.close()

    async def _write(self, connection: asyncpg.Connection) -> None:
        key = self._rule.randint(1, KEYS)
        self._record(await self._counted(connection, key))

    async def _write_again(self, connection: asyncpg.Connection) -> None:
        """Write a row while the answer with the write before is computed."""
        key = self._rule.randint(1, SLOW)
        for _ in range(self._rule.randint(2, 5)):
            self._record(await self._counted(connection, key))
            await asyncio.sleep(self._rule.choice((0, 0.005, 0.01, 0.02, 0.03, 0.06)))

    async def _counted(
        self, connection: asyncpg.Connection, key: int
    ) -> tuple[int, list[asyncpg.Record]]:
        epoch = self._board.epoch
        sql = "UPDATE counter SET n = n + 1 WHERE id = $1 RETURNING id, n"
        return epoch, await connection.fetch(sql, key)

    def _record(self, counted: tuple[int, list[asyncpg.Record]]) -> None:
        """Record counts whose commit was acknowledged by the server of the epoch."""
        epoch, rows = counted
        if self._board.epoch == epoch:
            for row in rows:
                self._board.write(row["id"], row["n"])

    async def _write_all(self, connection: asyncpg.Connection) -> None:
        epoch = self._board.epoch
        rows = await connection.fetch("UPDATE counter SET n = n + 1 RETURNING id, n")
        self._record((epoch, rows))

    async def _write_late(self, connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            counted = await self._counted(connection, self._rule.randint(1, KEYS))
            await asyncio.sleep(self._rule.choice((0, 0.01, 0.1)))
        self._record(counted)

    async def _empty(self, connection: asyncpg.Connection) -> None:
        epoch = self._board.epoch
        async with connection.transaction():
            await connection.execute("LOCK TABLE counter")
            rows = await connection.fetch("SELECT id, n + 1 AS n FROM counter")
            await connection.execute("TRUNCATE counter")
            await connection.executemany("INSERT INTO counter VALUES ($1, $2)", rows)
        self._record((epoch, rows))

    async def _redefine(self, connection: asyncpg.Connection) -> None:
        epoch = self._board.epoch
        async with connection.transaction():
            await connection.execute("LOCK TABLE privilege")
            version = await connection.fetchval("SELECT max(version) + 1 FROM v_counter")
            await connection.execute(view(version))
        if self._board.epoch == epoch:
            self._board.redefine(version)

    async def _change_privilege(self, connection: asyncpg.Connection) -> None:
        epoch = self._board.epoch
        async with connection.transaction():
            changes = await connection.fetchval(
                "UPDATE privilege SET changes = changes + 1 RETURNING changes"
            )
            self._board.begin_change(changes)
            revoke = f"REVOKE SELECT ON v_counter, v_slow FROM {ROLE}"
            grant = f"GRANT SELECT ON v_counter, v_slow TO {ROLE}"
            await connection.execute(revoke if changes % 2 else grant)
        if self._board.epoch == epoch:
            self._board.end_change(changes)

    async def _change_table(self, connection: asyncpg.Connection) -> None:
        default = self._rule.randint(1, 99)
        await connection.execute(f"ALTER TABLE counter ALTER COLUMN n SET DEFAULT {default}")

    async def _cut_connections(self, connection: asyncpg.Connection) -> None:
        await connection.execute(f"SELECT pg_terminate_backend(o.pid) FROM ({OTHERS}) o")

    async def _read_configuration(self, connection: asyncpg.Connection) -> None:
        await connection.execute("SELECT pg_reload_conf()")

    async def _pause(self, connection: asyncpg.Connection) -> None:
        del connection
        await asyncio.sleep(self._rule.choice(PAUSES))


def view(version: int) -> str:
    """Return the statement that defines a version of the view."""
    return f"CREATE OR REPLACE VIEW v_counter AS SELECT id, n, {version} AS version FROM counter"


async def compact_always(url: str, until: float) -> None:
    """Compact the change log all the time."""
    pool = await when_there(partial(open_pool, url, Settings()))
    try:
        while time.monotonic() < until:
            with suppress(FraiseQLError):
                async with open_admin(pool) as writer:
                    await compact(writer, 0.0)
            await asyncio.sleep(random.choice((0.01, 0.2, 1.0, 3.0)))
    finally:
        await pool.close()
