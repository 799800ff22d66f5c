"""Schedules of a hit from memory: each would be stale without one rule."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.results.checks import MAX_NAMED
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.database import Identity
from fraiseql.database.writing import open_admin
from fraiseql.results import ComputedValue
from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    run,
    until,
    value_of,
)

READER = "memory_reader"


class Stage:
    """One process with a cached query over ``item``, whose answer is in memory.

    Attributes:
        fixture: Its result caches.
        url: The database.
    """

    def __init__(self, fixture: CacheFixture, url: str) -> None:
        self.fixture = fixture
        self.url = url
        self.cached = fixture.cached(text=b"memory")

    async def ask(self, **more: Any) -> bytes | None:
        """Ask, and wait until the answer is stored."""
        return value_of(await self.fixture.answer_and_store(self.cached, **more))

    async def remembered(self, **more: Any) -> None:
        """Ask until the answer comes from memory."""
        async with asyncio.timeout(20):
            while True:
                answered = await self.fixture.answer_and_store(self.cached, **more)
                if answered.detail == "memory":
                    return

    @property
    def definitions(self) -> list[DefinitionsCheck]:
        """Checks of the definitions behind answers."""
        return list(self.fixture.caches.runtime.definitions.values())

    async def live(self) -> bytes | None:
        """Return the live answer."""
        return (await self.fixture.read()).value

    async def rename(self) -> None:
        """Write a row in a transaction of its own."""
        await run(self.url, "UPDATE item SET name = name || '.' WHERE id = 1")


@asynccontextmanager
async def on_stage(url: str) -> AsyncIterator[Stage]:
    """Start result caches, and bring an answer into memory."""
    async with cache_fixture(url) as fixture:
        stage = Stage(fixture, url)
        await stage.remembered()
        yield stage


async def written(stage: Stage) -> bool:
    """A write that was acknowledged before the request."""
    await stage.rename()
    return await stage.ask() == await stage.live()


async def written_while_a_check_runs(stage: Stage) -> bool:
    """A request that arrives while a check is on its way, after a write that it does not see."""
    checks = stage.fixture.caches.runtime.checks
    statement = checks._group._statement
    assert statement is not None
    whole, returned, rows = statement._answered, asyncio.Event(), []

    def hold(row: Any) -> None:
        rows.append(row)
        returned.set()

    statement._answered = hold
    early = asyncio.create_task(stage.ask())
    await returned.wait()
    await stage.rename()
    asked = checks.checked
    late = asyncio.create_task(stage.ask())
    await until(lambda: checks.checked > asked)
    statement._answered = whole
    whole(rows[0])
    await early
    return await late == await stage.live()


async def written_while_computed(stage: Stage) -> bool:
    """A write between computing and storing, which a check of others has seen."""

    async def slow() -> ComputedValue:
        computed = await stage.fixture.read()
        await stage.rename()
        assert await stage.fixture.caches.runtime.checks.join()
        return computed

    await stage.rename()
    await stage.ask(compute=slow)
    return await stage.ask() == await stage.live()


async def compacted_between_checks(stage: Stage) -> bool:
    """A write whose row the log has lost when the next check asks."""
    await stage.rename()
    async with open_admin(stage.fixture.pool) as writer:
        await compact(writer, 0.0)
    return await stage.ask() == await stage.live()


async def more_changes_than_a_check_names(stage: Stage) -> bool:
    """A write after more others than one check reports."""
    await run(
        stage.url,
        "INSERT INTO fraiseql.changes SELECT 'other:' || n, pg_current_xact_id(), now()"
        f" FROM generate_series(1, {MAX_NAMED}) AS n",
    )
    await stage.rename()
    return await stage.ask() == await stage.live()


async def redefined(stage: Stage) -> bool:
    """Another definition, which no write goes with."""
    await run(stage.url, "ALTER TABLE item ADD COLUMN more int")
    try:
        return (await stage.fixture.ask(stage.cached)).detail != "memory"
    finally:
        await run(stage.url, "ALTER TABLE item DROP COLUMN more")


async def revoked(stage: Stage) -> bool:
    """A privilege that is taken away from the role of the request."""
    role = Identity.of(READER, {})
    await run(stage.url, f"CREATE ROLE {READER}; GRANT SELECT ON item TO {READER}")
    try:
        await stage.remembered(identity=role)
        await run(stage.url, f"REVOKE SELECT ON item FROM {READER}")
        answered = await stage.fixture.ask(stage.cached, identity=role)
        return answered.outcome != "hit"
    finally:
        await run(stage.url, f"DROP OWNED BY {READER}; DROP ROLE {READER}")


async def compared_by_checks(stage: Stage, **more: Any) -> None:
    """Write elsewhere until a check alone confirms the definitions of a hit."""
    checks = stage.fixture.caches.runtime.checks
    async with asyncio.timeout(20):
        while True:
            await run(stage.url, "SELECT pg_current_xact_id()")
            await stage.remembered(**more)
            snapshot = checks.snapshot
            confirmed = [each.confirmed for each in stage.definitions if each.holds]
            if confirmed and snapshot not in confirmed:
                return


async def redefined_where_a_check_compares(stage: Stage) -> bool:
    """Another definition, where no statement but the check looks at it."""
    await compared_by_checks(stage)
    return await redefined(stage)


async def revoked_where_a_check_compares(stage: Stage) -> bool:
    """A membership that is taken away, where no statement but the check looks at it."""
    role = Identity.of(READER, {})
    await run(
        stage.url,
        f"CREATE ROLE {READER}; CREATE ROLE {READER}s IN ROLE pg_read_all_data;"
        f" GRANT {READER}s TO {READER}",
    )
    try:
        await stage.remembered(identity=role)
        await compared_by_checks(stage, identity=role)
        await run(stage.url, f"REVOKE {READER}s FROM {READER}")
        answered = await stage.fixture.ask(stage.cached, identity=role)
        return answered.outcome != "hit"
    finally:
        await run(stage.url, f"DROP ROLE {READER}; DROP ROLE {READER}s")


async def purged(stage: Stage) -> bool:
    """Entries that are removed by hand."""
    await run(
        stage.url,
        "INSERT INTO fraiseql.changes VALUES ('fraiseql:memory', pg_current_xact_id(), now())",
    )
    return (await stage.fixture.ask(stage.cached)).detail != "memory"


async def another_database_by_the_same_name(stage: Stage) -> bool:
    """The connection is lost, and the next one is to a copy with other rows and the same log."""
    name = stage.url.rpartition("/")[2].partition("?")[0]
    admin = await asyncpg.connect(stage.url.replace(f"/{name}", "/postgres"))
    try:
        await _swap(admin, stage, name)
        return await stage.ask() == await stage.live()
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name}_old WITH (FORCE)")
        await admin.close()


async def _swap(admin: asyncpg.Connection, stage: Stage, name: str) -> None:
    """Put a copy of the database, with one more write, in its place."""
    await _cut(admin, name)
    await admin.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await run(stage.url.replace(f"/{name}", f"/{name}_copy"), "UPDATE item SET name = name || '+'")
    await stage.remembered()
    await _cut(admin, name)
    await admin.execute(f"ALTER DATABASE {name} RENAME TO {name}_old")
    await admin.execute(f"ALTER DATABASE {name}_copy RENAME TO {name}")


async def _cut(admin: asyncpg.Connection, name: str) -> None:
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await admin.execute(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    )


Schedule = Callable[[Stage], Awaitable[bool]]
SCHEDULES: tuple[Schedule, ...] = (
    written,
    written_while_a_check_runs,
    written_while_computed,
    compacted_between_checks,
    more_changes_than_a_check_names,
    redefined,
    redefined_where_a_check_compares,
    revoked,
    revoked_where_a_check_compares,
    purged,
)
