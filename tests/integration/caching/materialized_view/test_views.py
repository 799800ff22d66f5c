"""A declared view on a real database: applied, refreshed, published with its age."""

from fraiseql.caching.refresh.views import refresh_view
from tests.integration.caching.ddl.road import applied, planned, sql
from tests.integration.caching.materialized_view.views import (
    authors_type,
    counts_type,
    opened,
    published,
    view_of,
)


async def test_a_view_is_made_refreshed_and_knows_its_age(url: str) -> None:
    one = counts_type()
    await applied(url, one)
    assert (await planned(url, one)).empty
    (kept,) = await published(url, one)
    assert kept is not None
    assert (kept.place, kept.document) == ("instead", None)
    assert list(kept.relation.columns) == ["users", "posts", "words"]
    assert kept.freshness is not None
    asked = f"SELECT {kept.freshness.age} AS age, k.* FROM {kept.relation.sql} k"
    (row,) = await sql(url, asked)
    assert (row["age"], row["users"], row["posts"]) == (0, 20, 100)
    await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
    (row,) = await sql(url, asked)
    assert 0 < row["age"] < 5
    assert row["users"] == 20
    view = await view_of(url, one)
    async with opened(url, one) as (writer, _, _):
        done = await refresh_view(writer, view)
    assert done is not None
    assert done.concurrently
    (row,) = await sql(url, asked)
    assert (row["age"], row["users"]) == (0, 21)
    assert [tuple(r) for r in await sql(url, "SELECT users, posts, words FROM mv_counts")] == [
        tuple(r) for r in await sql(url, "SELECT users, posts, words FROM v_counts")
    ]


async def test_rows_with_a_key(url: str) -> None:
    one = authors_type()
    await applied(url, one)
    (kept,) = await published(url, one)
    assert kept is not None
    rows = await sql(url, "SELECT * FROM mv_author EXCEPT ALL SELECT * FROM v_author")
    assert rows == []
