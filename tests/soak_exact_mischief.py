"""Mischief of the soak of hits from memory: everything that may make an entry wrong."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from fraiseql.caching.changes.compaction import compact
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import FraiseQLError
from fraiseql.settings import Settings

KEYS = 20
ROLE = "soak_reader"
TABLES = f"""
DO $$ BEGIN CREATE ROLE {ROLE}; EXCEPTION WHEN duplicate_object THEN END $$;
CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO counter SELECT k, 1 FROM generate_series(1, {KEYS}) AS k;
CREATE VIEW v_counter AS SELECT id, n, 1 AS version FROM counter;
CREATE TABLE privilege (changes int NOT NULL, crashes int NOT NULL);
INSERT INTO privilege VALUES (0, 0);
GRANT SELECT ON v_counter TO {ROLE};
"""
PAUSES = (0.005, 0.02, 0.1, 0.4, 0.4, 1.0)
BETWEEN_CRASHES = 25.0
GONE = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError)

_OTHERS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2"""


async def connect(url: str) -> asyncpg.Connection:
    """Connect as soon as the server allows it."""
    while True:
        try:
            return await asyncpg.connect(url, timeout=5)
        except GONE:
            await asyncio.sleep(0.1)


class Mischief:
    """One connection that does harm at random.

    Attributes:
        done: How often it did what.
    """

    def __init__(self, url: str, seed: int, *, crashes: bool) -> None:
        self._url = url
        self._rule = random.Random(seed)
        self._crashes = crashes
        self._last_crash = time.monotonic()
        self.done: Counter[str] = Counter()
        self._kinds: dict[Callable[[asyncpg.Connection], Awaitable[None]], float] = {
            self._write: 30,
            self._write_all: 6,
            self._write_late: 4,
            self._empty: 0.1,
            self._redefine: 0.3,
            self._change_privilege: 0.15,
            self._change_table: 0.2,
            self._cut_connections: 0.1,
            self._read_configuration: 0.05,
            self._pause: 60,
        }

    async def run(self, until: float) -> None:
        """Go on until the time has come."""
        connection = await connect(self._url)
        while time.monotonic() < until:
            kind = self._rule.choices(list(self._kinds), list(self._kinds.values()))[0]
            try:
                await kind(connection)
                if self._crashes and time.monotonic() - self._last_crash > BETWEEN_CRASHES:
                    kind = self._crash
                    await kind(connection)
                self.done[kind.__name__.strip("_")] += 1
            except GONE:
                if connection.is_closed():
                    connection = await connect(self._url)

    async def _write(self, connection: asyncpg.Connection) -> None:
        key = self._rule.randint(1, KEYS)
        await connection.execute("UPDATE counter SET n = n + 1 WHERE id = $1", key)

    async def _write_all(self, connection: asyncpg.Connection) -> None:
        await connection.execute("UPDATE counter SET n = n + 1")

    async def _write_late(self, connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            await self._write(connection)
            await asyncio.sleep(self._rule.choice((0, 0.01, 0.1)))

    async def _empty(self, connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            rows = await connection.fetch("SELECT id, n + 1 FROM counter")
            await connection.execute("TRUNCATE counter")
            await connection.executemany("INSERT INTO counter VALUES ($1, $2)", rows)

    async def _redefine(self, connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            version = await connection.fetchval("SELECT max(version) + 1 FROM v_counter")
            await connection.execute(
                f"CREATE OR REPLACE VIEW v_counter AS SELECT id, n, {version} AS version"
                " FROM counter"
            )

    async def _change_privilege(self, connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            changes = await connection.fetchval(
                "UPDATE privilege SET changes = changes + 1 RETURNING changes"
            )
            revoke = f"REVOKE SELECT ON v_counter FROM {ROLE}"
            grant = f"GRANT SELECT ON v_counter TO {ROLE}"
            await connection.execute(revoke if changes % 2 else grant)

    async def _change_table(self, connection: asyncpg.Connection) -> None:
        default = self._rule.randint(1, 99)
        await connection.execute(f"ALTER TABLE counter ALTER COLUMN n SET DEFAULT {default}")

    async def _cut_connections(self, connection: asyncpg.Connection) -> None:
        await connection.execute(f"SELECT pg_terminate_backend(o.pid) FROM ({_OTHERS}) o")

    async def _read_configuration(self, connection: asyncpg.Connection) -> None:
        await connection.execute("SELECT pg_reload_conf()")

    async def _pause(self, connection: asyncpg.Connection) -> None:
        del connection
        await asyncio.sleep(self._rule.choice(PAUSES))

    async def _crash(self, connection: asyncpg.Connection) -> None:
        """Kill a backend: the server starts again. What is read meanwhile is not judged."""
        await connection.execute("UPDATE privilege SET crashes = crashes + 1")
        for row in await connection.fetch(_OTHERS):
            with suppress(ProcessLookupError):
                os.kill(row["pid"], signal.SIGKILL)
        self._last_crash = time.monotonic()
        again = await connect(self._url)
        await again.execute("UPDATE privilege SET crashes = crashes + 1")
        await again.close()


async def compact_always(url: str, until: float) -> None:
    """Compact the change log all the time."""
    pool = await open_pool(url, Settings())
    try:
        while time.monotonic() < until:
            with suppress(FraiseQLError):
                async with open_admin(pool) as writer:
                    await compact(writer, 0.0)
            await asyncio.sleep(random.choice((0.01, 0.2)))
    finally:
        await pool.close()
