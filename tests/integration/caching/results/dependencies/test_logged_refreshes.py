"""Marks: what is kept instead of the tables tells the log when it changes, as no trigger does."""

import fraiseql
from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema, build_schema
from tests.cache_environment import apply_schema
from tests.integration.caching.results.dependencies.env import desired, opened, planned, run, typed

LOGGED = "SELECT tag, xid::text AS xid FROM fraiseql.changes ORDER BY xid"


def schema() -> Schema:
    view = fraiseql.MaterializedView(sql="SELECT count(*) AS id FROM tb_post", on_write=True)
    counts = typed("mv_counts", name="Counts", stored=view)
    cache = fraiseql.Cache(stale="1m")
    return build_schema(queries=[fraiseql.find_one("counts", counts, by=None, cache=cache)])


async def test_a_refresh_is_in_the_log(url: str) -> None:
    await apply_schema(url, schema())
    view = physical((await desired(url, schema())).stored_types[0])
    (own,) = await run(url, f"SELECT '{view}'::regclass::oid::text AS tag")
    async with opened(url) as pool, open_admin(pool) as writer:
        for number in range(2):
            await run(url, f"INSERT INTO tb_post VALUES ({number}, 1, 1)")
            before = await run(url, LOGGED)
            assert await writer.fetchval(f"SELECT {age(view)}") > 0
            await refresh_view(writer, view)
            rows = [row["tag"] for row in await run(url, LOGGED) if row not in before]
            assert rows == [own["tag"]]
            # What it says of the view is no write that the view lacks.
            assert await writer.fetchval(f"SELECT {age(view)}") == 0
        await compact(writer, 0.0)
        assert await run(url, LOGGED) == []
        floors = {row["tag"] for row in await run(url, "SELECT tag FROM fraiseql.changes_floor")}
        assert own["tag"] in floors
    assert (await planned(url, schema())).empty


async def test_a_refresh_that_fails_is_not(url: str) -> None:
    await apply_schema(url, schema())
    view = physical((await desired(url, schema())).stored_types[0])
    await run(url, "INSERT INTO tb_post VALUES (1, 1, 1)")
    before = await run(url, LOGGED)
    async with opened(url) as pool, open_admin(pool) as writer, writer.begun():
        # Another one refreshes it.
        await writer.execute("SELECT FROM fraiseql.view_state FOR UPDATE")
        async with open_admin(pool) as late:
            assert await refresh_view(late, view) is None
    assert await run(url, LOGGED) == before


async def test_a_log_that_is_emptied_after_a_restore_raises_the_floor(url: str) -> None:
    await apply_schema(url, schema())
    view = physical((await desired(url, schema())).stored_types[0])
    await run(
        url,
        "INSERT INTO tb_post VALUES (1, 1, 1)",
        "INSERT INTO fraiseql.changes VALUES ('1', '9999999999', now())",
        "UPDATE fraiseql.view_state SET cluster = 'another'",
    )
    (row,) = await run(url, "SELECT tag, xid::text AS xid FROM fraiseql.changes WHERE tag <> '1'")
    async with opened(url) as pool, open_admin(pool) as writer:
        await refresh_view(writer, view)
    left = await run(
        url, "SELECT tag FROM fraiseql.changes WHERE tag IN ('1', '" + row["tag"] + "')"
    )
    assert left == []
    floors = await run(url, "SELECT tag, xid::text AS xid FROM fraiseql.changes_floor")
    assert [dict(floor) for floor in floors] == [dict(row)]
