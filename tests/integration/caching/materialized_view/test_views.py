"""A declared view on a real database: applied, refreshed, published with its age."""

import pytest

import fraiseql
from fraiseql.caching.refresh.status import view_statuses
from fraiseql.caching.strategies.materialized_view.policy import Policy
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_state, refresh_view
from fraiseql.caching.verify import repair, verify
from fraiseql.errors import FraiseQLError
from fraiseql.testing import Client
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.materialized_view.views import (
    authors_type,
    counts_type,
    opened,
    published,
    view_of,
)


async def test_a_view_is_created_refreshed_and_reports_its_age(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    assert (await planned(url, counts)).empty
    (stored,) = await published(url, counts)
    assert stored is not None
    assert (stored.place, stored.document) == ("instead", None)
    assert list(stored.relation.columns) == ["users", "posts", "words"]
    assert stored.freshness is not None
    query = f"SELECT {stored.freshness.age} AS age, k.* FROM {stored.relation.sql} k"
    (row,) = await sql(url, query)
    assert (row["age"], row["users"], row["posts"]) == (0, 20, 100)
    await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
    (row,) = await sql(url, query)
    assert 0 < row["age"] < 5
    assert row["users"] == 20
    view = await view_of(url, counts)
    async with opened(url, counts) as (writer, _, _):
        done = await refresh_view(writer, view)
    assert done is not None
    assert done.concurrently
    (row,) = await sql(url, query)
    assert (row["age"], row["users"]) == (0, 21)
    assert [tuple(r) for r in await sql(url, "SELECT users, posts, words FROM mv_counts")] == [
        tuple(r) for r in await sql(url, "SELECT users, posts, words FROM v_counts")
    ]


async def test_rows_with_a_key(url: str) -> None:
    authors = authors_type()
    await applied(url, authors)
    (stored,) = await published(url, authors)
    assert stored is not None
    rows = await sql(url, "SELECT * FROM mv_author EXCEPT ALL SELECT * FROM v_author")
    assert rows == []


@fraiseql.type(sql_source="tb_post")
class Post:
    id: int
    words: int


@fraiseql.type(
    name="User",
    sql_source="tb_user",
    stored=fraiseql.MaterializedView(on_write=True, target_lag="1h", when_stale="live"),
)
class Counted:
    id: int
    name: str
    posts: list[Post] = fraiseql.embed("tb_post", on="author", order_by="-words", limit=2)


@fraiseql.type(name="User", sql_source="tb_user")
class Live:
    id: int
    name: str
    posts: list[Post] = fraiseql.embed("tb_post", on="author", order_by="-words", limit=2)


async def test_documents_of_a_table_with_its_embeds(url: str) -> None:
    await applied(url, Counted)
    (stored,) = [item for item in await published(url, Counted) if item is not None]
    assert (stored.document, stored.embeds) == ("data", frozenset({"posts"}))
    assert stored.relation.key == ("id",)
    query = "{ users(orderBy: [{name: DESC}], limit: 3) { id name posts { id words } } }"
    answers = []
    for each in (Counted, Live):
        app = fraiseql.create_app(
            queries=[fraiseql.find("users", each)], database_url=url, worker=False
        )
        async with Client(app) as client:
            answer = await client.execute(query)
            assert answer.data is not None, answer.errors
            answers.append(answer.data)
    assert answers[0] == answers[1]
    async with opened(url, Counted) as (writer, desired, _):
        (result,) = await verify(writer, desired.stored_types)
        assert (result.compared, result.differing) == (20, 0)


async def test_verify_finds_what_no_write_changed_and_repair_mends_it(url: str) -> None:
    await sql(
        url,
        "CREATE TYPE mood AS ENUM ('good', 'bad'); ALTER TABLE tb_user ADD mood mood;"
        "UPDATE tb_user SET mood = 'good'",
    )
    counts = counts_type("SELECT 1 AS users, 1 AS posts, jsonb_agg(mood) AS words FROM tb_user")
    await applied(url, counts)
    async with opened(url, counts) as (writer, desired, _):
        (result,) = await verify(writer, desired.stored_types)
        assert (result.compared, result.differing) == (1, 0)
        await sql(url, "ALTER TYPE mood RENAME VALUE 'good' TO 'better'")
        (result,) = await verify(writer, desired.stored_types)
        assert (result.compared, result.differing) == (1, 1)
        assert "better" in "".join(result.differences[0].lines())
        assert await repair(writer, desired.stored_types) == {"Counts": 1}
        (result,) = await verify(writer, desired.stored_types)
        assert (result.compared, result.differing) == (1, 0)
        await sql(url, "DELETE FROM tb_user WHERE id = 20 AND false")
        (result,) = await verify(writer, desired.stored_types)
        assert "stale" in result.note


async def test_an_application_before_the_first_apply_says_what_to_do(url: str) -> None:
    app = fraiseql.create_app(
        queries=[fraiseql.find_one("counts", counts_type(), by=None)], database_url=url
    )
    with pytest.raises(FraiseQLError, match="fraiseql db apply"):
        async with Client(app):
            pass


async def test_a_view_without_data_is_no_error_and_repair_fills_it(url: str) -> None:
    author = authors_type()
    await applied(url, author)
    async with opened(url, author) as (writer, desired, _):
        (view,) = await view_statuses(writer, desired.stored_types)
        await sql(url, f"REFRESH MATERIALIZED VIEW {view.view} WITH NO DATA")
        (result,) = await verify(writer, desired.stored_types)
        assert (result.compared, result.differing) == (0, 0)
        assert "has no data" in result.note
        (view,) = await view_statuses(writer, desired.stored_types)
        assert (view.age, view.populated) == (None, False)
        assert "without data, so it is answered live" in str(view)
        state = await refresh_state(writer, view.view)
        # A worker refreshes it, although no write is missing.
        assert state is not None
        assert Policy(every=3600.0).wait(state) < 60
        assert await repair(writer, desired.stored_types) == {"Author": 20}
        (result,) = await verify(writer, desired.stored_types)
        assert (result.compared, result.differing, result.note) == (20, 0, "")
