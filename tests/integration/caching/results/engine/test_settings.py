"""Settings that connections begin with are told apart, as session variables are."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from fraiseql.results import Computed
from tests.integration.caching.results.engine.road import Road, road, value_of

SET = ("app.rate", "default_text_search_config", "search_path")


@pytest.fixture
async def set_back(ground: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(ground)
    try:
        yield connection
    finally:
        for name in SET:
            await connection.execute(f"{await altered(connection)} RESET {name}")
        await connection.close()


async def altered(connection: asyncpg.Connection) -> str:
    return f'ALTER DATABASE "{await connection.fetchval("SELECT current_database()")}"'


async def answered(ground: str, name: str) -> tuple[list[str], list[bytes | None]]:
    """Ask a process that has just started twice for the value of a setting."""
    async with road(ground) as on:
        unit = on.unit()

        async def computed() -> Computed:
            rows = await on.pool.fetch_bytes("SELECT current_setting($1, true)", [name])
            return Computed(f'"{rows[0][0]}"'.encode(), sound=True)

        told = [await on.kept(unit, compute=computed) for _ in range(2)]
        return [one.outcome for one in told], [value_of(one) for one in told]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("app.rate", ("1", "2")),
        ("default_text_search_config", ("pg_catalog.simple", "pg_catalog.english")),
        ("search_path", ("public", "public, pg_catalog")),
    ],
)
async def test_another_value_of_the_database_is_another_answer(
    ground: str, set_back: asyncpg.Connection, name: str, values: tuple[str, str]
) -> None:
    for value in values:
        written = value if "," in value else f"'{value}'"
        await set_back.execute(f"{await altered(set_back)} SET {name} = {written}")
        outcomes, found = await answered(ground, name)
        assert found == [f'"{value}"'.encode()] * 2
        assert outcomes[1] == "hit"


async def test_a_look_finds_other_settings(
    on_road: Road, ground: str, set_back: asyncpg.Connection
) -> None:
    unit = on_road.unit()
    await on_road.kept(unit)
    assert (await on_road.ask(unit)).outcome == "hit"
    await set_back.execute(f"{await altered(set_back)} SET app.rate = 3")
    await set_back.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await on_road.caches.look()
    assert (await on_road.kept(unit)).outcome == "miss"
    assert (await on_road.kept(unit)).outcome == "hit"
