"""Roles, settings, replica mode, partitions, two-phase commit, large statements."""

import dataclasses
from collections.abc import AsyncIterator

import asyncpg
import pytest

from fraiseql.caching.strategies.projection import (
    EmbedSpec,
    Join,
    ProjectionSpec,
    Qualified,
    index_requirements,
    problems,
    projection_objects,
)
from tests.integration.caching.projection.installation import differences, fresh, install, repair
from tests.integration.caching.projection.interleavings import BLOG_ROWS, connections
from tests.integration.caching.projection.schemas import BLOG, SITE, USER, Case, table


async def test_replica_mode_fires_too(blog: asyncpg.Connection) -> None:
    await blog.execute(BLOG_ROWS)
    await blog.execute("SET session_replication_role = replica")
    await blog.execute("UPDATE app.users SET name = 'applied' WHERE id = 3")
    await blog.execute("RESET session_replication_role")
    assert await differences(blog, BLOG) == []


@pytest.fixture
async def writer(blog: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A role that may write base tables and nothing else, with settings of its own."""
    await blog.execute("""
        DROP ROLE IF EXISTS fql_writer; CREATE ROLE fql_writer;
        GRANT USAGE ON SCHEMA app TO fql_writer;
        GRANT SELECT, INSERT, UPDATE, DELETE ON app.users, app.posts, app.comments TO fql_writer""")
    await blog.execute(BLOG_ROWS)
    yield blog
    await blog.execute("RESET ALL; RESET ROLE; DROP OWNED BY fql_writer; DROP ROLE fql_writer")


async def test_documents_do_not_depend_on_who_writes(writer: asyncpg.Connection) -> None:
    await writer.execute("""
        SET ROLE fql_writer; SET search_path = ''; SET TimeZone = 'Asia/Tokyo';
        SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -15;
        SET bytea_output = 'escape'""")
    await writer.execute("""
        BEGIN; INSERT INTO app.posts (id, user_id, title, at)
        VALUES (55, 1, 't', '2026-05-05 12:00');
        UPDATE app.users SET name = 'x'; SET CONSTRAINTS fraiseql.flush IMMEDIATE; COMMIT""")
    await writer.execute("RESET ROLE")
    assert await differences(writer, BLOG) == []
    stored = await writer.fetchval("SELECT data::text FROM app.tv_user WHERE id = 1")
    assert "2026-05-05T03:00:00+00:00" in stored


async def test_a_writer_has_no_privileges_on_the_projection(writer: asyncpg.Connection) -> None:
    await writer.execute("SET ROLE fql_writer")
    refused = ["DELETE FROM fraiseql.flush", f"TABLE {USER.table.sql}", repair(USER)]
    functions = await writer.fetch(
        "SELECT oid::regprocedure::text AS name FROM pg_proc "
        "WHERE pronamespace = 'fraiseql'::regnamespace AND proname !~ "
        "'^unchanged_' "
        "AND has_function_privilege(oid, 'EXECUTE')"
    )
    assert functions == []
    for statement in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute(statement)


async def test_a_large_statement_locks_edges_not_rows(blog: asyncpg.Connection) -> None:
    await blog.execute(
        "INSERT INTO app.users SELECT i, 'u' FROM generate_series(1, 4000) i;"
        "INSERT INTO app.posts (id, user_id, reviewer_id) "
        "SELECT i, i, 4001 - i FROM generate_series(1, 4000) i"
    )
    async with blog.transaction():
        await blog.execute("UPDATE app.users SET name = 'new'; UPDATE app.posts SET user_id = id")
        await blog.execute("SET CONSTRAINTS fraiseql.flush IMMEDIATE")
        held = await blog.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    assert 0 < held < 10
    assert await differences(blog, BLOG) == []


_ITEMS = """
CREATE TABLE app.items (id bigint, user_id bigint, name text, PRIMARY KEY (id))
  PARTITION BY RANGE (id);
CREATE TABLE app.items_a PARTITION OF app.items FOR VALUES FROM (0) TO (100);
CREATE TABLE app.items_b (name text, user_id bigint, id bigint NOT NULL);
ALTER TABLE app.items ATTACH PARTITION app.items_b FOR VALUES FROM (100) TO (200);
CREATE INDEX ON app.items (user_id);
"""

PARTED = ProjectionSpec(
    owner="Owner",
    table=Qualified("app", "tv_owner"),
    view=Qualified("app", "v_owner"),
    view_sql="SELECT u.id, jsonb_build_object('items', (SELECT jsonb_agg(i.name ORDER BY i.id) "
    "FROM app.items i WHERE i.user_id = u.id)) AS data FROM app.users u",
    root=table("users", "id bigint"),
    columns=("id",),
    embeds=(
        EmbedSpec(
            "items",
            table("items", "id bigint", partitions=("items_a", "items_b")),
            (Join("user_id", "id", "bigint"),),
            True,
            ("name", "id"),
        ),
    ),
)
PARTED_CASE = Case("parted", BLOG.tables + _ITEMS, (), (PARTED,), (lambda rows: {},))


async def drift(connection: asyncpg.Connection) -> int:
    problem_rows = await differences(connection, PARTED_CASE)
    return len([each for each in problem_rows if each.startswith("view")])


async def test_partitions(connection: asyncpg.Connection) -> None:
    await fresh(connection, PARTED_CASE)
    for statement in (
        "INSERT INTO app.users VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO app.items VALUES (1, 1, 'x'), (101, 1, 'y')",
        "INSERT INTO app.items_b (id, user_id, name) VALUES (102, 2, 'z')",
        "UPDATE app.items_a SET name = 'leaf'",
        "UPDATE app.items SET id = 150 WHERE id = 1",
        "DELETE FROM app.items_b WHERE id = 101",
        "TRUNCATE app.items_b",
        "INSERT INTO app.items VALUES (3, 1, 'x')",
        "TRUNCATE app.items",
    ):
        await connection.execute(statement)
        assert await drift(connection) == 0, statement
    assert await connection.fetch(problems(PARTED)) == []


async def test_attaching_and_detaching_are_found_and_mended(connection: asyncpg.Connection) -> None:
    await fresh(connection, PARTED_CASE)
    await connection.execute("""
        INSERT INTO app.users VALUES (1, 'a');
        INSERT INTO app.items VALUES (101, 1, 'old')""")
    await connection.execute("""
        CREATE TABLE app.items_c (LIKE app.items); INSERT INTO app.items_c VALUES (201, 1, 'new');
        ALTER TABLE app.items ATTACH PARTITION app.items_c FOR VALUES FROM (200) TO (300);
        ALTER TABLE app.items DETACH PARTITION app.items_b""")
    problem_rows = {
        row["relation"]: row["problem"] for row in await connection.fetch(problems(PARTED))
    }
    assert "attached" in problem_rows["app.items_c"]
    assert "no longer" in problem_rows['"app"."items_b"']
    assert await drift(connection) == 1
    assert await connection.fetchval(repair(PARTED)) == 1
    assert await drift(connection) == 0


async def test_problems_are_named(blog: asyncpg.Connection) -> None:
    await blog.execute(f"ALTER TABLE app.posts DISABLE TRIGGER fql_{USER.name}_update")
    await blog.execute("ALTER TABLE fraiseql.flush ENABLE TRIGGER flush")
    problem_rows = [row["problem"] for row in await blog.fetch(problems(USER))]
    assert [text for text in problem_rows if "_update, or it is not" in text]
    assert 'has no enabled trigger "flush"' in problem_rows
    try:
        await blog.execute(
            "CREATE COLLATION app.ci (provider = icu, locale = 'und', deterministic = false)"
        )
    except asyncpg.FeatureNotSupportedError:
        return  # A server that is built without ICU has no such collations.
    await blog.execute("CREATE TABLE app.odd (id text COLLATE app.ci PRIMARY KEY)")
    odd = dataclasses.replace(USER, root=table("odd", "id text"), columns=(), embeds=())
    problem_rows = [row["problem"] for row in await blog.fetch(problems(odd))]
    assert [text for text in problem_rows if "of a nondeterministic collation" in text]


async def test_every_lookup_of_the_flush_has_its_index_named() -> None:
    named = {(each.table.name, each.columns) for each in index_requirements(SITE)}
    assert named == {
        ("teams", ("country", "code")),
        ("teams", ("parent_id",)),
        ("people", ("team_id",)),
        ("people", ("boss_id",)),
    }


async def build(connection: asyncpg.Connection) -> None:
    """Run the backfills alone."""
    for spec in BLOG.specs:
        await connection.execute(projection_objects(spec)[-1].create[0])


async def test_building_under_load_loses_nothing(
    connection: asyncpg.Connection, database: str
) -> None:
    await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
    await connection.execute(BLOG.tables)
    await connection.execute("INSERT INTO app.users SELECT i, 'u' FROM generate_series(1, 1500) i")
    await install(connection, BLOG.specs, build=False)
    async with connections(database, 2) as (first, two):
        # Neither finds a document: both are about to write the first version of it.
        await first.execute("BEGIN; INSERT INTO app.posts (id, user_id) VALUES (1, 700)")
        await first.execute("SET CONSTRAINTS fraiseql.flush IMMEDIATE")
        await two.execute("SET lock_timeout = '200ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await build(two)
        assert await two.fetchval("SELECT count(*) FROM app.tv_user") == 500
        await first.execute("COMMIT")
        await two.execute("RESET lock_timeout")
        await build(two)
    assert await differences(connection, BLOG) == []
