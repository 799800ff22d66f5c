"""Flushing figures: nothing is counted twice, whatever is repeated, lost, emptied or folded."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.sql.stats import FOLDED
from fraiseql.caching.results.stats import StatsWriter, fold
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import DatabaseUnavailable
from fraiseql.results import CacheResult
from tests.integration.caching.results.statistics.env import create_tables, totals, writer

KEY = bytes(31)
HIT = CacheResult("hit", cost_ms=2.0, age_seconds=1.0)


@pytest.fixture
async def url(database: str) -> str:
    """Address of a database with empty figures."""
    await create_tables(database)
    return database


def _hits(metrics: Metrics, count: int, query: str = "users", key: int = 1) -> None:
    for _ in range(count):
        metrics.answered(query, KEY + bytes([key]), HIT, 10)


class Torn:
    """Runs statements, and then tells of the first few that the connection was lost."""

    def __init__(self, inner: AdminConnection, count: int) -> None:
        self._inner, self._count = inner, count

    async def read(self, sql: str, args: Sequence[Any]) -> Any:
        result = await self._inner.read(sql, args)
        if self._count:
            self._count -= 1
            raise DatabaseUnavailable("The connection to the database was lost.")
        return result


async def test_two_processes_add_up_and_no_change_writes_nothing(url: str) -> None:
    item, two = Metrics(), Metrics()
    first, second = StatsWriter(item), StatsWriter(two)
    async with writer(url) as database:
        assert not await first.flush(database.read)
        _hits(item, 3)
        _hits(two, 4)
        assert await first.flush(database.read)
        assert await second.flush(database.read)
        assert await totals(database) == {"users": 7}
        assert not await first.flush(database.read)
        _hits(item, 1)
        _hits(item, 1, "posts", 2)
        assert await first.flush(database.read)
        assert await totals(database) == {"posts": 1, "users": 8}


async def test_a_flush_whose_end_is_not_known_is_repeated_and_counts_once(url: str) -> None:
    metrics = Metrics()
    figures = StatsWriter(metrics)
    async with writer(url) as database:
        torn = Torn(database, 2)
        for count in (3, 4):
            _hits(metrics, count)
            with pytest.raises(DatabaseUnavailable):
                await figures.flush(torn.read)
        assert await totals(database) == {"users": 7}
        assert await figures.flush(torn.read)
        assert await totals(database) == {"users": 7}


async def test_an_older_flush_that_arrives_late_changes_nothing(url: str) -> None:
    metrics = Metrics()
    figures = StatsWriter(metrics)
    late: list[tuple[str, Sequence[Any]]] = []

    async def lost(sql: str, args: Sequence[Any]) -> Any:
        late.append((sql, args))
        raise DatabaseUnavailable("The connection to the database was lost.")

    async with writer(url) as database:
        _hits(metrics, 3)
        with pytest.raises(DatabaseUnavailable):
            await figures.flush(lost)
        _hits(metrics, 5)
        await figures.flush(database.read)
        await database.read(*late[0])
        assert await totals(database) == {"users": 8}
        assert await database.fetchval("SELECT sum(hits)::int FROM fraiseql.result_keys") == 8


async def test_many_flush_at_once_with_a_fold_among_them(url: str) -> None:
    processes = [Metrics() for _ in range(6)]
    figures = [StatsWriter(process) for process in processes]
    async with writer(url) as database:

        async def work(own: Metrics, flushed: StatsWriter) -> None:
            async with writer(url) as mine:
                for number in range(20):
                    _hits(own, 1, f"query{number % 5}", number)
                    await flushed.flush(mine.read)

        async def folding() -> None:
            for _ in range(30):
                # Every process is silent for so short a time again and again.
                await fold(database.read, "1 millisecond")
                await asyncio.sleep(0.005)

        await asyncio.gather(folding(), *map(work, processes, figures))
        assert await totals(database) == {f"query{number}": 24 for number in range(5)}


async def test_processes_that_ended_are_folded_into_one_row(url: str) -> None:
    async with writer(url) as database:
        for _ in range(3):
            metrics = Metrics()
            _hits(metrics, 5)
            metrics.answered("users", KEY, CacheResult("miss", detail="absent"), 1)
            metrics.event("users", "full")
            await StatsWriter(metrics).flush(database.read)
        assert await fold(database.read) == 0
        await database.execute("UPDATE fraiseql.result_figures SET at = at - interval '25 hours'")
        assert await fold(database.read) == 3
        row = await database.fetchrow("SELECT * FROM fraiseql.result_figures")
        assert row is not None
        assert (str(row["process"]), row["hits"], row["misses"]) == (FOLDED, 15, 3)
        assert (row["reasons"], row["events"]) == ('{"absent": 3}', '{"full": 3}')
        assert (row["saved_ms"], row["oldest"]) == (30.0, 1.0)
        assert await fold(database.read) == 0
        assert await database.fetchval("SELECT count(*) FROM fraiseql.result_keys") == 0


async def test_a_process_that_begins_folds_those_that_ended(url: str) -> None:
    async with writer(url) as database:
        for _ in range(4):
            metrics = Metrics()
            _hits(metrics, 5)
            await StatsWriter(metrics).flush(database.read)
            await database.execute("UPDATE fraiseql.result_figures SET at = at - interval '2 day'")
        assert await totals(database) == {"users": 20}
        assert await database.fetchval("SELECT count(*) FROM fraiseql.result_figures") == 2


async def test_a_process_that_wakes_after_it_was_folded_is_not_counted_twice(url: str) -> None:
    metrics = Metrics()
    figures = StatsWriter(metrics)
    async with writer(url) as database:
        for round_ in range(1, 4):
            _hits(metrics, 5)
            metrics.event("users", "full")
            await figures.flush(database.read)
            assert await totals(database) == {"users": 5 * round_}
            await database.execute("UPDATE fraiseql.result_figures SET at = at - interval '2 day'")
            assert await fold(database.read) == 1
        row = await database.fetchrow("SELECT * FROM fraiseql.result_figures")
        assert row is not None
        assert (row["hits"], row["events"], row["saved_ms"]) == (15, '{"full": 3}', 30.0)


async def test_statistics_continue_after_a_crash_emptied_them(url: str) -> None:
    metrics = Metrics()
    figures = StatsWriter(metrics)
    async with writer(url) as database:
        _hits(metrics, 5)
        _hits(metrics, 2, "posts", 2)
        await figures.flush(database.read)
        await database.execute("TRUNCATE fraiseql.result_figures, fraiseql.result_keys")
        _hits(metrics, 1)
        await figures.flush(database.read)
        await figures.flush(database.read)
        assert await totals(database) == {"posts": 2, "users": 6}
        assert await database.fetchval("SELECT sum(hits)::int FROM fraiseql.result_keys") == 8


async def test_keys_that_are_no_longer_known_are_removed(url: str) -> None:
    metrics = Metrics()
    figures = StatsWriter(metrics)
    async with writer(url) as database:
        for number in range(2_500):
            metrics.answered("users", number.to_bytes(32, "big"), HIT, 1)
            if number % 500 == 0:
                await figures.flush(database.read)
        await figures.flush(database.read)
        keys = await database.fetchval("SELECT count(*) FROM fraiseql.result_keys")
        assert keys == len(metrics.hot_keys) <= 1_000


async def test_names_that_are_anybodys_are_written(url: str) -> None:
    metrics = Metrics()
    for name in ("nul\0", "half \ud800", "x" * 10_000, "'; --", ""):
        _hits(metrics, 1, name)
    async with writer(url) as database:
        await StatsWriter(metrics).flush(database.read)
        assert sum((await totals(database)).values()) == 5
