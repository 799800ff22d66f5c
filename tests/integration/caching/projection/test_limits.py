"""Changes that no trigger notices: found by problems or a comparison, and repaired."""

import asyncpg

from fraiseql.caching.strategies.projection import (
    ProjectionSpec,
    Qualified,
    problems,
)
from tests.integration.caching.projection.installation import fresh, repair, unlike
from tests.integration.caching.projection.interleavings import BLOG_ROWS
from tests.integration.caching.projection.schemas import USER, Case, table

MOODY = ProjectionSpec(
    owner="Moody",
    table=Qualified("app", "tv_moody"),
    view=Qualified("app", "v_moody"),
    view_sql="SELECT id, jsonb_build_object('mood', mood) AS data FROM app.moods",
    root=table("moods", "id bigint"),
    columns=("mood",),
)
MOODS = Case(
    "moods",
    "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('good', 'bad'); "
    "CREATE TABLE app.moods (id bigint PRIMARY KEY, mood app.mood)",
    ("moods",),
    (MOODY,),
    (lambda rows: {(row["id"],): {"mood": row["mood"]} for row in rows["moods"]},),
)


async def test_a_renamed_value_of_an_enum_is_found_and_mended(
    connection: asyncpg.Connection,
) -> None:
    await fresh(connection, MOODS)
    await connection.execute("INSERT INTO app.moods VALUES (1, 'good'), (2, 'bad')")
    await connection.execute("ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse'")
    assert [row["v0"] for row in await unlike(connection, MOODY)] == [2]
    assert await connection.fetchval(repair(MOODY)) == 1
    assert await unlike(connection, MOODY) == []


async def test_triggers_that_were_all_off_are_found_weaker(blog: asyncpg.Connection) -> None:
    await blog.execute(BLOG_ROWS)
    assert await blog.fetch(problems(USER)) == []
    await blog.execute("ALTER TABLE app.users DISABLE TRIGGER ALL")
    await blog.execute("UPDATE app.users SET name = 'unseen' WHERE id = 1")
    await blog.execute("ALTER TABLE app.users ENABLE TRIGGER ALL")
    result = [row["problem"] for row in await blog.fetch(problems(USER))]
    assert [text for text in result if "_update, or it is not ENABLE ALWAYS" in text]
    assert [row["v0"] for row in await unlike(blog, USER)] == [1]
