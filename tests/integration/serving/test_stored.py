"""Stored documents are read when they contain the selection."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraiseql.serving import Request
from tests.integration.database.server_log import Log
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served
from tests.integration.serving.stored_by_hand import STORED, TABLES, beside, instead, serve_stored
from tests.sql_text import plain


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(
        run_sql(
            database, TABLES, STORED, "CREATE ROLE a_reader; GRANT SELECT ON writer TO a_reader"
        )
    )
    at_once(run_sql(database, f"ALTER DATABASE {name} SET log_min_duration_statement = 0"))
    return database


@pytest.fixture(scope="module")
def by_table(tables: str) -> Iterator[Served]:
    with serve_stored(tables, beside, pool_size=1) as running:
        yield running
        running.execute("DROP OWNED BY a_reader; DROP ROLE a_reader")


@pytest.fixture(scope="module")
def by_view(tables: str) -> Iterator[Served]:
    with serve_stored(tables, instead) as running:
        yield running


def sources(answer: Any) -> set[str]:
    """Return the first words of an answer's texts: ``live`` or ``kept``."""
    if isinstance(answer, dict):
        return set().union(*map(sources, answer.values()))
    if isinstance(answer, list):
        return set().union(*map(sources, answer))
    return {answer[:4]} if isinstance(answer, str) else set()


COVERED = [
    "{ writers { name novels { title } } }",
    "{ writers(limit: 2, offset: 1) { novels { title } label } }",
    "{ writer(id: 1) { name novels { title } more: novels { id title } } }",
    "{ writers(where: {id: {gt: 1}}, orderBy: [{id: DESC}]) { novels { title } } }",
    '{ writers(where: {name: {startsWith: "live"}}) { name novels { title } } }',
    "{ writers(where: {or: [{id: {eq: 1}}, {not: {rank: {gt: 1}}}]}) { novels { title } } }",
    "{ writers(orderBy: [{name: DESC}]) { novels { title } } }",
    "{ ranked(rank: 3) { name novels { title } } }",
    "{ found(id: 1) { name novels { title } } }",
]
LIVE_ONES = [
    # The document has no embeds of embeds.
    "{ writers(limit: 3) { name novels { title chapters { pages } } } }",
    "{ writer(id: 1) { name novels { title } n: novels { chapters { pages } } } }",
    # The row's own columns, so that no list is sent.
    "{ writers { name } }",
    "{ writer(id: 1) { id name rank label } }",
    "{ found(id: 1) { name } }",
    "{ within { name novels { title } } }",
]


@pytest.mark.parametrize("query", COVERED)
def test_what_the_document_holds_is_read_from_it(by_table: Served, query: str) -> None:
    assert sources(by_table.data(query)) == {"kept"}


@pytest.mark.parametrize("query", LIVE_ONES)
def test_anything_else_is_read_live_wholly(by_table: Served, query: str) -> None:
    assert sources(by_table.data(query)) == {"live"}


@pytest.mark.parametrize("query", [*COVERED, LIVE_ONES[2], LIVE_ONES[4]])
def test_a_relation_with_own_columns_stands_in_for_the_live_one(
    by_view: Served, query: str
) -> None:
    assert sources(by_view.data(query)) == {"kept"}


def test_several_root_fields_each_have_their_own_source(by_table: Served) -> None:
    answer = by_table.data("{ a: writers { name } b: writers { novels { title } } }")
    assert sources(answer["a"]) == {"live"}
    assert sources(answer["b"]) == {"kept"}


def test_resolvers_below_a_field_read_stored_documents(by_table: Served) -> None:
    answer = by_table.data("{ writer(id: 1) { rivals { name novels { title } } } }")
    assert [entry["name"] for entry in answer["writer"]["rivals"]] == ["kept Bob", "kept Cy"]


def test_rows_are_counted_in_the_live_relation(by_table: Served, server_log: Path) -> None:
    log = Log(server_log)
    assert by_table.data("{ counted }") == {"counted": 3}
    assert [text for text in log.new() if "kept" in text] == []


@pytest.mark.parametrize("query", ["{ writers { name novels { id } } }", COVERED[-1]])
def test_a_role_reads_live_with_its_own_rights(by_table: Served, query: str) -> None:
    denied = by_table.error(query, context={"role": "a_reader"})
    assert denied["message"] == "The database role is not allowed to do this."
    by_table.execute("GRANT SELECT ON novel TO a_reader")
    try:
        assert sources(by_table.data(query, context={"role": "a_reader"})) == {"live"}
    finally:
        by_table.execute("REVOKE SELECT ON novel FROM a_reader")


@pytest.mark.parametrize("query", [COVERED[0], COVERED[-1]])
def test_session_variables_alone_change_nothing(by_table: Served, query: str) -> None:
    context = {"session": {"app.tenant": "7"}}
    assert sources(by_table.data(query, context=context)) == {"kept"}


@pytest.mark.parametrize("query", [*COVERED, *LIVE_ONES[:-1]])
def test_one_statement_for_each_root_field(by_table: Served, server_log: Path, query: str) -> None:
    by_table.data(query)
    log = Log(server_log)
    by_table.data(query)
    assert len([text for text in log.new() if text.startswith("execute ")]) == 1


def statements(running: Served, query: str, **context: Any) -> list[tuple[str, str]]:
    explained = running.run(running.service.explain(Request(query), context))
    return [(entry.source, plain(entry.sql)) for entry in explained.statements]


def test_rows_chosen_by_their_key_need_nothing_of_the_live_relation(by_table: Served) -> None:
    (source, sql), live = statements(by_table, "{ writer(id: 1) { novels { id } } }")
    assert source == "projection kept.writer, alone"
    assert sql == (
        'SELECT convert_to(t0."data"::text, \'UTF8\') FROM "kept"."writer" AS t0'
        ' WHERE t0."id" = $1::bigint LIMIT 1'
    )
    assert live[0] == "live"
    assert '"kept"' not in live[1]


def test_rows_chosen_by_more_fetch_their_documents_by_key(by_table: Served) -> None:
    (source, sql), _ = statements(by_table, "{ ranked(rank: 1) { novels { id } } }")
    assert source == "projection kept.writer, by key for each row"
    assert sql == (
        'SELECT coalesce(convert_to((SELECT k."data"::text FROM "kept"."writer" AS k'
        ' WHERE k."id" = t0."id"), \'UTF8\'), \'\') FROM "public"."writer" AS t0'
        ' WHERE t0."rank" = $1::bigint ORDER BY t0."id" LIMIT 1'
    )


def test_explain_shows_the_source_and_both_statements(by_view: Served, by_table: Served) -> None:
    explained = by_view.run(by_view.service.explain(Request(COVERED[0])))
    assert "from the materialized view kept.view; else live:" in explained.plan
    assert [entry.source for entry in explained.statements] == [
        "materialized view kept.view",
        "live",
    ]
    assert [source for source, _ in statements(by_table, "{ writers { name } }")] == ["live"]
    only = statements(by_table, COVERED[0], role="a_reader")
    assert [source for source, _ in only] == ["live"]
