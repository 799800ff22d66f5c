"""Lives: how long values are given, how far behind, and from where."""

import asyncio
from collections import Counter

import asyncpg
import pytest

import fraiseql
from fraiseql.caching.results import early_recompute
from fraiseql.caching.results.stores import request
from fraiseql.results import ComputedValue
from tests.integration.caching.results.engine.cache_fixture import CacheFixture, value_of


async def test_a_life_is_over_at_its_ttl_at_the_latest(fixture: CacheFixture) -> None:
    cached = fixture.cached(fraiseql.Cache(ttl=0.3))
    first = await fixture.answer_and_store(cached)
    assert first.ttl is not None
    assert 0.3 * 0.8 <= first.ttl <= 0.3
    second = await fixture.ask(cached)
    assert second.outcome == "hit"
    assert second.ttl is not None
    assert second.ttl < first.ttl
    await asyncio.sleep(0.3)
    third = await fixture.answer_and_store(cached)
    assert (third.outcome, third.detail) == ("stale", "expired")


async def test_lives_do_not_end_together(fixture: CacheFixture) -> None:
    cached = fixture.cached(fraiseql.Cache(ttl=100))
    lives = [(await fixture.ask(cached, variables={"n": n})).ttl or 0.0 for n in range(60)]
    await fixture.settled()
    assert min(lives) >= 80
    assert max(lives) <= 100
    tenths = Counter(int((life - 80) / 2) for life in lives)
    assert max(tenths.values()) <= 25


async def test_one_reader_recomputes_early_and_others_get_the_value(
    without_memory: CacheFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached, begun, go_on = (
        without_memory.cached(fraiseql.Cache(ttl=100)),
        asyncio.Event(),
        asyncio.Event(),
    )
    await without_memory.answer_and_store(cached)
    # Chance has it that the end is near.
    monkeypatch.setattr(early_recompute, "random", lambda: 1 - 1e-12)
    monkeypatch.setattr(request, "random", lambda: 0.0)
    await admin_cost(without_memory)

    async def compute() -> ComputedValue:
        begun.set()
        await go_on.wait()
        return await without_memory.read()

    chosen = asyncio.create_task(without_memory.ask(cached, compute))
    await asyncio.wait_for(begun.wait(), 10)
    others = [await without_memory.ask(cached, compute) for _ in range(10)]
    assert {other.outcome for other in others} == {"hit"}
    go_on.set()
    answered = await chosen
    assert (answered.stored, answered.detail, answered.ttl) == (True, "early", 100)
    assert without_memory.events()["early"] == 1
    await without_memory.settled()


async def admin_cost(fixture: CacheFixture) -> None:
    """Have it that computing takes long."""
    pool = await fixture.caches.stores.pool()
    await pool.fetch_bytes(
        "UPDATE fraiseql.results_u0 SET cost = 10000, made = now() - '60s'::interval"
    )


async def test_an_early_computation_that_fails_is_no_failure(
    without_memory: CacheFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = without_memory.cached(fraiseql.Cache(ttl=100))
    await without_memory.answer_and_store(cached)
    await admin_cost(without_memory)
    monkeypatch.setattr(early_recompute, "random", lambda: 1 - 1e-12)

    async def compute() -> ComputedValue:
        raise LookupError

    answered = await without_memory.ask(cached, compute)
    assert answered.outcome == "hit"
    assert without_memory.events()["early_failed"] == 1
    await without_memory.settled()


async def test_a_bound_of_staleness_holds_and_is_reported(
    fixture: CacheFixture, admin: asyncpg.Connection
) -> None:
    cached = fixture.cached(fraiseql.Cache(stale=1.0))
    first = await fixture.answer_and_store(cached)
    await admin.execute("UPDATE item SET name = 'newer' WHERE id = 4")
    second = await fixture.ask(cached)
    assert second.outcome == "hit"
    assert value_of(second) == value_of(first)
    assert second.lag_seconds is not None
    assert 0.0 < second.lag_seconds <= 1.0
    await asyncio.sleep(1.1)
    third = await fixture.answer_and_store(cached)
    assert third.outcome == "stale"
    assert b"newer" in (value_of(third) or b"")
    await admin.execute("UPDATE item SET name = 'item4' WHERE id = 4")


async def test_memory_answers_without_the_database(fixture: CacheFixture) -> None:
    cached = fixture.cached(fraiseql.Cache(stale=60))
    first = await fixture.answer_and_store(cached)
    store = await fixture.caches.stores.open("unlogged")
    fixture.caches.store("unlogged")._open = None  # type: ignore[assignment]
    second = await fixture.ask(cached)
    assert store is not None
    assert second.outcome == "hit"
    assert value_of(second) == value_of(first)


async def test_a_value_that_only_time_limits_is_not_in_memory(fixture: CacheFixture) -> None:
    cached = fixture.cached(fraiseql.Cache(ttl=20.0), function=print, relations=())

    async def compute() -> ComputedValue:
        return ComputedValue(b"1", cacheable=True)

    outcomes = [(await fixture.answer_and_store(cached, compute=compute)).outcome for _ in range(2)]
    assert outcomes == ["miss", "hit"]
    assert len(fixture.caches.runtime.memory) == 0


async def test_a_limit_by_time_alone_reports_its_age(fixture: CacheFixture) -> None:
    async def compute() -> ComputedValue:
        return ComputedValue(b"1", cacheable=True)

    cached = fixture.cached(fraiseql.Cache(ttl=20.0, stale=0.5), function=print, relations=())
    assert (await fixture.answer_and_store(cached, compute=compute)).outcome == "miss"
    await asyncio.sleep(0.1)
    second = await fixture.ask(cached, compute)
    assert second.outcome == "hit"
    assert second.lag_seconds is not None
    assert 0.1 <= second.lag_seconds <= 0.5
    await asyncio.sleep(0.5)
    third = await fixture.answer_and_store(cached, compute=compute)
    assert (third.outcome, third.detail) == ("stale", "too_old")


async def test_labels_end_entries_at_once(fixture: CacheFixture, admin: asyncpg.Connection) -> None:
    cached = fixture.cached(fraiseql.Cache(ttl=60, tags=("board",)), function=print, relations=())
    await fixture.answer_and_store(cached)
    assert (await fixture.ask(cached)).outcome == "hit"
    await admin.execute("SELECT fraiseql.invalidate('board', 'other')")
    assert (await fixture.ask(cached)).detail == "changed"
    await fixture.settled()
