"""Wanted: what a cached query brings into the database, and that it goes again."""

import dataclasses

import fraiseql
from fraiseql.caching.refresh.jobs import needed_jobs
from fraiseql.schema import Schema, build_schema
from tests.cache_environment import apply_schema
from tests.integration.caching.results.dependencies.env import (
    cached,
    depended,
    desired,
    planned,
    run,
    typed,
)

LOGGED = """
SELECT tgrelid::regclass::text AS name FROM pg_trigger
WHERE tgname = 'fraiseql_changes' AND tgenabled = 'A' ORDER BY 1
"""


async def logged(url: str) -> list[str]:
    return [row["name"] for row in await run(url, LOGGED)]


async def test_nothing_is_wanted_without_a_cache(url: str) -> None:
    schema = build_schema(queries=[fraiseql.find("things", typed("v_outer"))])
    assert (await desired(url, schema)).objects == ()
    assert (await planned(url, schema)).empty
    assert needed_jobs(schema) == ()


async def test_a_second_apply_changes_nothing(url: str) -> None:
    for store in ("unlogged", "logged", "redis"):
        schema = cached("v_outer", store=store)
        # Another store wants nothing else to be there.
        assert bool((await apply_schema(url, schema)).steps) == (store == "unlogged")
        plan = await planned(url, schema)
        assert plan.empty, [step.title for step in plan.steps]
        assert {verdict.state for verdict in plan.states} == {"unchanged"}
    assert [job.name for job in needed_jobs(cached("v_outer"))] == ["results", "partitions"]


async def test_what_is_applied_is_traced(url: str) -> None:
    assert not (await depended(url, "v_outer")).traced
    await apply_schema(url, cached("v_outer"))
    assert (await depended(url, "v_outer")).traced
    await run(url, "ALTER TABLE tb_user ENABLE TRIGGER fraiseql_changes")
    assert not (await depended(url, "v_outer")).traced


async def test_every_table_behind_is_logged(url: str) -> None:
    for source, tables in {
        "v_outer": ["tb_user"],
        "tb_secret": ["tb_grant", "tb_secret"],
        "tb_day": ["tb_day", "tb_day_1"],
        "tb_day_1": ["tb_day", "tb_day_1"],
        "tb_post": ["tb_post"],
    }.items():
        await apply_schema(url, cached(source))
        assert await logged(url) == tables


async def test_embeds_and_tags_are_logged_too(url: str) -> None:
    @fraiseql.type(name="Grant", sql_source="tb_grant")
    class Grant:
        id: int

    @fraiseql.type(name="Post", sql_source="tb_post")
    class Post:
        id: int
        grants: list[Grant] = fraiseql.embed("tb_grant", on="secret")

    @fraiseql.type(name="User", sql_source="tb_user")
    class User:
        id: int
        posts: list[Post] = fraiseql.embed("tb_post", on="author")

    @fraiseql.query(cache=fraiseql.Cache(tags=("v_outer", "tb_day_1", "people")))
    def names() -> list[str]:
        return []

    await apply_schema(
        url, build_schema(queries=[fraiseql.find("users", User, cache=fraiseql.Cache())])
    )
    assert await logged(url) == ["tb_grant", "tb_post", "tb_user"]
    await apply_schema(url, build_schema(queries=[names]))
    assert await logged(url) == ["tb_day", "tb_day_1", "tb_user"]


async def test_cached_operations_log_the_tables_of_all_queries(url: str) -> None:
    queries = [
        fraiseql.find("people", typed("v_outer", name="Person")),
        fraiseql.find("posts", typed("tb_post", name="Post")),
    ]
    schema: Schema = dataclasses.replace(
        build_schema(queries=queries), operation_caches=(fraiseql.Cache(store="logged"),)
    )
    await apply_schema(url, schema)
    assert await logged(url) == ["tb_post", "tb_user"]
    rows = await run(url, "SELECT to_regclass('fraiseql.results_l0')::text AS name")
    assert rows[0]["name"] == "fraiseql.results_l0"


async def test_a_declaration_that_goes_takes_all_of_it_along(url: str) -> None:
    await apply_schema(url, cached("v_outer", tags=("tb_post.author={id}",), by=("id",)))
    plain = build_schema(queries=[fraiseql.find("things", typed("v_outer"))])
    assert {step.action for step in (await planned(url, plain)).steps} == {"drop"}
    await apply_schema(url, plain)
    assert await logged(url) == []
    left = await run(
        url,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'fraiseql' AND c.relkind = 'r' ORDER BY 1",
    )
    assert [row["relname"] for row in left] == ["ledger", "ledger_version"]
    assert not await run(url, "SELECT FROM pg_proc WHERE pronamespace = 'fraiseql'::regnamespace")


async def test_views_and_caches_share_their_triggers(url: str) -> None:
    view = fraiseql.MaterializedView(sql="SELECT count(*) AS id FROM tb_post", on_write=True)
    counts = typed("mv_counts", name="Counts", stored=view)
    both = build_schema(
        queries=[
            fraiseql.find_one("counts", counts, by=None, cache=fraiseql.Cache()),
            fraiseql.find("posts", typed("tb_post", name="Post"), cache=fraiseql.Cache()),
        ]
    )
    await apply_schema(url, both)
    assert (await planned(url, both)).empty
    assert await logged(url) == ["tb_post"]
    alone = build_schema(queries=[fraiseql.find_one("counts", counts, by=None)])
    await apply_schema(url, alone)
    assert await logged(url) == ["tb_post"]


async def test_an_asynchronous_projection_records_when_its_queue_was_processed(url: str) -> None:
    @fraiseql.type(name="User", sql_source="tb_user", stored=fraiseql.Projection(mode="async"))
    class User:
        id: int
        name: str

    schema = build_schema(queries=[fraiseql.find("users", User, cache=fraiseql.Cache())])
    await apply_schema(url, schema)
    assert (await planned(url, schema)).empty
    actual = await depended(url, "tv_user")
    assert actual.traced
    (table,) = actual.tags
    await run(url, "DELETE FROM fraiseql.changes", "INSERT INTO tb_user VALUES (1, 'Ada')")
    before = "SELECT tag FROM fraiseql.changes"
    assert table not in [row["tag"] for row in await run(url, before)]
    drain = await run(
        url,
        "SELECT oid::regproc::text AS name FROM pg_proc WHERE proname LIKE '%drain%'"
        " AND pronamespace = 'fraiseql'::regnamespace",
    )
    await run(url, f"SELECT {drain[0]['name']}(100)")
    assert table in [row["tag"] for row in await run(url, before)]
