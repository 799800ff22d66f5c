"""Row tags: the log says of which values rows were written, before and after."""

from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import fraiseql
from fraiseql.caching.results.row_tags import DeclaredTags, load_tags
from fraiseql.caching.results.row_triggers import MOST_KEYS
from fraiseql.schema import Schema, build_schema
from tests.cache_environment import apply_schema
from tests.integration.caching.results.dependencies.env import (
    depended,
    looked,
    opened,
    planned,
    run,
    typed,
)

TAGS = ("tb_post.author={author}", "tb_post.slug={slug}", "tb_post.mark={mark}")
MARK = "aaaaaaaa-0000-4000-8000-00000000000a"


def schema(*tags: str) -> Schema:
    @fraiseql.query(cache=fraiseql.Cache(tags=tags))
    def posts(author: int = 0, slug: str = "", mark: str = "") -> list[int]:
        return []

    return build_schema(queries=[posts])


async def tags_of(url: str, *tags: str) -> DeclaredTags:
    async with opened(url) as pool:
        return await load_tags(pool, fraiseql.Cache(tags=tags))


@pytest.fixture
async def tagged(url: str) -> str:
    await apply_schema(url, schema(*TAGS))
    assert (await planned(url, schema(*TAGS))).empty
    return url


async def logged_by(url: str, *statements: str) -> set[str]:
    """What statements log, without the number of the table in front."""
    await run(url, "DELETE FROM fraiseql.changes", *statements)
    rows = await run(url, "SELECT tag FROM fraiseql.changes")
    return {row["tag"].partition(":")[2] for row in rows} - {""}


async def digest(url: str, value: str) -> str:
    """What stands in the log for a value that is no number: nobody can guess it from outside."""
    ((salt,),) = await run(url, "SELECT tags FROM fraiseql.secret")
    return "#" + sha256(salt + value.encode()).hexdigest()[:32]


async def test_every_event_logs_the_values_before_and_after(tagged: str) -> None:
    slug, marked = f"slug={await digest(tagged, 'one')}", f"mark={await digest(tagged, MARK)}"
    rows_sql = (
        f"INSERT INTO tb_post VALUES (1, 7, 1, 'one', '{MARK.upper()}'), (2, 8, 1, NULL, NULL)"
    )
    assert await logged_by(tagged, rows_sql) == {"author=7", "author=8", slug, marked}
    moved = "UPDATE tb_post SET author = 9 WHERE id = 1"
    assert await logged_by(tagged, moved) == {"author=7", "author=9", slug, marked}
    assert await logged_by(tagged, "DELETE FROM tb_post WHERE id = 2") == {"author=8"}
    assert await logged_by(tagged, "DELETE FROM tb_post WHERE id = 99") == set()
    assert await logged_by(tagged, "TRUNCATE tb_post") == {"author", "slug", "mark"}
    rolled = "BEGIN; INSERT INTO tb_post VALUES (5, 5, 5); ROLLBACK"
    assert await logged_by(tagged, rolled) == set()


async def test_a_secret_that_is_renewed_or_lost_misses_no_write(tagged: str) -> None:
    written = "UPDATE tb_post SET author = 3 WHERE id = 1"
    await run(tagged, "INSERT INTO tb_post VALUES (1, 3, 1, 'one')")
    (row,) = (await tags_of(tagged, "tb_post.slug={slug}")).rows
    shape = (await depended(tagged, "tb_post")).fingerprint
    await run(tagged, "SELECT fraiseql.new_secret()")
    assert (await depended(tagged, "tb_post")).fingerprint != shape, (
        "who has the old one loads again"
    )
    (renewed,) = (await tags_of(tagged, "tb_post.slug={slug}")).rows
    assert renewed.tag("one") != row.tag("one")
    logged = await logged_by(tagged, written)
    assert str(renewed.tag("one")).partition(":")[2] in logged
    assert renewed.tag("7") == row.tag("7")
    await run(tagged, "TRUNCATE fraiseql.secret")
    assert await logged_by(tagged, written) == {"author=3", "slug"}
    (lost,) = (await tags_of(tagged, "tb_post.slug={slug}")).rows
    assert not lost.traced, "the whole table counts"
    await run(tagged, "SELECT fraiseql.new_secret()")


async def test_a_look_up_that_is_planned_notices_another_secret(tagged: str) -> None:
    actual = replace(await depended(tagged, "tb_post"), salted=True)
    connection = await asyncpg.connect(tagged)
    try:
        statement = await connection.prepare(looked(actual))
        assert await statement.fetchval() == actual.fingerprint
        await run(tagged, "SELECT fraiseql.new_secret()")
        assert await statement.fetchval() != actual.fingerprint
    finally:
        await connection.close()


async def test_other_ways_to_write_log_too(tagged: str) -> None:
    merged = """
MERGE INTO tb_post p USING (VALUES (1, 3), (2, 4)) AS v (id, author) ON p.id = v.id
WHEN MATCHED THEN UPDATE SET author = v.author
WHEN NOT MATCHED THEN INSERT (id, author, words) VALUES (v.id, v.author, 0)"""
    await run(tagged, "INSERT INTO tb_post VALUES (1, 1, 1)")
    assert await logged_by(tagged, merged) == {"author=1", "author=3", "author=4"}
    again = """
INSERT INTO tb_post VALUES (1, 6, 1) ON CONFLICT (id) DO UPDATE SET author = excluded.author"""
    assert await logged_by(tagged, again) == {"author=3", "author=6"}
    replica = "SET session_replication_role = replica; DELETE FROM tb_post WHERE id = 1"
    assert await logged_by(tagged, replica) == {"author=6"}
    blind = "SET search_path = ''; INSERT INTO public.tb_post VALUES (9, 9, 9)"
    assert await logged_by(tagged, blind) == {"author=9"}


async def test_very_many_values_are_logged_as_the_column(tagged: str) -> None:
    many = "INSERT INTO tb_post SELECT n, n, 0 FROM generate_series(1, {0}) n"
    actual = await logged_by(tagged, many.format(MOST_KEYS))
    assert len(actual) == MOST_KEYS
    await run(tagged, "DELETE FROM tb_post")
    assert await logged_by(tagged, many.format(MOST_KEYS + 1)) == {"author"}


VALUES: list[tuple[str, Any, str]] = [
    ("author", 7, "7"),
    ("author", "7", "7"),
    ("author", -7, "-7"),
    ("slug", "one", "'one'"),
    ("slug", "", "''"),
    ("slug", "ä=b:c", "'ä=b:c'"),
    ("slug", "long " * 50, "repeat('long ', 50)"),
    ("slug", "ö" * 60, "repeat('ö', 60)"),
    ("mark", MARK, f"'{MARK}'"),
    ("mark", MARK.upper().replace("-", ""), f"'{MARK}'"),
    ("mark", UUID(MARK), f"'{MARK}'"),
]
"""Column, argument, and the same value as it is written."""


async def test_an_argument_has_the_tag_that_its_rows_log(tagged: str) -> None:
    for number, (column, value, written) in enumerate(VALUES):
        declared = await tags_of(tagged, f"tb_post.{column}={{given}}")
        (row,) = declared.rows
        base = (await depended(tagged, "tb_post")).tags
        tags = declared.applied(base, {"given": value})
        assert base[0] not in tags
        assert row.whole in tags
        await run(
            tagged,
            "DELETE FROM fraiseql.changes",
            f"INSERT INTO tb_post (id, author, words, {column}) VALUES ({number}, 1, 1, {written})"
            if column != "author"
            else f"INSERT INTO tb_post (id, author, words) VALUES ({number}, {written}, 1)",
        )
        rows = {row["tag"] for row in await run(tagged, "SELECT tag FROM fraiseql.changes")}
        assert set(tags) & rows == {row.tag(value)}, value


async def test_without_a_value_the_table_counts(tagged: str) -> None:
    declared = await tags_of(tagged, "tb_post.author={given}", "label:people", "news")
    base = (await depended(tagged, "tb_post")).tags
    for value in (None, "seven", True, 1.5, [7]):
        assert set(declared.applied(base, {"given": value})) == {
            *base,
            "label:people",
            "label:news",
        }
    assert set(declared.applied((), {"given": 7})) == {"label:people", "label:news"}


async def test_without_its_triggers_the_table_counts(tagged: str) -> None:
    base = (await depended(tagged, "tb_post")).tags
    names = await run(
        tagged,
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'fraiseql\\_changes\\_%\\_delete'",
    )
    assert len(names) == 3
    for row in names:
        await run(tagged, f"ALTER TABLE tb_post DISABLE TRIGGER {row['tgname']}")
    declared = await tags_of(tagged, "tb_post.author={given}")
    assert declared.applied(base, {"given": 7}) == base


async def test_a_tag_that_means_nothing_is_refused(url: str) -> None:
    for tag, why in {
        "tb_pots.author={author}": "tb_post",
        "tb_post.auhtor={author}": "not name a column",
        "tb_post.words={other}": "the argument 'other'",
        "tb_post.doc={slug}": "not an integer, text or uuid",
        "tb_day.day={author}": "not name a plain table",
        "tb_day_1.day={author}": "not name a plain table",
        "v_outer.id={author}": "not name a plain table",
        "tb_post.author=7": "not have the form",
    }.items():
        plan = await planned(url, schema(tag))
        assert [(slug.code, slug.where) for slug in plan.refusals] == [("CACHE_TAG", "Query.posts")]
        assert why in plan.refusals[0].message, plan.refusals[0].message
    assert not (await planned(url, schema("people", "label:tb_post"))).refusals


async def test_two_columns_and_two_queries_share_what_is_equal(url: str) -> None:
    @fraiseql.query(cache=fraiseql.Cache(tags=("tb_post.author={author}",)))
    def lookup_of(author: int) -> int:
        return 1

    cache = fraiseql.Cache(tags=("tb_post.author={id}",))
    both = build_schema(
        queries=[lookup_of, fraiseql.find("posts", typed("tb_post"), by="id", cache=cache)]
    )
    await apply_schema(url, both)
    assert (await planned(url, both)).empty
