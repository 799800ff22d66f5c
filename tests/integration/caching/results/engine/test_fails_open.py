"""Fails open: whatever befalls the cache, the answer is right; it is counted, and logged once."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from fraiseql.caching.results import backoff
from fraiseql.caching.results.stores.transient_errors import error_kind
from fraiseql.errors import DatabaseError
from tests.integration.caching.results.engine.cache_fixture import NAMES, CacheFixture, value_of

SEGMENTS = ", ".join(f"fraiseql.results_u{number}" for number in range(4))


@pytest.fixture(autouse=True)
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that failed is tried again soon."""
    monkeypatch.setattr(backoff, "FIRST", 0.05)
    monkeypatch.setattr(backoff, "LONGEST", 0.1)


@pytest.fixture
def fixture(without_memory: CacheFixture) -> CacheFixture:
    """Result caches that ask the store each time."""
    return without_memory


@pytest.fixture
async def right(admin: asyncpg.Connection) -> bytes:
    """What every answer has to be."""
    value = await admin.fetchval(NAMES)
    return str(value).encode()


@pytest.fixture
async def blocking(env: str) -> AsyncIterator[asyncpg.Connection]:
    """A session that gets in the way."""
    connection = await asyncpg.connect(env)
    yield connection
    await connection.close()


async def check_failing(
    fixture: CacheFixture, right: bytes, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Ask while something is wrong: answers are right, the failure is counted and logged once."""
    cached = fixture.cached()
    caplog.clear()

    async def ask() -> bool:
        assert value_of(await fixture.answer_and_store(cached)) == right
        return fixture.events().get(f"store_error:{kind}", 0) >= 2

    for _ in range(200):
        if await ask():
            break
        await asyncio.sleep(0.02)  # until it is tried again
    assert fixture.events()[f"store_error:{kind}"] >= 2
    records = [record for record in caplog.records if f"({kind})" in record.getMessage()]
    assert len(records) == 1


async def check_recovered(fixture: CacheFixture) -> None:
    """Ask until there are hits again."""
    cached = fixture.cached()

    for _ in range(200):
        if (await fixture.answer_and_store(cached)).outcome == "hit":
            return
        await asyncio.sleep(0.02)
    pytest.fail("there is no hit any more")


async def test_tables_that_are_missing(
    fixture: CacheFixture, admin: asyncpg.Connection, right: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await fixture.answer_and_store(fixture.cached())
    await admin.execute("ALTER TABLE fraiseql.results_u1 RENAME TO away")
    try:
        await check_failing(fixture, right, caplog, "relation_missing")
    finally:
        await admin.execute("ALTER TABLE fraiseql.away RENAME TO results_u1")
    await check_recovered(fixture)


async def test_tables_that_are_locked(
    fixture: CacheFixture,
    blocking: asyncpg.Connection,
    right: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await fixture.answer_and_store(fixture.cached())
    async with blocking.transaction():
        await blocking.execute(f"LOCK TABLE {SEGMENTS} IN ACCESS EXCLUSIVE MODE")
        await check_failing(fixture, right, caplog, "locked")
    await check_recovered(fixture)


async def test_tables_that_are_emptied(
    fixture: CacheFixture, admin: asyncpg.Connection, right: bytes
) -> None:
    cached = fixture.cached()
    await fixture.answer_and_store(cached)
    await admin.execute(f"TRUNCATE {SEGMENTS}, fraiseql.result_ring_unlogged")
    assert value_of(await fixture.answer_and_store(cached)) == right
    await check_recovered(fixture)


async def test_privileges_that_are_missing(
    fixture: CacheFixture, admin: asyncpg.Connection, right: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """What PostgreSQL refuses of a function that the caches call; owners may do all else."""
    await fixture.answer_and_store(fixture.cached())
    await admin.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE insufficient_privilege; END'"
    )
    await admin.execute(
        "CREATE TRIGGER refused BEFORE INSERT ON fraiseql.results_u0"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
    )
    await admin.execute(f"TRUNCATE {SEGMENTS}")
    try:
        await check_failing(fixture, right, caplog, "not_allowed")
    finally:
        await admin.execute("DROP FUNCTION refuse CASCADE")
    await check_recovered(fixture)


async def test_a_connection_that_is_lost(
    fixture: CacheFixture, admin: asyncpg.Connection, right: bytes
) -> None:
    cached = fixture.cached()
    await fixture.answer_and_store(cached)
    for _ in range(3):
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
            " current_database() AND application_name = 'fraiseql' AND pid <> pg_backend_pid()"
        )
        assert value_of(await fixture.answer_and_store(cached)) == right
    await check_recovered(fixture)


async def test_a_fault_of_our_own(
    fixture: CacheFixture,
    right: bytes,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What nobody thought of fails no request either, and is logged with where it happened."""
    cached = fixture.cached()
    await fixture.answer_and_store(cached)
    store = await fixture.caches.stores.open("unlogged")
    monkeypatch.setattr(store, "find", None)
    assert value_of(await fixture.answer_and_store(cached)) == right
    assert fixture.events()["store_error:fault"] == 1
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_the_list_is_closed() -> None:
    assert error_kind(DatabaseError("a constraint refused it")) == ""
    assert error_kind(ZeroDivisionError()) == ""
