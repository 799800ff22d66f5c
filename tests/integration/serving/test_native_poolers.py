"""The native engine through PgBouncer in transaction mode."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

import fraiseql
from fraiseql.database import Identity, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.http import Application
from fraiseql.serving import Request, Service
from fraiseql.settings import Settings
from tests.integration.database.pgbouncer import IGNORED, Pooler, newer_program, pooler
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.native_answers import Answers, answering

KEYS = 40
TABLES = (
    "CREATE TABLE city (id int PRIMARY KEY, name text NOT NULL, area numeric NOT NULL)",
    "CREATE TABLE street (id int PRIMARY KEY, city_id int NOT NULL, opened timestamptz NOT NULL)",
    f"INSERT INTO city SELECT n, 'c' || n, n / 7.0 FROM generate_series(1, {KEYS}) n",
    (
        "INSERT INTO street SELECT n, n % 10 + 1, timestamptz '2026-01-01 12:00+02' + n * interval"
        " '1 hour' FROM generate_series(1, 100) n"
    ),
)
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "15000",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "jit": "off",
}
WRITABLE = "SET default_transaction_read_only = off"
BY_KEY = "query One($id: Int!) { city(id: $id) { id name area } }"
QUERIES = (
    "{ cities(limit: 7) { id name area } }",
    "{ cities(limit: 3) { name streets { id opened } } }",
    "{ cities(where: {id: {lt: 9}}) { id } one: city(id: 2) { name } }",
)


@fraiseql.type(sql_source="street")
class Street:
    id: int
    opened: datetime


@fraiseql.type(sql_source="city")
class City:
    id: int
    name: str
    area: Decimal
    streets: list[Street] = fraiseql.embed("street", on="city_id", order_by="id")


def application(url: str) -> Application:
    return fraiseql.create_app(
        queries=[
            fraiseql.find_one("city", City, by="id"),
            fraiseql.find("cities", City, order_by="id"),
        ],
        database_url=url,
        pool_size=4,
    )


def in_database(change: str) -> str:
    """Return the statement that changes the settings of new connections to the database."""
    named = f"format('ALTER DATABASE %I {change}', current_database())"
    return f"DO $$ BEGIN EXECUTE {named}; END $$"


@pytest.fixture(scope="module")
def cities(database: str) -> str:
    """A database whose connections have the settings that PgBouncer ignores."""
    at_once(run_sql(database, *TABLES))
    changes = [f"SET {name} = ''{value}''" for name, value in SETTINGS.items()]
    at_once(run_sql(database, *map(in_database, changes)))
    return database


@pytest.fixture
def shared(cities: str, tmp_path: Path) -> Iterator[Pooler]:
    """PgBouncer with two servers for all clients."""
    more = ("default_pool_size = 2", "max_prepared_statements = 1000")
    program = newer_program()
    with pooler(
        cities, tmp_path / "a", mode="transaction", ignored=IGNORED, program=program, more=more
    ) as running:
        yield running


def service_of(answers: Answers) -> Service:
    service = answers.app.service
    assert isinstance(service, Service)
    return service


async def until_native(answers: Answers, query: str, variables: object = None) -> None:
    """Ask until the engine answers, whose connections are opened meanwhile."""
    await answers.first(query, variables)
    for _ in range(200):
        if await answers.same(answers.post(query, variables)):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not native: {answers.engine.fault()}")


async def test_operations_are_native_with_the_same_bytes(shared: Pooler) -> None:
    async with answering(application(shared.url)) as answers:
        await until_native(answers, BY_KEY, {"id": 1})
        for query in QUERIES:
            await until_native(answers, query)
        for number in range(1, KEYS + 2):
            assert await answers.same(answers.post(BY_KEY, {"id": number}))
        endpoint = service_of(answers).pool.connections.endpoint
        # The checks of exact hits compare transactions of one session.
        assert endpoint is not None
        assert endpoint.address is None


async def test_many_clients_share_two_servers(shared: Pooler) -> None:
    async with answering(application(shared.url)) as answers:
        await until_native(answers, BY_KEY, {"id": 1})
        await until_native(answers, QUERIES[1])
        expected = (await answers.python(answers.post(QUERIES[1]))).content
        seen = {"by key": 0, "list": 0}

        async def ask(number: int) -> None:
            key = number % KEYS + 1
            for _ in range(10):
                one = await answers.native(answers.post(BY_KEY, {"id": key}))
                if one is not None:
                    assert json.loads(one[2])["data"]["city"]["name"] == f"c{key}"
                    seen["by key"] += 1
                listed = await answers.native(answers.post(QUERIES[1]))
                if listed is not None:
                    assert listed[2] == expected
                    seen["list"] += 1

        await asyncio.gather(*map(ask, range(24)))
        assert min(seen.values()) > 100, seen


async def test_servers_that_the_pooler_replaces_are_found_again(shared: Pooler) -> None:
    async with answering(application(shared.url)) as answers:
        await until_native(answers, BY_KEY, {"id": 1})
        shared.stop()
        response = await answers.python(answers.post(BY_KEY, {"id": 1}))
        assert response.json()["errors"][0]["extensions"]["code"] == "DATABASE_UNAVAILABLE"
        assert await answers.native(answers.post(BY_KEY, {"id": 1})) is None
        shared.start()
        await until_native(answers, BY_KEY, {"id": 1})


async def test_a_server_with_other_settings_is_not_used(cities: str, shared: Pooler) -> None:
    """PgBouncer passes on some settings, and ignores others."""
    async with answering(application(shared.url)) as answers:
        await until_native(answers, BY_KEY, {"id": 1})
        shared.stop()
        await run_sql(cities, WRITABLE, in_database("SET extra_float_digits = ''0''"))
        try:
            shared.start()
            for _ in range(200):
                assert await answers.native(answers.post(BY_KEY, {"id": 1})) is None
                if "other settings" in (answers.engine.fault() or ""):
                    break
                await asyncio.sleep(0.05)
            assert "the pooler's server has other settings" in (answers.engine.fault() or "")
        finally:
            await run_sql(cities, WRITABLE, in_database("SET extra_float_digits = ''1''"))


async def test_in_session_mode_python_answers(cities: str, tmp_path: Path) -> None:
    with pooler(
        cities, tmp_path / "a", mode="session", ignored=IGNORED, program=newer_program()
    ) as running:
        async with answering(application(running.url)) as answers:
            await answers.first(QUERIES[0])
            await asyncio.sleep(0.5)
            assert await answers.native(answers.post(QUERIES[0])) is None
            report = await service_of(answers).explain(Request(QUERIES[0]))
    assert "server of its own (pool_mode = session)" in report.python


@pytest.mark.parametrize("pool_size", [1, 2])
async def test_without_prepared_statements_the_start_is_refused(
    cities: str, tmp_path: Path, pool_size: int
) -> None:
    more = ("max_prepared_statements = 0", f"default_pool_size = {pool_size}")
    program = newer_program()
    with (
        pooler(
            cities, tmp_path / "a", mode="transaction", ignored=IGNORED, program=program, more=more
        ) as running,
        pytest.raises(ConfigurationError, match="does not support prepared statements"),
    ):
        async with asyncio.timeout(60), answering(application(running.url)):
            pass


async def test_one_server_is_enough(cities: str, tmp_path: Path) -> None:
    """Two transactions at a time cannot be compared."""
    more = ("max_prepared_statements = 1000", "default_pool_size = 1")
    program = newer_program()
    with pooler(
        cities, tmp_path / "a", mode="transaction", ignored=IGNORED, program=program, more=more
    ) as running:
        async with asyncio.timeout(60), answering(application(running.url)) as answers:
            for query in QUERIES:
                await until_native(answers, query)
            pool = service_of(answers).pool
            with pytest.raises(ConfigurationError, match="shares servers between transactions"):
                await pool.fetch_bytes("SELECT 1", [], Identity.of(None, {"app.tenant": "7"}))


async def test_the_only_server_of_a_session_has_no_identities(cities: str, tmp_path: Path) -> None:
    """Whether the pooler shares it is not known, until there is a second one."""
    settings, identity = Settings().with_values(pool_size=2), Identity.of(None, {"app.tenant": "7"})
    tenant = "SELECT current_setting('app.tenant', true) AS tenant, pg_sleep(0.1) IS NULL"
    with pooler(
        cities,
        tmp_path / "a",
        mode="session",
        ignored=IGNORED,
        program=newer_program(),
        more=("default_pool_size = 1",),
    ) as running:
        pool = await open_pool(running.url, settings)
        async with asyncio.timeout(60):
            assert (await pool.fetch_bytes("SELECT 1 AS n"))[0]["n"] == 1
            with pytest.raises(ConfigurationError, match="not known whether it shares servers"):
                await pool.fetch_bytes("SELECT 1", [], identity)
            running.reload("default_pool_size = 1", "default_pool_size = 4")
            await asyncio.gather(*(pool.fetch_bytes(tenant) for _ in range(2)))
            rows = await asyncio.gather(*(pool.fetch_bytes(tenant, [], identity) for _ in range(4)))
            assert [row[0]["tenant"] for row in rows] == ["7"] * 4
            await pool.close()
