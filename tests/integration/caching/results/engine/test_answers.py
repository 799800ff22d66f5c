"""Answers: a hit equals what would be computed, and is told from what was."""

from dataclasses import replace

import asyncpg
import pytest

import fraiseql
from fraiseql.caching.results import caches
from fraiseql.caching.results.cached_field import CachedField
from fraiseql.caching.results.load_dependencies import CacheDependencies, load_cache_dependencies
from fraiseql.database import Identity, Pool
from fraiseql.results import CacheableField, ComputedValue
from tests.integration.caching.results.engine.cache_fixture import CacheFixture, value_of


async def test_the_second_answer_is_a_hit(fixture: CacheFixture) -> None:
    cached = fixture.cached()
    first = await fixture.answer_and_store(cached)
    second = await fixture.answer_and_store(cached)
    assert (first.outcome, first.detail, first.stored) == ("miss", "absent", True)
    assert (second.outcome, second.stored, second.lag_seconds) == ("hit", False, 0.0)
    assert value_of(second) == value_of(first)
    assert second.etag == first.etag
    assert fixture.computed == 1


async def test_a_write_ends_the_entry(fixture: CacheFixture, admin: asyncpg.Connection) -> None:
    cached = fixture.cached()
    await fixture.answer_and_store(cached)
    await admin.execute("UPDATE item SET name = 'other' WHERE id = 1")
    changed = await fixture.answer_and_store(cached)
    assert (changed.outcome, changed.detail) == ("stale", "changed")
    assert b'"other"' in (value_of(changed) or b"")
    assert (await fixture.ask(cached)).outcome == "hit"
    await admin.execute("UPDATE item SET name = 'item1' WHERE id = 1")


async def test_reads_from_before_a_write_are_never_returned_after_it(
    fixture: CacheFixture, admin: asyncpg.Connection
) -> None:
    cached = fixture.cached()

    async def slow() -> ComputedValue:
        result = await fixture.read()
        await admin.execute("UPDATE item SET name = 'meanwhile' WHERE id = 2")
        return result

    old = await fixture.answer_and_store(cached, compute=slow)
    assert b"meanwhile" not in (value_of(old) or b"")
    new = await fixture.answer_and_store(cached)
    assert new.outcome == "stale"
    assert b"meanwhile" in (value_of(new) or b"")
    await admin.execute("UPDATE item SET name = 'item2' WHERE id = 2")


async def test_an_etag_of_the_client_spares_the_value(fixture: CacheFixture) -> None:
    cached = fixture.cached()
    first = await fixture.answer_and_store(cached)
    again = await fixture.ask(cached, etags=frozenset({first.etag, "no etag"}))
    assert (again.outcome, again.unchanged, again.value) == ("hit", True, None)
    other = await fixture.ask(cached, etags=frozenset({"0" * 32}))
    assert (other.unchanged, other.value) == (False, value_of(first))


async def test_role_session_variables_and_vary_tell_entries_apart(fixture: CacheFixture) -> None:
    cached = fixture.cached(fraiseql.Cache(vary=("user.tenant", "language"), tags=("item",)))
    askers = [
        {"variables": {"n": 1}},
        {"variables": {"n": 2}},
        {"variables": {"n": None}},
        {"variables": {"n": "1"}},
        {"context": {"user": {"tenant": 1}}},
        {"context": {"user": {"tenant": "1"}}},
        {"context": {"user": {"tenant": None}}},
        {"context": {"language": "1"}},
        {},
    ]
    for asker in askers:
        assert (await fixture.answer_and_store(cached, **asker)).outcome == "miss", asker
    for asker in askers:
        assert (await fixture.answer_and_store(cached, **asker)).outcome == "hit", asker


async def test_keys_of_python_answers_contain_the_session(fixture: CacheFixture) -> None:
    cache = fraiseql.Cache(tags=("item",))
    query = fixture.cached(cache, function=print, relations=())
    field = fixture.cached(cache, text=b"items with a field", functions=("Item.mine",))
    identity = Identity.of(None, {"app.tenant": "1"})
    two = Identity.of(None, {"app.tenant": "2"})
    for cached in (query, field):
        assert (await fixture.answer_and_store(cached, identity=identity)).outcome == "miss"
        assert (await fixture.answer_and_store(cached, identity=two)).outcome == "miss"
        assert (await fixture.answer_and_store(cached, identity=identity)).outcome == "hit"
        assert cached.private


async def test_a_role_gets_only_rows_that_it_may_read(
    fixture: CacheFixture, admin: asyncpg.Connection
) -> None:
    await admin.execute("DROP ROLE IF EXISTS results_reader; CREATE ROLE results_reader")
    cached, role = fixture.cached(), Identity.of("results_reader", {})
    try:
        assert (await fixture.answer_and_store(cached, identity=role)).stored is False
        await admin.execute("GRANT SELECT ON item TO results_reader")
        await fixture.answer_and_store(cached, identity=role)
        assert (await fixture.answer_and_store(cached, identity=role)).stored is True
        assert (await fixture.answer_and_store(cached, identity=role)).outcome == "hit"
        await admin.execute("REVOKE SELECT ON item FROM results_reader")
        assert (await fixture.answer_and_store(cached, identity=role)).outcome != "hit"
    finally:
        await admin.execute("DROP OWNED BY results_reader; DROP ROLE results_reader")


async def test_values_that_json_cannot_express_are_uncacheable_and_logged_once(
    fixture: CacheFixture, caplog: pytest.LogCaptureFixture
) -> None:
    cached = fixture.cached(fraiseql.Cache(vary=("user",)))
    for _ in range(3):
        answered = await fixture.answer_and_store(cached, context={"user": object()})
        assert (answered.outcome, answered.detail) == ("bypass", "uncacheable_value")
    assert fixture.computed == 3
    assert [record.message for record in caplog.records if "'user'" in record.message] != []
    assert len(caplog.records) == 1


async def test_uncacheable_answers_are_not_shared(fixture: CacheFixture) -> None:
    cached = fixture.cached()

    async def unsound() -> ComputedValue:
        return ComputedValue(b'"wrong"', cacheable=False)

    assert value_of(await fixture.answer_and_store(cached, compute=unsound)) == b'"wrong"'
    after = await fixture.answer_and_store(cached)
    assert after.outcome == "miss"
    assert value_of(after) != b'"wrong"'


async def test_a_definition_that_changes_is_seen(
    fixture: CacheFixture, admin: asyncpg.Connection
) -> None:
    cached = fixture.cached()
    await fixture.answer_and_store(cached)
    await admin.execute("ALTER TABLE item ADD COLUMN more int")
    try:
        changed = await fixture.answer_and_store(cached)
        assert changed.outcome == "stale"
        await fixture.answer_and_store(cached)
        assert (await fixture.ask(cached)).outcome == "hit"
    finally:
        await admin.execute("ALTER TABLE item DROP COLUMN more")


async def test_functions_that_read_are_not_cached_without_tags(fixture: CacheFixture) -> None:
    without = fixture.cached(functions=("Item.extra",))
    assert (await fixture.ask(without)).detail == "functions"
    tagged = fixture.cached(fraiseql.Cache(tags=("item",)), functions=("Item.extra",))
    assert (await fixture.ask(tagged)).outcome == "miss"


async def test_what_is_read_is_loaded_once_for_all_documents(
    fixture: CacheFixture, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[CacheableField] = []

    async def counted(pool: Pool, part: CacheableField) -> CacheDependencies | str:
        loads.append(part)
        return await load_cache_dependencies(pool, part)

    monkeypatch.setattr(caches, "load_cache_dependencies", counted)
    first = fixture.cached(name="many", text=b"0")
    assert isinstance(first, CachedField)
    all_cached = [
        CachedField(first._application, replace(first._field, text=b"%d" % n)) for n in range(4)
    ]
    for cached in all_cached:
        await fixture.answer_and_store(cached)
        assert (await fixture.ask(cached)).outcome == "hit"
    assert len(loads) == 1
    await admin.execute("ALTER TABLE item ADD COLUMN more int")
    try:
        for cached in all_cached:
            assert (await fixture.answer_and_store(cached)).outcome == "stale"
        for cached in all_cached:
            cached.retry()  # it rests where definitions have just changed
            await fixture.answer_and_store(cached)
            assert (await fixture.ask(cached)).outcome == "hit"
        assert len(loads) == 2
    finally:
        await admin.execute("ALTER TABLE item DROP COLUMN more")
