"""Recorded reads: a resolver without tags is exact, or the reason is named."""

import json
import logging
from typing import Any

import pytest

from fraiseql.caching.dependencies import names
from fraiseql.caching.results import recorded_dependencies
from fraiseql.caching.results.caches import ResultCaches
from tests.integration.caching.results.engine.cache_fixture import until
from tests.integration.caching.results.recorded.env import (
    CALLS,
    TABLES,
    Author,
    board,
    dashboard,
)
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import respond
from tests.integration.serving.served import Served

EXACT = {
    "{ v: notes { words author } }": "UPDATE author SET name = 'Eve' WHERE id = 1",
    "{ v: crates { label } }": "UPDATE crate SET label = 'empty'",
    "{ v: shop { crates } }": "INSERT INTO crate VALUES (2, 'new')",
    "{ v: words(authorId: 1) }": "UPDATE note SET words = 'new' WHERE id = 1",
    '{ v: branches(by: "author") }': "INSERT INTO author VALUES (9, 'Cy')",
    "{ v: limited }": "INSERT INTO note VALUES (7, 1, 'x')",
    "{ v: nested }": "INSERT INTO note VALUES (8, 2, 'x')",
}
UNKNOWN = {
    "undeclared": ("not_applied", 'the writes of "public"."hidden" are not logged'),
    "elsewhere": ("unrecorded", "it ran no statement"),
    "clock": ("cache_volatile", "it calls now()"),
    "byHand": ("unrecorded", "a connection of the pool"),
    "settings": ("unrecorded", "'SET LOCAL enable_sort = off', which is no SELECT"),
    "stable": ("cache_unknown", "it calls counted()"),
}


def ask(env: Served, query: str, **more: Any) -> tuple[str, str, Any]:
    """Return how a field was answered, the reason, and its value, when that is stored."""
    response = respond(env, query, **more)
    caches = env.service.results
    assert isinstance(caches, ResultCaches)
    env.run(until(lambda: not len(caches.runtime.background)))
    answered = None if response.cached is None else response.cached.answers["v"]
    value = json.loads(bytes(response.body))["data"]["v"]
    return *(("", "") if answered is None else (answered.outcome, answered.detail)), value


@pytest.mark.parametrize("query", EXACT)
def test_a_resolver_without_tags_is_exact(env: Served, query: str) -> None:
    learning, first, hit = (ask(env, query) for _ in range(3))
    assert learning[:2] == ("bypass", "learning")
    assert (first[0], hit[0]) == ("miss", "hit")
    assert learning[2] == first[2] == hit[2]
    env.execute(EXACT[query])
    outcome, reason, value = ask(env, query)
    assert (outcome, reason) == ("stale", "changed")
    assert value != hit[2]


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_named(
    env: Served, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    word, reason = UNKNOWN[name]
    with caplog.at_level(logging.WARNING):
        answers = [ask(env, f"{{ v: {name} }}") for _ in range(3)]
    assert answers[-1][:2] == ("bypass", word)
    assert sum(reason in record.getMessage() for record in caplog.records) == 1


def test_a_value_without_the_result_of_a_failed_statement_is_not_stored(env: Served) -> None:
    answers = [ask(env, "{ v: failing }") for _ in range(3)]
    assert {answer[:2] for answer in answers} == {("bypass", "statement_failed")}


@pytest.mark.parametrize("name", ["dashboard", "board"])
def test_a_value_of_a_program_with_a_time_only_is_exact(env: Served, name: str) -> None:
    values = [ask(env, f"{{ v: {name} }}")[2] for _ in range(4)]
    assert len(set(values)) == 1
    assert CALLS[name] == 2, "the first one teaches the reads"
    env.execute("INSERT INTO note SELECT max(id) + 1, 1, 'x' FROM note")
    assert ask(env, f"{{ v: {name} }}")[2] == values[0] + 1
    assert "extensions" not in env.ask(f"{{ v: {name} }}")


def test_a_time_limits_what_is_not_known_and_the_response_says_how_old(env: Served) -> None:
    assert [ask(env, "{ v: limitedElsewhere }")[0] for _ in range(2)] == ["miss", "hit"]
    ((report,),) = [env.ask("{ v: limitedElsewhere }")["extensions"]["staleness"]]
    assert report["seconds"] > 0


def test_another_relation_of_the_same_name_is_noticed(env: Served) -> None:
    database = env.fetch("SELECT current_database() AS name")[0]["name"]
    env.execute(f'ALTER DATABASE "{database}" SET search_path = first, public')
    env.run(env.service.pool.check())
    query = '{ v: branches(by: "note") }'
    for _ in range(3):
        before = ask(env, query)
    assert before[0] == "hit"
    env.execute("CREATE SCHEMA first; CREATE TABLE first.note (id int)")
    assert [ask(env, query)[2] for _ in range(3)] == [0, 0, 0]
    env.execute("DROP SCHEMA first CASCADE")
    assert ask(env, query)[2] == before[2]


def test_without_the_names_another_relation_is_not_noticed(
    env: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_names(*_: Any) -> str:
        return names._CASTS

    monkeypatch.setattr(recorded_dependencies, "load_names", no_names)
    database = env.fetch("SELECT current_database() AS name")[0]["name"]
    env.execute(f'ALTER DATABASE "{database}" SET search_path = first, public')
    env.run(env.service.pool.check())
    query = "{ v: shadowed }"
    for _ in range(3):
        before = ask(env, query)
    env.execute("CREATE SCHEMA first; CREATE TABLE first.note (id int)")
    assert ask(env, query) == before
    env.execute("DROP SCHEMA first CASCADE")


def test_a_new_definition_is_noticed(env: Served) -> None:
    query = "{ v: words(authorId: 2) }"
    for _ in range(3):
        before = ask(env, query)
    assert before[0] == "hit"
    env.execute(
        "CREATE OR REPLACE FUNCTION shout(words text) RETURNS text IMMUTABLE LANGUAGE sql"
        " AS 'SELECT lower(words)'"
    )
    assert ask(env, query)[2] == [word.lower() for word in before[2]]


def test_without_any_declared_cache_a_value_of_a_program_is_exact(database: str) -> None:
    at_once(run_sql(database, TABLES))
    served = Served(database, queries=[dashboard, board], types=[Author], worker=False)
    try:
        served.run(served.service.start())
        for name in ("dashboard", "board"):
            values = [ask(served, f"{{ v: {name} }}")[2] for _ in range(3)]
            assert (values, CALLS[name]) == ([2, 2, 2], 2)
        served.execute("DELETE FROM note WHERE id = 2")
        assert [ask(served, f"{{ v: {name} }}")[2] for name in ("dashboard", "board")] == [1, 1]
        assert "extensions" not in served.ask("{ dashboard board }")
    finally:
        served.close()
