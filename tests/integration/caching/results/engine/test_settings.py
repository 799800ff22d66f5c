"""Settings that connections begin with are told apart, as session variables are."""

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle

import asyncpg
import pytest

import fraiseql
from fraiseql.results import ComputedValue, FieldCache
from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    value_of,
)

SET = ("app.rate", "default_text_search_config", "search_path")


@pytest.fixture
async def set_back(env: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(env)
    try:
        yield connection
    finally:
        for name in SET:
            await connection.execute(f"{await altered(connection)} RESET {name}")
        await connection.close()


async def altered(connection: asyncpg.Connection) -> str:
    return f'ALTER DATABASE "{await connection.fetchval("SELECT current_database()")}"'


async def answered(env: str, name: str) -> tuple[list[str], list[bytes | None]]:
    """Ask a process that has just started twice for the value of a setting."""
    async with cache_fixture(env) as on:
        cached = on.cached()

        async def computed() -> ComputedValue:
            rows = await on.pool.fetch_bytes("SELECT current_setting($1, true)", [name])
            return ComputedValue(f'"{rows[0][0]}"'.encode(), cacheable=True)

        results = [await on.answer_and_store(cached, compute=computed) for _ in range(2)]
        return [result.outcome for result in results], [value_of(one) for one in results]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("app.rate", ("1", "2")),
        ("default_text_search_config", ("pg_catalog.simple", "pg_catalog.english")),
        ("search_path", ("public", "public, pg_catalog")),
    ],
)
async def test_another_value_of_the_database_is_another_answer(
    env: str, set_back: asyncpg.Connection, name: str, values: tuple[str, str]
) -> None:
    for value in values:
        written = value if "," in value else f"'{value}'"
        await set_back.execute(f"{await altered(set_back)} SET {name} = {written}")
        outcomes, actual = await answered(env, name)
        assert actual == [f'"{value}"'.encode()] * 2
        assert outcomes[1] == "hit"


async def test_a_look_finds_other_settings(
    fixture: CacheFixture, env: str, set_back: asyncpg.Connection
) -> None:
    cached = fixture.cached()
    await fixture.answer_and_store(cached)
    assert (await fixture.ask(cached)).outcome == "hit"
    await set_back.execute(f"{await altered(set_back)} SET app.rate = 3")
    await set_back.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await fixture.caches.refresh()
    assert (await fixture.answer_and_store(cached)).outcome == "miss"
    assert (await fixture.answer_and_store(cached)).outcome == "hit"


async def rate(on: CacheFixture, cached: FieldCache) -> tuple[str, bytes | None]:
    """Ask for the value of ``app.rate`` as a live answer has it."""

    async def computed() -> ComputedValue:
        rows = await on.pool.fetch_bytes("SELECT current_setting('app.rate', true)")
        return ComputedValue(f'"{rows[0][0]}"'.encode(), cacheable=True)

    answered = await on.answer_and_store(cached, compute=computed)
    return answered.outcome, value_of(answered)


async def test_a_connection_from_before_a_change_fills_nothing(
    env: str, set_back: asyncpg.Connection
) -> None:
    """The pool of one process has older connections; each write makes every process compute."""
    await set_back.execute(f"{await altered(set_back)} SET app.rate = 1")
    async with cache_fixture(env) as old:
        cached = old.cached()
        assert [(await rate(old, cached))[1] for _ in range(2)] == [b'"1"'] * 2
        for value in (2, 3):
            await set_back.execute(f"{await altered(set_back)} SET app.rate = {value}")
            await set_back.execute("UPDATE item SET name = name WHERE id = 1")
            await rate(old, cached)
            async with cache_fixture(env) as new:
                for _ in range(2):
                    assert (await rate(new, new.cached()))[1] == f'"{value}"'.encode()
            assert (await rate(old, cached))[1] == f'"{value}"'.encode()
            assert await rate(old, cached) == ("hit", f'"{value}"'.encode())


async def test_connections_that_were_not_replaced_are_noticed(
    env: str, set_back: asyncpg.Connection
) -> None:
    """A connection of the cache begins under new settings, while those that compute are old."""
    async with cache_fixture(env) as old:
        cached = old.cached()
        await rate(old, cached)
        await set_back.execute(f"{await altered(set_back)} SET app.rate = 4")
        (await old.caches.stores.pool()).replace_all()
        assert (await rate(old, cached))[0] != "hit"
        assert (await rate(old, cached))[1] == b'"4"'


SCOPES = {
    "database": "ALTER DATABASE {database} {change}",
    "role": "ALTER ROLE CURRENT_USER {change}",
    "both": "ALTER ROLE CURRENT_USER IN DATABASE {database} {change}",
    "everybody": "ALTER ROLE ALL {change}",
    "files": "ALTER SYSTEM {change}",
}


CHANGED = [
    ("app.rate", "7"),
    ("search_path", "public, pg_catalog"),
    ("xmlbinary", "hex"),
    ("array_nulls", "off"),
    ("quote_all_identifiers", "on"),
    ("lc_monetary", "'C.UTF-8'"),
    ("default_text_search_config", "'pg_catalog.german'"),
    ("standard_conforming_strings", "off"),
    ("backslash_quote", "on"),
    ("gin_fuzzy_search_limit", "5"),
    ("TimeZone", "'Europe/Oslo'"),
    ("extra_float_digits", "0"),
]
# Every setting in the files, which running sessions read, and in one of the other scopes, by turns.
CASES = [("files", *setting) for setting in CHANGED] + [
    (scope, *setting)
    for scope, setting in zip(cycle(scope for scope in SCOPES if scope != "files"), CHANGED)
]


@pytest.mark.parametrize(("scope", "name", "value"), CASES)
async def test_no_answer_is_older_than_the_setting_that_it_was_computed_under(
    env: str, set_back: asyncpg.Connection, scope: str, name: str, value: str
) -> None:
    database = f'"{await set_back.fetchval("SELECT current_database()")}"'

    async def change(text: str) -> None:
        await set_back.execute(f"SET {name} = {value}")
        await set_back.execute(SCOPES[scope].format(database=database, change=text))
        await set_back.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(0.05)

    async def asked(on: CacheFixture, cached: FieldCache) -> tuple[str, bytes | None]:
        async def computed() -> ComputedValue:
            rows = await on.pool.fetch_bytes("SELECT current_setting($1, true)", [name])
            return ComputedValue(f'"{rows[0][0]}"'.encode(), cacheable=True)

        answered = await on.answer_and_store(cached, compute=computed)
        return answered.outcome, value_of(answered)

    async with cache_fixture(env) as old:
        cache = fraiseql.Cache(tags=("item",))
        cached = old.cached(cache, function=print, relations=())
        before = await asked(old, cached)
        assert await asked(old, cached) == ("hit", before[1])
        try:
            await change(f"SET {name} = {value}")
            async with cache_fixture(env) as new:
                again = new.cached(cache, function=print, relations=())
                right = (await new.pool.fetch_bytes("SELECT current_setting($1, true)", [name]))[0]
                for _ in range(3):
                    assert (await asked(new, again))[1] == f'"{right[0]}"'.encode()
            await old.pool.check()
            assert (await asked(old, cached))[1] == f'"{right[0]}"'.encode()
        finally:
            await change(f"RESET {name}")
