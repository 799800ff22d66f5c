"""Verify and repair: a document that differs from its row is found and repaired."""

import fraiseql
from fraiseql.caching.verify import repair, verify
from fraiseql.schema.storage import GeneratedColumn
from tests.integration.caching.ddl.env import applied, migrating, sql


@fraiseql.type(sql_source="mood_of", stored=GeneratedColumn())
class MoodOf:
    id: int
    mood: str | None
    grade: float | None


TABLE = """
CREATE TYPE feeling AS ENUM ('glad', 'sad');
CREATE TABLE mood_of (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood feeling, grade float8);
INSERT INTO mood_of (mood, grade)
SELECT CASE WHEN n % 2 = 0 THEN 'glad' ELSE 'sad' END::feeling, n / 3.0
FROM generate_series(1, 500) n;
"""


async def test_drift_is_found_shown_and_mended(database: str) -> None:
    await sql(database, TABLE)
    await applied(database, MoodOf)
    async with migrating(database) as (writer, wishes):
        stored = (await wishes(MoodOf)).stored_types
        (clean,) = await verify(writer, stored)
        assert (clean.compared, clean.differing) == (500, 0)

        # PostgreSQL renames the label in every row at once, and recomputes no column.
        await writer.execute("ALTER TYPE public.feeling RENAME VALUE 'glad' TO 'merry'")
        (result,) = await verify(writer, stored)
        assert (result.compared, result.differing) == (500, 250)
        assert len(result.differences) == 20
        first = result.differences[0]
        assert list(first.lines()) == ['id=2: mood: stored "glad", live "merry"']

        (sampled,) = await verify(writer, stored, sample=20)
        assert 0 < sampled.differing < sampled.compared < 250

        before = await sql(database, "SELECT id, xmin::text FROM mood_of WHERE id % 2 = 1")
        assert await repair(writer, stored) == {"MoodOf": 250}
        after = await sql(database, "SELECT id, xmin::text FROM mood_of WHERE id % 2 = 1")
        assert before == after, "rows that were right are not written"
        (mended,) = await verify(writer, stored)
        assert mended.differing == 0
