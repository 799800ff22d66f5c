"""Every way to change a base table, each followed by a comparison."""

import asyncpg
import pytest

from fraiseql.caching.strategies.projection import problems
from tests.integration.caching.projection.installation import differences, repair
from tests.integration.caching.projection.interleavings import (
    BLOG_ROWS,
    BLOG_STEPS,
    OFFICE_ROWS,
    OFFICE_STEPS,
)
from tests.integration.caching.projection.schemas import BLOG, OFFICE, USER

MORE_BLOG = {
    "nothing": "UPDATE app.users SET name = name WHERE false",
    "cascade": "DELETE FROM app.users WHERE id = 1",
    "move key": "UPDATE app.posts SET id = id + 1000 WHERE id = 30",
    "truncate leaf": "TRUNCATE app.comments",
    "truncate root": "TRUNCATE app.users CASCADE",
    "conflict": "INSERT INTO app.users VALUES (1, 'again'), (7, 'seven') "
    "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    "merge": "MERGE INTO app.posts p USING (VALUES (10, 2), (20, 1), (77, 3)) AS s(id, u) "
    "ON p.id = s.id WHEN MATCHED AND s.id = 20 THEN DELETE "
    "WHEN MATCHED THEN UPDATE SET user_id = s.u "
    "WHEN NOT MATCHED THEN INSERT (id, user_id, title) VALUES (s.id, s.u, 'merged')",
    "more digits": "BEGIN; UPDATE app.posts SET score = CASE id WHEN 10 THEN 1.0 END; COMMIT; "
    "BEGIN; UPDATE app.posts SET score = 1.00 WHERE id = 10; COMMIT",
    "writing cte": "WITH gone AS (DELETE FROM app.comments RETURNING post_id) "
    "UPDATE app.posts SET title = 'lost comments' FROM gone WHERE posts.id = gone.post_id",
    "many rows": "INSERT INTO app.posts (id, user_id, reviewer_id) "
    "SELECT i, i % 3 + 1, 1 + i % 2 FROM generate_series(1000, 3000) i",
}
MORE_OFFICE = {
    "swap numbers": "UPDATE app.people SET id = id + 10; UPDATE app.people SET id = id - 10",
    "cascade": "DELETE FROM app.sites WHERE code = 1",
    "own parent": "UPDATE app.teams SET parent_id = id",
    "part of a key": "UPDATE app.teams SET country = NULL",
    "truncate middle": "TRUNCATE app.people CASCADE",
}


@pytest.mark.parametrize("name", [*BLOG_STEPS, *MORE_BLOG])
async def test_blog_statement(blog: asyncpg.Connection, name: str) -> None:
    await blog.execute(BLOG_ROWS)
    await blog.execute({**BLOG_STEPS, **MORE_BLOG}[name])
    assert await differences(blog, BLOG) == []
    assert await left_over(blog) == 0


@pytest.mark.parametrize("name", [*OFFICE_STEPS, *MORE_OFFICE])
async def test_office_statement(office: asyncpg.Connection, name: str) -> None:
    await office.execute(OFFICE_ROWS)
    await office.execute({**OFFICE_STEPS, **MORE_OFFICE}[name])
    assert await differences(office, OFFICE) == []


async def left_over(connection: asyncpg.Connection) -> int:
    """Count rows of all queues: whatever ends a transaction leaves none that is visible."""
    names = await connection.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class "
        "WHERE relnamespace = 'fraiseql'::regnamespace AND relkind = 'r' "
        "AND relname ~ '(_queue|^flush)$'"
    )
    return sum([await connection.fetchval(f"SELECT count(*) FROM {row['name']}") for row in names])


async def test_copy_and_savepoints(blog: asyncpg.Connection) -> None:
    await blog.execute(BLOG_ROWS)
    records = [(1000 + i, 1, None, f"t{i}") for i in range(20)]
    names = ["id", "user_id", "reviewer_id", "title"]
    await blog.copy_records_to_table("posts", schema_name="app", records=records, columns=names)
    assert await differences(blog, BLOG) == []
    await blog.execute("""
        BEGIN;
        UPDATE app.users SET name = 'kept' WHERE id = 1;
        SAVEPOINT s; UPDATE app.users SET name = 'lost' WHERE id = 2; ROLLBACK TO s;
        SAVEPOINT t; SET CONSTRAINTS fraiseql.flush IMMEDIATE;
        UPDATE app.users SET name = 'lost' WHERE id = 1; ROLLBACK TO t;
        UPDATE app.posts SET user_id = 2 WHERE id = 10;
        COMMIT""")
    assert await differences(blog, BLOG) == []
    assert await left_over(blog) == 0


async def test_what_no_document_reads_queues_nothing(blog: asyncpg.Connection) -> None:
    await blog.execute(BLOG_ROWS)
    version = "SELECT array_agg(xmin ORDER BY id) FROM app.tv_user"
    before = await blog.fetchval(version)
    async with blog.transaction():
        await blog.execute("UPDATE app.users SET secret = 'x', name = name")
        await blog.execute("UPDATE app.posts SET hidden = 'x'")
        await blog.execute("UPDATE app.posts SET user_id = user_id, title = title")
        assert await left_over(blog) == 0
    assert await blog.fetchval(version) == before
    await blog.execute("UPDATE app.posts SET title = 'x' WHERE id = 10")
    assert await blog.fetchval(version) != before


async def test_a_transaction_reads_its_own_result(blog: asyncpg.Connection) -> None:
    await blog.execute(BLOG_ROWS)
    query = "SELECT data->>'name' FROM app.tv_user WHERE id = 1"
    async with blog.transaction():
        await blog.execute("UPDATE app.users SET name = 'mine' WHERE id = 1")
        assert await blog.fetchval(query) == "one"
        await blog.execute("SET CONSTRAINTS fraiseql.flush IMMEDIATE")
        assert await blog.fetchval(query) == "mine"
        await blog.execute("UPDATE app.users SET name = 'again' WHERE id = 1")
        assert await blog.fetchval(query) == "again"
    assert await differences(blog, BLOG) == []


@pytest.mark.parametrize("level", ["repeatable_read", "serializable"])
async def test_other_isolation_is_refused_for_what_matters(
    blog: asyncpg.Connection, level: str
) -> None:
    await blog.execute(BLOG_ROWS)
    async with blog.transaction(isolation=level):
        await blog.execute("UPDATE app.users SET secret = 'read by no document'")
    with pytest.raises(asyncpg.FeatureNotSupportedError) as caught:
        async with blog.transaction(isolation=level):
            await blog.execute("UPDATE app.users SET name = 'x'")
    assert caught.value.sqlstate == "0A000"
    assert "READ COMMITTED" in (caught.value.hint or "")
    assert await differences(blog, BLOG) == []


async def test_verify_finds_and_repair_mends_only_what_differs(blog: asyncpg.Connection) -> None:
    await blog.execute(BLOG_ROWS)
    untouched = "SELECT xmin FROM app.tv_user WHERE id = 3"
    before = await blog.fetchval(untouched)
    await blog.execute("""
        DELETE FROM app.tv_user WHERE id = 1;
        UPDATE app.tv_user SET data = '{}' WHERE id = 2;
        INSERT INTO app.tv_user VALUES (99, '{}', '{}')""")
    assert len(await differences(blog, BLOG)) == 6
    assert await blog.fetchval(repair(USER)) == 3
    assert await differences(blog, BLOG) == []
    assert await blog.fetchval(untouched) == before
    await blog.execute("UPDATE app.tv_user SET body = '{}' WHERE id = 3")
    assert await blog.fetchval(repair(USER)) == 1
    assert await blog.fetch(problems(USER)) == []
