"""The seed's listings: quoted as printed, and their declarations answer correctly.

The page runs with the other pages. The package contains ``cached_query`` and ``DatabaseCache``,
which the listings define; the page shows their use.
"""

import asyncio
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import fraiseql
from fraiseql.testing import Client
from tests.architecture.source_tree import ROOT
from tests.docs.pages import Block, Reader, blocks_of
from tests.integration.caching.results.engine.cache_fixture import until
from tests.integration.serving.served import Served, execute, served

SEED = ROOT / "tests" / "docs" / "seed.md"
PRINTED = [
    '@fraiseql.type(sql_source="mv_dashboard_stats", jsonb_column="top_users")',
    'return await repo.find_one("mv_dashboard_stats")',
    "from fraiseql.repositories import Repository",
    '@type(sql_source="users", jsonb_column="data")',
    "    user_posts: list[Post] | None = None",
    '@fraiseql.type(sql_source="mv_dashboard")',
    "async def user(info, id: int) -> User:",
    '    repo = Repository(info.context["db"], info.context)',
    '    return await repo.find_one("users", id=id)',
    '    result = await repo.db.fetchrow("SELECT * FROM mv_dashboard")',
    '    return fraiseql_rs.transform_one(result, "Dashboard", info)',
    "async def active_users(info, limit: int = 10) -> list[User]:",
    'where={"active": True, "deleted_at": None}',
    'return await cached_query(\n        cache_key="dashboard:main",\n        ttl=300,',
    "query_fn=lambda: execute_expensive_query()",
    'cache = DatabaseCache(info.context["db"])',
    'return await cache.get_or_compute(\n        cache_key="dashboard:main",',
    "compute_fn=lambda: compute_expensive_dashboard()",
    'stats = await cache.get_cache_stats("dashboard")',
]


def listings() -> list[Block]:
    return [block for block in blocks_of(SEED) if block.language == "python" and block.runs]


@pytest.fixture(scope="module")
def page(database: str) -> Iterator[ModuleType]:
    """The page's module after every listing."""
    for block in blocks_of(SEED):
        if block.language == "sql":
            asyncio.run(execute(database, block.text))
    reader = Reader(SEED, database)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FRAISEQL_DATABASE_URL", database)
        for block in listings():
            exec(compile(block.text, str(SEED), "exec"), vars(reader.module))
    yield reader.module
    reader.leave()


@pytest.fixture(scope="module")
def seed(page: ModuleType, database: str) -> Iterator[Served]:
    queries = [page.user, page.dashboard, page.active_users]
    with served(database, queries=[*queries, stats_of(page)]) as running:
        yield running


def stats_of(page: ModuleType) -> Any:
    """The first ``dashboard`` of the page, whose name the second one takes."""
    space = {**vars(page)}
    (listing,) = [block for block in listings() if "class DashboardStats" in block.text]
    text = listing.text.replace("def dashboard(", "def stats(")
    exec(compile(text, str(SEED), "exec"), space)
    return space["stats"]


@pytest.mark.parametrize("line", PRINTED)
def test_the_page_has_the_listings_as_printed(line: str) -> None:
    assert line in "\n".join(block.text for block in listings())


def test_a_materialized_view_with_a_document(seed: Served) -> None:
    body = seed.body("{ stats { totalUsers totalPosts postsToday avgPostLength topUsers } }")
    assert json.loads(body)["data"]["stats"] == {
        "totalUsers": 4,
        "totalPosts": 12,
        "postsToday": seed.fetch(
            "SELECT count(*) AS n FROM posts WHERE created_at > now() - interval '24 hours'"
        )[0]["n"],
        "avgPostLength": 6.5,
        "topUsers": [{"id": 1, "name": "Ada", "post_count": 12}],
    }
    assert b'"avgPostLength":6.5000000000000000' in body, "a numeric keeps its digits"


def test_a_user_by_key_with_the_posts_of_the_document(seed: Served) -> None:
    query = "query ($id: Int!) { user(id: $id) { id firstName email userPosts { id title } } }"
    ada = seed.data(query, {"id": 1})["user"]
    assert (ada["firstName"], ada["email"]) == ("Ada", "ada@example.org")
    assert [post["id"] for post in ada["userPosts"]] == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    assert seed.data(query, {"id": 2})["user"]["userPosts"] is None
    error = seed.error(query, {"id": 99})
    assert error["message"] == "Cannot return null for non-nullable field Query.user."


def test_none_means_is_null(seed: Served) -> None:
    """If the filter for None were dropped, the deleted user would be in the answer."""
    expected = seed.fetch("SELECT id FROM tb_user WHERE active AND deleted_at IS NULL ORDER BY id")
    answer = seed.data("{ activeUsers { id active } }")["activeUsers"]
    assert answer == [{"id": row["id"], "active": True} for row in expected]
    assert len(seed.data("{ activeUsers(limit: 1) { id } }")["activeUsers"]) == 1


def test_own_sql_through_transform_one(seed: Served) -> None:
    answer = seed.data("{ dashboard { totalUsers newUsersWeek stats } }")["dashboard"]
    (row,) = seed.fetch("SELECT total_users, new_users_week, stats::text FROM mv_dashboard")
    assert answer == {
        "totalUsers": row["total_users"],
        "newUsersWeek": row["new_users_week"],
        "stats": json.loads(row["stats"]),
    }


def test_a_refresh_that_blocks_no_reader_is_seen(seed: Served) -> None:
    seed.execute("INSERT INTO tb_user (first_name, last_name, email) VALUES ('N', 'N', 'n')")
    assert seed.data("{ stats { totalUsers } }") == {"stats": {"totalUsers": 4}}
    seed.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY mv_dashboard_stats")
    assert seed.data("{ stats { totalUsers } }") == {"stats": {"totalUsers": 5}}
    seed.execute("DELETE FROM tb_user WHERE email = 'n'")
    seed.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY mv_dashboard_stats")


def test_results_have_the_keys_of_the_listings(
    page: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ask() -> dict[str, Any]:
        page.computed.clear()
        query = "{ expensiveQuery { totalUsers } dashboard { totalUsers } }"
        async with Client(page.cached) as client:
            first = await client.execute(query)
            await until(lambda: not len(page.cached.service.results.runtime.background))
            second = await client.execute(query)
            assert first.data == second.data
            page.cache = page.DatabaseCache(page.cached.service.context()["db"])  # type: ignore[attr-defined]
            await page.analyze_cache_performance()
            entries: dict[str, Any] = await page.cache.get_cache_stats("dashboard")
            return entries

    stats = asyncio.run(ask())
    assert sorted(page.computed) == ["dashboard", "query"]
    assert sorted(stats) == [
        "avg_computation_ms",
        "entries_with_hits",
        "total_entries",
        "total_hits",
    ]
    assert (stats["total_entries"], stats["total_hits"], stats["entries_with_hits"]) == (1, 1, 1)
    assert "Dashboard cache: 1 hits, avg computation: " in capsys.readouterr().out


def test_the_two_spellings_of_the_decorator_are_one(page: ModuleType) -> None:
    assert page.type is fraiseql.type
