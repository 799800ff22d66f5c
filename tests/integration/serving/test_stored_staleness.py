"""Responses report staleness, and declarations bound it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraiseql.serving import Request
from fraiseql.sources import Freshness
from tests.integration.caching.ddl.env import sql
from tests.integration.database.server_log import Log
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served
from tests.integration.serving.stored_by_hand import (
    STORED,
    TABLES,
    aged,
    beside,
    instead,
    serve_stored,
)
from tests.integration.serving.test_stored import sources

QUERY = "{ writers { name novels { title } } }"
BY_ROWS = '{ writers(where: {name: {neq: "x"}}) { name novels { title } } }'
AGE = "(SELECT seconds FROM kept.lag)"
ASLEEP = """SELECT count(*) > 0 FROM pg_stat_activity
WHERE wait_event = 'PgSleep' AND datname = current_database()"""
LIVE, ERROR = Freshness(AGE, 2.0, "live"), Freshness(AGE, 2.0, "error")


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(run_sql(database, TABLES, STORED))
    at_once(run_sql(database, f"ALTER DATABASE {name} SET log_min_duration_statement = 0"))
    return database


@pytest.fixture(scope="module", params=[beside, instead])
def served_stale(tables: str, request: pytest.FixtureRequest) -> Iterator[Served]:
    with serve_stored(tables, aged(Freshness(AGE), request.param)) as running:
        yield running


def lag(running: Served, seconds: float | None) -> None:
    running.execute(f"UPDATE kept.lag SET seconds = {'NULL' if seconds is None else seconds}")


def entry(*path: str, seconds: float | None) -> dict[str, Any]:
    return {"path": list(path), "type": "Writer", "seconds": seconds}


@pytest.mark.parametrize("seconds", [0.0, 2.5, 1e6, None])
def test_the_age_is_reported(served_stale: Served, seconds: float | None) -> None:
    lag(served_stale, seconds)
    answer = served_stale.ask(QUERY)
    assert sources(answer["data"]) == {"kept"}
    assert answer["extensions"] == {"staleness": [entry("writers", seconds=seconds)]}


@pytest.mark.parametrize(
    ("query", "empty"),
    [
        ("{ writers(where: {id: {gt: 99}}) { novels { title } } }", []),
        ('{ writers(where: {name: {eq: "x"}}) { novels { title } } }', []),
        ("{ writers: writer(id: 99) { novels { title } } }", None),
        ("{ writers: writer(id: 1) { novels { title } } }", {}),
        ("{ writers: found(id: 99) { novels { title } } }", None),
        ("{ writers: found(id: 1) { novels { title } } }", {}),
    ],
)
def test_no_rows_and_one_row_have_their_age(served_stale: Served, query: str, empty: Any) -> None:
    lag(served_stale, 1.23456)
    answer = served_stale.ask(query)
    assert answer["extensions"] == {"staleness": [entry("writers", seconds=1.235)]}
    writers = answer["data"]["writers"]
    assert writers == empty or (empty == {} and sources(writers) == {"kept"})


def test_staleness_is_reported_per_key_of_a_root_field(served_stale: Served) -> None:
    lag(served_stale, 3)
    answer = served_stale.ask(
        "{ z: found(id: 1) { novels { title } } a: writers { novels { title } }"
        " row: writer(id: 1) { rank rivals { name novels { title } } } counted }"
    )
    staleness = answer["extensions"]["staleness"]
    expected = [entry("z", seconds=3), entry("a", seconds=3), entry("row", seconds=3)]
    assert staleness == expected, "a computed field is told under its root field"


def test_live_fields_tell_nothing(served_stale: Served) -> None:
    assert served_stale.ask("{ counted }").keys() == {"data"}
    assert served_stale.ask(QUERY, context={"role": "pg_read_all_data"}).keys() == {"data"}


def test_errors_and_age_stand_side_by_side(served_stale: Served) -> None:
    lag(served_stale, 0)
    answer = served_stale.ask("{ writers { novels { title } } a: writers(limit: -1) { id } }")
    assert list(answer) == ["data", "errors", "extensions"]


@pytest.mark.parametrize("find_source", [beside, instead])
@pytest.mark.parametrize("query", [QUERY, BY_ROWS, "{ found(id: 1) { name novels { title } } }"])
def test_beyond_its_bound_the_answer_is_live(tables: str, find_source: Any, query: str) -> None:
    with serve_stored(tables, aged(LIVE, find_source)) as running:
        lag(running, 2)
        within = running.ask(query)
        assert sources(within["data"]) == {"kept"}
        assert within["extensions"]["staleness"][0]["seconds"] == 2
        for seconds in (2.001, None):
            lag(running, seconds)
            beyond = running.ask(query)
            assert sources(beyond["data"]) == {"live"}
            assert beyond.keys() == {"data"}


@pytest.mark.parametrize("query", [QUERY, "{ writers: found(id: 1) { novels { title } } }"])
def test_beyond_its_bound_an_error_says_how_far(tables: str, query: str) -> None:
    with serve_stored(tables, aged(ERROR)) as running:
        lag(running, 1)
        assert sources(running.data(query)) == {"kept"}
        lag(running, 7.25)
        error = running.error(query)
        assert error["message"] == (
            "The stored documents of Writer are 7.2 s behind their tables; 2 s are allowed."
        )
        assert error["path"] == ["writers"]
        assert error["extensions"]["code"] == "STALE"
        assert "when_stale" in error["extensions"]["hint"]
        lag(running, None)
        assert "an unknown time behind" in running.error(query)["message"]


@pytest.mark.parametrize(("when", "sources_of_unknown"), [("serve", "kept"), ("live", "live")])
def test_without_a_bound_only_an_unknown_age_is_beyond(
    tables: str, when: Any, sources_of_unknown: str
) -> None:
    with serve_stored(tables, aged(Freshness(AGE, None, when))) as running:
        lag(running, 1e9)
        assert sources(running.data(QUERY)) == {"kept"}
        lag(running, None)
        assert sources(running.data(QUERY)) == {sources_of_unknown}


def test_rows_beyond_the_bound_are_not_computed(tables: str) -> None:
    with serve_stored(tables, aged(LIVE)) as running:
        lag(running, 99)
        explained = running.run(running.service.explain(Request(QUERY), analyze=True))
        plan = "\n".join(explained.statements[0].plan)
        assert "One-Time Filter" in plan
        assert "never executed" in plan
        assert ", when stale beyond 2 s: live" in explained.plan


def test_one_statement_reads_age_and_rows(tables: str, server_log: Path) -> None:
    with serve_stored(tables, aged(LIVE)) as running:
        lag(running, 0)
        running.data(QUERY)
        log = Log(server_log)
        running.data(QUERY)
        assert len([text for text in log.new() if text.startswith("execute ")]) == 1


def test_age_and_rows_are_of_one_snapshot(tables: str) -> None:
    """A write between the two would be reported as no lag, with rows without it."""
    with serve_stored(tables, aged(Freshness(f"(SELECT {AGE} FROM pg_sleep(1))"))) as running:
        lag(running, 5)

        async def read_and_write() -> bytes:
            reading = asyncio.ensure_future(running.respond(QUERY))
            async with asyncio.timeout(60):
                while not (await sql(tables, ASLEEP))[0][0]:
                    pass
            await run_sql(
                tables,
                "BEGIN; UPDATE kept.lag SET seconds = 0; UPDATE kept.writer SET data ="
                " jsonb_set(data, '{name}', '\"new\"'); COMMIT",
            )
            return await reading

        answer = running.run(read_and_write())
        assert b'"seconds":5.0' in answer
        assert b'"new"' not in answer
