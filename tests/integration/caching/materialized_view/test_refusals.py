"""Declarations of materialized views that are refused before anything is created."""

from typing import Any

import pytest

import fraiseql
from fraiseql.caching.refresh.status import view_statuses
from fraiseql.errors import DeclarationError
from tests.integration.caching.ddl.env import migrating, planned, sql
from tests.integration.caching.materialized_view.views import (
    BY_AUTHOR,
    authors_type,
    counts_type,
    view,
)

FOREIGN = """
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE other (id int) SERVER s
"""


async def refused(url: str, type_: Any) -> list[tuple[str, str]]:
    return [(result.code, str(result)) for result in (await planned(url, type_)).refusals]


def counting(what: str, source: str = "tb_user") -> str:
    return f"SELECT count(*) AS users, 1 AS posts, 1 AS words FROM {source} WHERE {what}"


async def test_rows_without_a_key(url: str) -> None:
    ((code, text),) = await refused(
        url, counts_type("SELECT id AS users, 1 AS posts, 2 AS words FROM tb_user")
    )
    assert code == "NEEDS_KEY"
    assert "key=(" in text
    ((code, text),) = await refused(url, authors_type(key=("idd",)))
    assert code == "NEEDS_KEY"
    assert "'id'?" in text


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS users, 1 AS posts, 2 AS words FROM tb_user ORDER BY 1 LIMIT 5",
        "SELECT (SELECT count(*) FROM tb_user) AS users, 1 AS posts, 2 AS words",
        "SELECT max(n) AS users, 1 AS posts, 2 AS words FROM (SELECT 1 AS n GROUP BY 1) a",
    ],
)
async def test_one_row_needs_no_key(url: str, query: str) -> None:
    assert await refused(url, counts_type(query)) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS users, 1 AS posts, 2 AS words FROM tb_user GROUP BY name",
        "SELECT count(*) AS users, generate_series(1, 2) AS posts, 2 AS words FROM tb_user",
        "SELECT 1 AS users, generate_series(1, 2) AS posts, 2 AS words",
        "SELECT * FROM (VALUES (1, 2, 3), (4, 5, 6)) AS t (users, posts, words)",
    ],
)
async def test_more_than_one_row_is_seen(url: str, query: str) -> None:
    assert [code for code, _ in await refused(url, counts_type(query))] == ["NEEDS_KEY"]


async def test_a_column_is_not_called_as_the_key_that_is_added(url: str) -> None:
    query = "SELECT 1 AS users, 2 AS posts, 3 AS words, 4 AS fraiseql_k"
    assert [code for code, _ in await refused(url, counts_type(query))] == ["VIEW_NOT_STORABLE"]


@pytest.mark.parametrize(
    ("called", "what"),
    [
        ("random", "random() < 2"),
        ("clock_timestamp", "clock_timestamp() > '2000-01-01'"),
        ("current_user", "name <> CURRENT_USER"),
        ("current_setting", "name <> current_setting('TimeZone')"),
        ("own", "own(id) > 0"),
        ("random", "id IN (SELECT id FROM inner_view)"),
    ],
)
async def test_what_changes_by_itself(url: str, called: str, what: str) -> None:
    await sql(
        url,
        "CREATE FUNCTION own(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT 1';"
        "CREATE VIEW inner_view AS SELECT id FROM tb_user WHERE random() < 2",
    )
    ((code, text),) = await refused(url, counts_type(counting(what)))
    assert code == "VIEW_CHANGES"
    assert f"{called}()" in text


async def test_a_view_that_changes_by_itself_is_refused_as_a_query_is(url: str) -> None:
    await sql(url, "CREATE VIEW v_mine AS SELECT id FROM tb_user WHERE name = current_user")

    @fraiseql.type(sql_source="v_mine", stored=fraiseql.MaterializedView(refresh="1h", key=("id",)))
    class Mine:
        id: int

    assert [code for code, _ in await refused(url, Mine)] == ["VIEW_CHANGES"]


async def test_the_clock_needs_a_schedule(url: str) -> None:
    for clock in ("now()", "CURRENT_DATE", "age(timestamp '2000-01-01')"):
        query = counting(f"({clock})::text <> ''")
        ((code, text),) = await refused(url, counts_type(query))
        assert code == "VIEW_CHANGES"
        assert "refresh=" in text
        assert await refused(url, counts_type(query, refresh="5m")) == []


async def test_conversions_are_no_reason(url: str) -> None:
    query = (
        "SELECT count(*) AS users, jsonb_agg(to_jsonb(name)) AS posts,"
        " to_char(max(id), '999') AS words FROM tb_user"
    )
    assert await refused(url, counts_type(query)) == []


async def test_sql_that_is_none(url: str) -> None:
    ((code, text),) = await refused(url, counts_type("SELECT cont(*) FROM tb_user"))
    assert code == "VIEW_NOT_STORABLE"
    assert "function cont() does not exist" in text
    ((code, text),) = await refused(url, counts_type("SELECT 1 AS users, 2 AS post, 3 AS words"))
    assert code == "COLUMN_NOT_STORABLE"
    assert "'post'?" in text


@pytest.mark.parametrize(
    ("change", "source", "why"),
    [
        ("CREATE MATERIALIZED VIEW other AS SELECT 1", "other", "materialized view"),
        ("CREATE UNLOGGED TABLE other (id int)", "other", "not logged"),
        ("SELECT 1", "pg_class", "belongs to PostgreSQL"),
        ("CREATE VIEW other AS SELECT oid FROM pg_class", "other", "belongs to PostgreSQL"),
        (
            FOREIGN,
            "other",
            "foreign table",
        ),
    ],
)
async def test_tables_whose_writes_are_not_seen(
    url: str, change: str, source: str, why: str
) -> None:
    await sql(url, change)
    result = await refused(url, authors_type(f"{BY_AUTHOR} HAVING EXISTS (SELECT FROM {source})"))
    assert [code for code, _ in result] == ["WRITES_NOT_SEEN"]
    assert why in result[0][1]
    await sql(url, "DROP FOREIGN DATA WRAPPER IF EXISTS w CASCADE")


async def test_row_security(url: str) -> None:
    await sql(url, "ALTER TABLE tb_post ENABLE ROW LEVEL SECURITY")
    result = await refused(url, authors_type())
    assert [code for code, _ in result] == ["ROW_SECURITY"]


async def test_a_name_that_is_taken(url: str) -> None:
    await sql(url, "CREATE MATERIALIZED VIEW mv_counts AS SELECT 1")
    result = await refused(url, counts_type())
    assert [code for code, _ in result] == ["NAME_TAKEN"]


def test_declarations_that_say_too_little() -> None:
    for options in (
        {"on_write": False},
        {"when_stale": "live"},
        {"when_stale": "sometimes", "refresh": "5m"},
        {"refresh": "soon"},
        {"target_lag": "0s"},
        {"key": "id"},
    ):
        with pytest.raises(DeclarationError):
            view(BY_AUTHOR, **options)
    assert view(BY_AUTHOR, refresh="1h 30m").bound == 5400
    assert fraiseql.MaterializedView(refresh="5m", target_lag="30 s").bound == 30


async def test_fields_that_stand_in_a_document_are_refused_at_any_depth(url: str) -> None:
    @fraiseql.type(name="Piece", sql_source="piece", jsonb_column="data")
    class Piece:
        id: int
        title: str

    @fraiseql.type(name="Owner", sql_source="holder", stored=view(None))
    class Owner:
        id: int
        pieces: list[Piece] = fraiseql.embed("piece", on="id")

    await sql(url, "CREATE TABLE holder (id int PRIMARY KEY)")
    await sql(url, "CREATE TABLE piece (id int PRIMARY KEY, data jsonb)")
    ((code, text),) = await refused(url, Owner)
    assert code == "COLUMN_NOT_STORABLE"
    assert text.startswith("Piece.title")
    async with migrating(url) as (writer, wishes):
        assert await view_statuses(writer, (await wishes(Owner)).stored_types) == []
