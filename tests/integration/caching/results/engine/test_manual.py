"""Explicit: results under keys that programs make, and when nothing is kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import fraiseql
from fraiseql.database import Database, Identity
from fraiseql.errors import ConfigurationError, DeclarationError, DocumentError
from fraiseql.results import RequestCaches, current
from tests.integration.caching.results.engine.cache_fixture import CacheFixture, cache_fixture, run

NOTED: list[tuple[str, float | None]] = []


@pytest.fixture
async def request_on(fixture: CacheFixture) -> AsyncIterator[Database]:
    """A request's database, as resolvers find it."""
    NOTED.clear()

    def note(name: str, seconds: float | None) -> None:
        NOTED.append((name, seconds))

    token = current.set(RequestCaches(fixture.caches, Identity.NONE, note))
    yield Database(fixture.pool)
    current.reset(token)


class Counted:
    """A function that counts its calls."""

    def __init__(self, value: Any) -> None:
        self.calls = 0
        self._value = value

    def __call__(self) -> Any:
        self.calls += 1
        return self._value

    async def later(self) -> Any:
        await asyncio.sleep(0)
        return self()


async def test_a_computed_answer_and_a_cached_one_are_equal(
    fixture: CacheFixture, request_on: Database
) -> None:
    rows = await request_on.fetch("SELECT 1 AS one, NULL AS nothing")
    at = datetime(2026, 1, 2, tzinfo=UTC)
    value = {"at": at, "id": UUID(int=7), "rows": rows, "big": 10**30, "pair": (1, 2.5), 3: "é"}
    function = Counted(value)
    first = await fraiseql.cached_query("values", "5m", function)
    await fixture.settled()
    second = await fraiseql.cached_query("values", "5m", function.later)
    assert function.calls == 1
    assert first == second
    assert first == {
        "at": "2026-01-02T00:00:00+00:00",
        "id": str(UUID(int=7)),
        "rows": [{"one": 1, "nothing": None}],
        "big": 10**30,
        "pair": [1, 2.5],
        "3": "é",
    }
    ((name, seconds),) = NOTED
    assert name == "cached_query"
    assert seconds is not None
    assert seconds > 0.0


@pytest.mark.parametrize(
    "value",
    [Decimal("1.5"), float("nan"), b"x", {1}, object()],
    ids=lambda value: type(value).__name__,
)
async def test_what_json_cannot_hold_is_an_error_that_says_so(
    request_on: Database, value: Any
) -> None:
    with pytest.raises(DocumentError, match="cannot be written as JSON"):
        await fraiseql.cached_query("bad", 60, lambda: value)


async def test_a_row_that_is_no_json_is_computed(
    fixture: CacheFixture, request_on: Database, admin: asyncpg.Connection
) -> None:
    function = Counted([1])
    for _ in range(2):
        assert await fraiseql.cached_query("spoilt", "5m", function) == [1]
        await fixture.settled()
        for number in range(4):
            await admin.execute(
                f"UPDATE fraiseql.results_u{number}"
                " SET body = 'x', etag = substr(sha256('x'), 1, 16)"
            )
    assert function.calls == 2


async def test_figures_by_kind_and_labels(fixture: CacheFixture, request_on: Database) -> None:
    cache, function = fraiseql.DatabaseCache(request_on), Counted([1])
    for _ in range(3):
        assert await cache.get_or_compute("a", "board", 60, function, tags=("word",)) == [1]
        await fixture.settled()
    stats = await cache.get_cache_stats("board")
    assert (stats["total_entries"], stats["total_hits"], stats["entries_with_hits"]) == (1, 2, 1)
    await fraiseql.invalidate("word")
    await cache.get_or_compute("a", "board", 60, function, tags=("word",))
    await fixture.settled()
    await cache.invalidate("word", "another")
    await cache.get_or_compute("a", "board", 60, function, tags=("word",))
    await fixture.settled()
    assert function.calls == 3


async def test_a_write_of_a_tagged_relation_ends_the_entry(
    fixture: CacheFixture, request_on: Database, admin: asyncpg.Connection
) -> None:
    function = Counted(1)
    for _ in range(2):
        await fraiseql.cached_query("tagged", 60, function, tags=("item",))
        await fixture.settled()
    await admin.execute("UPDATE item SET name = name WHERE id = 1")
    await fraiseql.cached_query("tagged", 60, function, tags=("item",))
    assert function.calls == 2
    assert NOTED == [], "it is exact: a write would have ended it"
    await fixture.settled()


async def test_requests_of_other_identities_have_other_entries(fixture: CacheFixture) -> None:
    for tenant in ("1", "2"):
        db = Database(fixture.pool, Identity.of(None, {"app.tenant": tenant}))
        for _ in range(2):
            actual = await fraiseql.DatabaseCache(db).get_or_compute("k", "t", 60, Counted(tenant))
            assert actual == tenant
            await fixture.settled()


async def test_inside_of_a_transaction_everything_is_computed(
    fixture: CacheFixture, request_on: Database
) -> None:
    cache = fraiseql.DatabaseCache(request_on)
    count = "SELECT count(*) FROM item"
    stored = await cache.get_or_compute("n", "count", 60, lambda: request_on.fetchval(count))
    await fixture.settled()
    async with request_on.transaction(readonly=False) as own:
        await own.execute("INSERT INTO item VALUES (100, '', 'mine')")
        mine = fraiseql.DatabaseCache(own)
        assert await mine.get_or_compute("n", "count", 60, lambda: own.fetchval(count)) == 11
        assert await cache.get_or_compute("n", "count", 60, lambda: own.fetchval(count)) == 11
        assert await fraiseql.cached_query("n", 60, lambda: own.fetchval(count)) == 11
        await own.execute("DELETE FROM item WHERE id = 100")
    assert stored == 10
    for ask in (
        cache.get_or_compute("n", "count", 60, lambda: request_on.fetchval(count)),
        fraiseql.cached_query("n", 60, lambda: request_on.fetchval(count)),
    ):
        assert await ask == 10, "nothing of what the transaction saw is kept"
    await fixture.settled()


async def test_functions_that_write_are_not_cached(
    fixture: CacheFixture, request_on: Database
) -> None:
    calls = 0

    async def write() -> int:
        nonlocal calls
        calls += 1
        async with request_on.transaction(readonly=False) as own:
            return int(await own.fetchval("SELECT 1"))

    for _ in range(2):
        assert await fraiseql.cached_query("write", 60, write) == 1
        await fixture.settled()
    assert calls == 2


async def test_labels_in_a_transaction_count_when_it_commits(
    fixture: CacheFixture, request_on: Database
) -> None:
    cache, function = fraiseql.DatabaseCache(request_on), Counted(1)

    async def ask() -> int:
        await cache.get_or_compute("l", "labelled", 60, function, tags=("late",))
        await fixture.settled()
        return function.calls

    assert await ask() == 1
    async with request_on.transaction(readonly=False) as own:
        await fraiseql.DatabaseCache(own).invalidate("late")
    assert await ask() == 2


async def test_outside_of_a_request(fixture: CacheFixture) -> None:
    with pytest.raises(ConfigurationError, match="outside of a request"):
        await fraiseql.cached_query("k", 1, lambda: 1)
    with pytest.raises(ConfigurationError, match="outside of a request"):
        await fraiseql.invalidate("word")
    await fixture.caches.stop()
    cache = fraiseql.DatabaseCache(Database(fixture.pool))
    assert await cache.get_or_compute("k", "t", 1, lambda: 1) == 1
    with pytest.raises(ConfigurationError, match="not the database"):
        await cache.get_cache_stats("t")


@pytest.mark.parametrize("tags", [("item.id={id}",), ("a=b",), "item"])
async def test_tags_that_mean_nothing_are_refused(request_on: Database, tags: Any) -> None:
    with pytest.raises(DeclarationError):
        await fraiseql.cached_query("k", 1, lambda: 1, tags=tags)


async def test_missing_tables_that_cannot_be_created_are_logged_once(
    env: str, caplog: pytest.LogCaptureFixture
) -> None:
    await run(
        env,
        "DROP ROLE IF EXISTS results_guest; CREATE ROLE results_guest LOGIN PASSWORD 'g';"
        " DROP VIEW fraiseql.result_cache_entries; GRANT SELECT ON item TO results_guest",
    )
    head, _, backoff = env.partition("://")
    url = f"{head}://results_guest:g@{backoff.rpartition('@')[2]}"
    try:
        async with cache_fixture(url) as guest:
            caplog.clear()
            cache, function = fraiseql.DatabaseCache(Database(guest.pool)), Counted(1)
            for _ in range(3):
                assert await cache.get_or_compute("k", "t", 60, function) == 1
            assert function.calls == 3
            records = [
                record for record in caplog.records if "cannot be created" in record.getMessage()
            ]
            assert len(records) == 1
    finally:
        await run(env, "DROP OWNED BY results_guest; DROP ROLE results_guest")
