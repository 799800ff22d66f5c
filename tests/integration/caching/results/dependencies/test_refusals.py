"""Refusals: what cannot be kept true is refused with the reason, and nothing else is."""

from dataclasses import replace
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.results.refusals import cache_refusals
from fraiseql.schema import Schema, build_schema
from tests.integration.caching.results.dependencies.env import (
    cached,
    depended,
    opened,
    planned,
    run,
    typed,
)

OBJECTS = """
CREATE FUNCTION guess(id int) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION seen(id int) RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM tb_post';
CREATE VIEW v_random AS SELECT id, random() AS chance FROM tb_user;
CREATE VIEW v_guess AS SELECT id, guess(id) FROM tb_user;
CREATE VIEW v_seen AS SELECT id, seen(id) FROM tb_user;
CREATE VIEW v_now AS SELECT id FROM tb_user WHERE now() > '2001-01-01';
CREATE VIEW v_today AS SELECT id FROM tb_user WHERE CURRENT_DATE > '2001-01-01';
CREATE VIEW v_age AS SELECT id, age('2001-01-01'::timestamp) FROM tb_user;
CREATE VIEW v_clock AS SELECT id, clock_timestamp() FROM tb_user;
CREATE VIEW v_mine AS SELECT id FROM tb_user WHERE name = current_user
  OR name = current_setting('app.tenant', true);
CREATE VIEW v_rights AS SELECT id FROM tb_user WHERE has_table_privilege('tb_post', 'SELECT');
CREATE VIEW v_catalog AS SELECT oid::int AS id FROM pg_class;
CREATE VIEW v_loud AS SELECT id, upper(name) || to_char(id, '999') AS name FROM tb_user;
CREATE MATERIALIZED VIEW mv_own AS SELECT id FROM tb_user;
CREATE VIEW v_over AS SELECT id FROM mv_own;
CREATE SEQUENCE counted;
CREATE VIEW v_counted AS SELECT id, last_value FROM tb_user, counted;
CREATE UNLOGGED TABLE tb_loose (id int PRIMARY KEY);
CREATE TABLE tb_rowed (id int PRIMARY KEY);
ALTER TABLE tb_rowed ENABLE ROW LEVEL SECURITY;
CREATE POLICY guessed ON tb_rowed USING (seen(id) > 0);
DROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE;
CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE tb_away (id int) SERVER away;
CREATE TABLE tb_parted (id int NOT NULL) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE tb_far PARTITION OF tb_parted FOR VALUES FROM (9) TO (99) SERVER away;
CREATE TABLE tb_elder (id int PRIMARY KEY);
CREATE FOREIGN TABLE tb_younger () INHERITS (tb_elder) SERVER away;
"""

FOUND: list[tuple[str, dict[str, Any], list[str]]] = [
    ("v_random", {}, ["CACHE_VOLATILE"]),
    ("v_random", {"stale": "1m", "tags": ("tb_post",)}, ["CACHE_VOLATILE"]),
    ("v_guess", {}, ["CACHE_VOLATILE"]),
    ("v_guess", {"tags": ("tb_post",)}, []),
    ("v_seen", {}, ["CACHE_UNKNOWN"]),
    ("v_seen", {"tags": ("tb_post",)}, []),
    ("v_now", {}, ["CACHE_VOLATILE"]),
    ("v_now", {"stale": "1m"}, []),
    ("v_today", {}, ["CACHE_VOLATILE"]),
    ("v_today", {"stale": "1m"}, []),
    ("v_age", {}, ["CACHE_VOLATILE"]),
    ("v_clock", {"stale": "1m"}, ["CACHE_VOLATILE"]),
    ("v_mine", {}, []),
    ("v_rights", {}, ["CACHE_VOLATILE"]),
    ("v_catalog", {}, ["CACHE_WRITES_NOT_SEEN"]),
    ("v_loud", {}, []),
    ("v_outer", {}, []),
    ("v_over", {}, ["CACHE_WRITES_NOT_SEEN"]),
    ("v_counted", {}, ["CACHE_WRITES_NOT_SEEN"]),
    ("v_counted", {"tags": ("tb_post",)}, ["CACHE_WRITES_NOT_SEEN"]),
    ("tb_loose", {}, []),
    ("tb_loose", {"store": "redis"}, []),
    ("tb_loose", {"store": "logged"}, ["CACHE_WRITES_NOT_SEEN"]),
    ("tb_rowed", {}, ["CACHE_UNKNOWN"]),
    ("tb_secret", {}, []),
    ("tb_day_1", {}, []),
    ("tb_away", {}, ["CACHE_WRITES_NOT_SEEN"]),
    ("tb_parted", {}, ["CACHE_WRITES_NOT_SEEN"]),
    ("tb_elder", {}, ["CACHE_WRITES_NOT_SEEN"]),
]
"""What is read, how it is kept, and the codes of what stands against it."""


async def refused(url: str, schema: Schema) -> list[str]:
    async with opened(url) as pool:
        at_start = [refusal.code for refusal in await cache_refusals(schema, pool)]
    plan = await planned(url, schema)
    assert at_start == [item.code for item in plan.refusals if not item.create_only]
    assert all(each.message and each.alternative for each in plan.refusals)
    return at_start


@pytest.fixture
async def tables(url: str) -> str:
    await run(url, OBJECTS)
    return url


async def test_what_sources_do_decides(tables: str) -> None:
    refused_sources = [
        await refused(tables, cached(source, **options)) for source, options, _ in FOUND
    ]
    assert list(zip(FOUND, refused_sources, strict=True)) == [(item, item[2]) for item in FOUND]


async def test_what_depends_on_time_or_session_says_so(tables: str) -> None:
    clocks = {name: (await depended(tables, name)).clock for name in ("v_today", "v_age", "v_mine")}
    assert clocks == {"v_today": True, "v_age": True, "v_mine": False}
    names = ("v_mine", "tb_secret", "v_seen", "v_today", "v_outer", "tb_post")
    sessions = [name for name in names if (await depended(tables, name)).session]
    # A function of one's own may ask for a session variable, whatever its label says.
    assert sessions == ["v_mine", "tb_secret", "v_seen", "v_outer"]
    assert (await depended(tables, "tb_post", predicate="now() > '2001-01-01'")).clock


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT id, slug::timestamptz AS at FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, j.at FROM tb_post, jsonb_to_record(doc) AS j (at date)", "CACHE_VOLATILE"),
        ("SELECT id FROM tb_post TABLESAMPLE system (50)", "CACHE_VOLATILE"),
        ("SELECT id, ctid::text AS place FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, tableoid::regclass::text AS name FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, format_type(words::oid, NULL) FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, slug::timestamptz[] AS at FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, slug::tstzrange AS at FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, slug::dated AS at FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, (slug::dated).day FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, slug::late AS at FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, words::early AS n FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, words::small AS n FROM tb_post", None),
        ("SELECT id, to_tsvector(slug) AS body FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, to_tsvector('english', slug) AS body FROM tb_post", None),
        ("SELECT id, to_tsvector(slug::regconfig, slug) AS body FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, pg_typeof(slug)::text AS type FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, words::regrole::text AS role FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, age(xmin) FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, '12:00'::time::timetz AS at FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, shown FROM tb_shown", "CACHE_VOLATILE"),
        ("SELECT id, s FROM tb_shown AS s", "CACHE_VOLATILE"),
        ("SELECT id, inner_random(id) FROM tb_post", "CACHE_VOLATILE"),
        ("SELECT id, j.n FROM tb_post, jsonb_to_record(doc) AS j (n int)", None),
        ("SELECT id, words::text AS words FROM tb_post", None),
    ],
)
async def test_what_is_called_without_being_named(
    tables: str, query: str, code: str | None
) -> None:
    await run(
        tables,
        "CREATE OR REPLACE FUNCTION inner_random(id int) RETURNS float IMMUTABLE LANGUAGE sql"
        " RETURN id + random()",
        "DROP VIEW IF EXISTS v_hidden",
        "DROP TYPE IF EXISTS dated",
        "CREATE TYPE dated AS (day date)",
        "DROP DOMAIN IF EXISTS late; CREATE DOMAIN late AS date",
        "DROP DOMAIN IF EXISTS early; CREATE DOMAIN early AS int CHECK (now() > '2001-01-01')",
        "DROP DOMAIN IF EXISTS small; CREATE DOMAIN small AS int CHECK (VALUE < 1000000)",
        "CREATE TABLE IF NOT EXISTS tb_shown (id int PRIMARY KEY, shown regclass)",
        f"CREATE VIEW v_hidden AS {query}",
    )
    codes = list(
        {refusal.code: None for refusal in (await planned(tables, cached("v_hidden"))).refusals}
    )
    await run(tables, "DROP VIEW v_hidden")
    assert codes == ([] if code is None else [code])


async def test_predicates_of_embeds_are_asked_too(tables: str) -> None:
    for predicate, options, codes in (
        ("words > 3 AND slug ILIKE 'a%'", {}, []),
        ("words > random()", {}, ["CACHE_VOLATILE"]),
        ("now() > '2001-01-01'", {}, ["CACHE_VOLATILE"]),
        ("CURRENT_DATE > '2001-01-01'", {}, ["CACHE_VOLATILE"]),
        ("CURRENT_DATE > '2001-01-01'", {"stale": "1m"}, []),
        ("slug = current_user", {}, []),
        ("seen(id) > 1", {}, ["CACHE_UNKNOWN"]),
        ("louder(slug) = 'A'", {}, []),
        ("EXISTS (SELECT FROM tb_grant g WHERE g.id = author)", {}, []),
        ("EXISTS (SELECT FROM tb_grant g WHERE g.id = tb_post.id)", {}, ["CACHE_UNKNOWN"]),
        ("EXISTS (SELECT FROM pg_class WHERE relname = slug)", {}, ["CACHE_WRITES_NOT_SEEN"]),
        ("EXISTS (SELECT FROM v_random WHERE chance > words)", {}, ["CACHE_VOLATILE"]),
        ('U&"\\0072andom"() > words', {}, ["CACHE_VOLATILE"]),
        ("slug::timestamptz > '2001-01-01'", {}, ["CACHE_VOLATILE"]),
        ("'today 12:00'::timestamptz > '2001-01-01'", {}, ["CACHE_VOLATILE"]),
        ("date U&'t\\006fday' > '2001-01-01'", {}, ["CACHE_VOLATILE"]),
        ("'2001-01-01'::date > '2001-01-01'", {}, []),
        ("slug = 'now'", {}, []),
        ("words::regtype::text = slug", {}, ["CACHE_VOLATILE"]),
        ("EXISTS (SELECT FROM tb_grant)", {"tags": ("tb_grant",)}, []),
        ("slug = 'select'", {}, []),
    ):

        @fraiseql.type(name="Post", sql_source="tb_post")
        class Post:
            id: int

        @fraiseql.type(name="User", sql_source="tb_user")
        class User:
            id: int
            posts: list[Post] = fraiseql.embed("tb_post", on="author", where=predicate)

        cache = fraiseql.Cache(**options)
        schema = build_schema(queries=[fraiseql.find("users", User, cache=cache)])
        assert await refused(tables, schema) == codes, predicate


@pytest.mark.parametrize(
    "predicate",
    [
        "U&\"\\0063urrent_setting\"('app.tenant') = slug",
        "slug = CURRENT_USER",
        "slug @=@ slug",
        '("fraiseql row").of_tenant',
        "labelled(slug)",
        "slug::tenant = slug",
        "EXISTS (SELECT FROM v_mine)",
        "EXISTS (SELECT FROM tb_secret)",
    ],
)
async def test_a_predicate_that_may_read_the_session_has_it_in_the_key(
    tables: str, predicate: str
) -> None:
    await run(
        tables,
        "CREATE OR REPLACE FUNCTION labelled(slug text) RETURNS bool IMMUTABLE LANGUAGE sql"
        " AS $$SELECT slug = current_setting('app.tenant', true)$$",
        "CREATE OR REPLACE FUNCTION both_labelled(a text, b text) RETURNS bool IMMUTABLE"
        " LANGUAGE sql AS 'SELECT labelled(a) AND labelled(b)'",
        "CREATE OR REPLACE FUNCTION of_tenant(tb_post) RETURNS bool IMMUTABLE LANGUAGE sql"
        " AS 'SELECT labelled($1.slug)'",
        "DROP OPERATOR IF EXISTS @=@ (text, text)",
        "CREATE OPERATOR @=@ (LEFTARG = text, RIGHTARG = text, FUNCTION = both_labelled)",
        "DROP DOMAIN IF EXISTS tenant",
        "CREATE DOMAIN tenant AS text CHECK (labelled(VALUE))",
    )
    assert (await depended(tables, "tb_post", predicate=predicate)).session


async def test_tables_that_a_predicate_reads_are_among_what_is_read(tables: str) -> None:
    within = await depended(tables, "tb_post", predicate="id IN (SELECT id FROM v_loud)")
    named = await depended(tables, "tb_post", "v_loud")
    assert (within.tags, within.reads) == (named.tags, named.reads)
    assert within.tags != (await depended(tables, "tb_post")).tags


async def test_a_python_function_says_what_it_reads_or_how_long_it_lives(tables: str) -> None:
    for options, codes in (
        ({}, []),
        ({"ttl": "1m"}, []),
        ({"stale": "1m"}, []),
        ({"tags": ("tb_post",)}, []),
        ({"tags": ("people",)}, []),
        ({"tags": ("v_over",)}, ["CACHE_WRITES_NOT_SEEN"]),
        ({"tags": ("v_random",)}, ["CACHE_VOLATILE"]),
    ):

        @fraiseql.query(cache=fraiseql.Cache(**options))
        def names() -> list[str]:
            return []

        assert await refused(tables, build_schema(queries=[names])) == codes, options


async def test_a_cached_operation_is_not_refused_for_its_options(tables: str) -> None:
    plain = build_schema(queries=[fraiseql.find("things", typed("v_random"))])
    schema = replace(plain, operation_caches=(fraiseql.Cache(),))
    assert await refused(tables, schema) == []


async def test_a_table_of_another_role_is_refused_at_creation_only(tables: str) -> None:
    other = tables.replace("postgres@", "cache_reader@")
    await run(
        tables,
        "DROP ROLE IF EXISTS cache_reader; CREATE ROLE cache_reader LOGIN;"
        " GRANT SELECT ON tb_post TO cache_reader",
    )
    try:
        plan = await planned(other, cached("tb_post"))
        assert [(refusal.code, refusal.create_only) for refusal in plan.refusals] == [
            ("CACHE_WRITES_NOT_SEEN", True)
        ]
        async with opened(other) as pool:
            assert await cache_refusals(cached("tb_post"), pool) == []
    finally:
        await run(tables, "DROP OWNED BY cache_reader; DROP ROLE cache_reader")
