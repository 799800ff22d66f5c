"""Unreadable stored documents are answered live, then read again."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from fraiseql.catalog import Relation
from fraiseql.sources import Freshness, StoredSource
from tests.integration.database.server_log import Log
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.stored_by_hand import (
    STORED,
    TABLES,
    FindSource,
    aged,
    beside,
    instead,
    rested,
    serve_stored,
    wait_until,
)
from tests.integration.serving.test_stored import sources

QUERY = "{ writers { name novels { title } } }"
BY_ROWS = '{ writers(where: {name: {neq: "x"}}) { name novels { title } } }'
BY_PYTHON = "{ found(id: 1) { name novels { title } } }"

LOSSES = [
    pytest.param(beside, "DROP TABLE kept.writer CASCADE", id="no relation"),
    pytest.param(beside, "ALTER TABLE kept.writer RENAME COLUMN data TO other", id="no column"),
    pytest.param(instead, "REFRESH MATERIALIZED VIEW kept.view WITH NO DATA", id="not populated"),
    pytest.param(aged(Freshness("kept.age()")), "DROP FUNCTION kept.age()", id="no function"),
    pytest.param(
        aged(Freshness("kept.age()")),
        "CREATE OR REPLACE FUNCTION kept.age() RETURNS float8 LANGUAGE plpgsql AS"
        " $$BEGIN RAISE insufficient_privilege; END$$",
        id="not allowed",
    ),
]
AGE = "CREATE FUNCTION kept.age() RETURNS float8 LANGUAGE sql AS 'SELECT 1.0::float8'"


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(run_sql(database, TABLES))
    at_once(run_sql(database, f"ALTER DATABASE {name} SET log_min_duration_statement = 0"))
    return database


@pytest.fixture
def stored(tables: str) -> str:
    at_once(run_sql(tables, STORED, AGE))
    return tables


@pytest.mark.parametrize(("find_source", "loss"), LOSSES)
@pytest.mark.parametrize("query", [QUERY, BY_PYTHON])
def test_what_is_lost_is_answered_live_and_read_again_when_it_is_back(  # noqa: PLR0917
    stored: str,
    find_source: FindSource,
    loss: str,
    query: str,
    caplog: pytest.LogCaptureFixture,
    server_log: Path,
) -> None:
    with serve_stored(stored, find_source) as running:
        assert sources(running.data(query)) == {"kept"}
        running.execute(loss)
        caplog.clear()
        with caplog.at_level(logging.WARNING, "fraiseql"):
            for _ in range(3):
                answer = running.ask(query)
                assert sources(answer["data"]) == {"live"}
                assert answer.keys() == {"data"}
        assert [record.message for record in caplog.records if "Writer" in record.message] == [
            caplog.records[0].message
        ]
        assert "is read live" in caplog.records[0].message
        rested(running)
        log = Log(server_log)
        running.data(query)
        mine = [text for text in log.new() if text.startswith("execute ")]
        assert len(mine) == 1, "later requests know it"
        running.execute(f"{STORED}; {AGE}")
        running.run(running.service.republish())
        assert sources(running.data(query)) == {"kept"}


def test_concurrent_failures_reload_the_sources_once(stored: str) -> None:
    looks = []

    def find_source(relations: Mapping[str, Relation]) -> StoredSource | None:
        looks.append(relations)
        return beside(relations)

    with serve_stored(stored, find_source, pool_size=5) as running:
        running.data(QUERY)
        running.execute("DROP TABLE kept.writer CASCADE")

        async def storm() -> list[bytes]:
            return await asyncio.gather(*[running.respond(QUERY) for _ in range(40)])

        assert all(b'"live Ada"' in answer for answer in running.run(storm()))
        rested(running)
        assert len(looks) == 2, "at the start, and once for all"


def test_sources_created_later_are_read_without_a_restart(stored: str) -> None:
    at_once(run_sql(stored, "DROP SCHEMA kept CASCADE"))
    with serve_stored(stored, beside, refresh_seconds=0.1) as running:
        assert sources(running.data(QUERY)) == {"live"}
        running.execute(STORED)
        wait_until(running, lambda: sources(running.data(QUERY)) == {"kept"})
        running.execute("DROP SCHEMA kept CASCADE")
        assert sources(running.data(QUERY)) == {"live"}


def test_a_look_that_fails_is_not_the_last(stored: str, caplog: pytest.LogCaptureFixture) -> None:
    failing: list[Exception] = []

    def find_source(relations: Mapping[str, Relation]) -> StoredSource | None:
        if failing:
            raise failing[0]
        return beside(relations)

    with serve_stored(stored, find_source, refresh_seconds=0.05) as running:
        failing.append(KeyError("a fault of a strategy"))
        wait_until(running, lambda: "could not be looked up" in caplog.text)
        assert sources(running.data(QUERY)) == {"kept"}
        failing.clear()
        running.execute("DROP SCHEMA kept CASCADE")
        assert sources(running.data(QUERY)) == {"live"}
        running.execute(STORED)
        wait_until(running, lambda: sources(running.data(QUERY)) == {"kept"})


def test_a_relation_that_stays_unreadable_is_tried_only_now_and_then(
    stored: str, server_log: Path
) -> None:
    """Each refresh reports it as present; only the first request tries to read it."""
    broken = aged(Freshness("kept.age()"))
    with serve_stored(stored, broken) as running:
        running.execute("DROP FUNCTION kept.age()")
        running.data(QUERY)
        rested(running)
        log = Log(server_log)
        for _ in range(3):
            assert sources(running.data(QUERY)) == {"live"}
        assert len([text for text in log.new() if text.startswith("execute ")]) == 3
        running.execute(AGE)
        running.run(running.service.republish())
        assert sources(running.data(QUERY)) == {"kept"}


def test_a_missing_document_makes_its_field_live(
    stored: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_stored(stored, beside) as running:
        running.execute("DELETE FROM kept.writer WHERE id = 2")
        caplog.clear()
        with caplog.at_level(logging.WARNING, "fraiseql"):
            for _ in range(3):
                answer = running.data(BY_ROWS)["writers"]
                assert [row["name"] for row in answer] == ["live Ada", "live Bob", "live Cy"]
        assert len(caplog.records) == 1
        assert "document of Writer is missing" in caplog.text
        chosen = "{ writers(where: {rank: {gt: 1}}) { name novels { title } } }"
        assert sources(running.data(chosen)) == {"kept"}, "where none is missing"


@pytest.mark.parametrize("limit", [-1, 5000])
def test_other_errors_stay_errors(stored: str, limit: int) -> None:
    with serve_stored(stored, beside) as running:
        error = running.error(f"{{ writers(limit: {limit}) {{ name novels {{ title }} }} }}")
        assert error["extensions"]["code"] in {"BAD_USER_INPUT", "TOO_COMPLEX"}
