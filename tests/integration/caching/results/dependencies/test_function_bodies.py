"""Bodies: what a function names that PostgreSQL stores as text counts as read or called."""

import fraiseql
from fraiseql.caching.dependencies.builtins import Kind
from fraiseql.caching.dependencies.inspection import inspect_dependencies
from tests.integration.caching.results.dependencies.env import depended, laid, opened, run
from tests.integration.flights import at_once
from tests.integration.serving.results.env import outcomes, respond, served_with_caches

NAMED = """
CREATE TABLE deep (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO deep VALUES (1, 10);
CREATE TABLE "De""ep's own" (id int);
CREATE TABLE "Größe" (id int);
CREATE TABLE a$b (id int);
CREATE VIEW over_deep AS SELECT n FROM deep;
CREATE TYPE tint AS ENUM ('red');
CREATE FUNCTION inner_sum(int) RETURNS int IMMUTABLE LANGUAGE sql AS
  'SELECT coalesce(sum(n), 0)::int + $1 FROM deep';
CREATE FUNCTION middle(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
  'BEGIN RETURN public.inner_sum($1); END';
CREATE FUNCTION added(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE OPERATOR +@ (FUNCTION = added, LEFTARG = int, RIGHTARG = int);
"""

TABLE, FUNCTION = "pg_class", "pg_proc"
SPELLED: list[tuple[str, str, str]] = [
    ("SELECT n FROM deep", TABLE, "deep"),
    ("SELECT n FROM DEEP", TABLE, "deep"),
    ('SELECT n FROM public."deep"', TABLE, "deep"),
    ('SELECT n FROM U&"d\\0065ep"', TABLE, "deep"),
    ('SELECT n FROM U&"\\0064\\0065\\+000065\\0070"', TABLE, "deep"),
    ("SELECT n FROM U&\"d!0065ep\" UESCAPE '!'", TABLE, "deep"),
    ("SELECT n FROM/**/deep--", TABLE, "deep"),
    ("SELECT n FROM over_deep", TABLE, "deep"),
    ('SELECT 1 FROM "De""ep\'s own"', TABLE, "De\"ep's own"),
    ('SELECT 1 FROM "Größe"', TABLE, "Größe"),
    ("SELECT 1 FROM a$b", TABLE, "a$b"),
    ("BEGIN EXECUTE 'SELECT n FROM deep'; END", TABLE, "deep"),
    ("BEGIN EXECUTE $q$SELECT n FROM$q$ || $q$deep$q$; END", TABLE, "deep"),
    ("BEGIN EXECUTE E'SELECT n FROM\\ndeep'; END", TABLE, "deep"),
    ("BEGIN EXECUTE E'SELECT n FROM d\\x65\\145p'; END", TABLE, "deep"),
    ("BEGIN EXECUTE 'SELECT 1 FROM \"De\"\"ep''s own\"'; END", TABLE, "De\"ep's own"),
    ("BEGIN RETURN (SELECT n FROM deep); END", TABLE, "deep"),
    ("BEGIN RETURN middle(1); END", TABLE, "deep"),
    ("BEGIN RETURN middle(1); END", FUNCTION, "inner_sum"),
    ("BEGIN EXECUTE format('SELECT %I(1)', 'middle'); END", FUNCTION, "inner_sum"),
    ("BEGIN RETURN 1+@2; END", FUNCTION, "added"),
    ("DECLARE v tint; BEGIN RETURN 1; END", "pg_type", "tint"),
]
"""A body, and the catalog and the name of what must be found behind it."""

VIEW = """
CREATE VIEW v_middle AS SELECT id, middle(id) AS sum FROM tb_user;
INSERT INTO tb_user VALUES (1, 'Ada');
"""
REPLACED = """
CREATE OR REPLACE FUNCTION inner_sum(int) RETURNS int IMMUTABLE LANGUAGE sql AS
  'SELECT max(n) FROM deep'
"""
CHANGES = (
    ("UPDATE deep SET n = 20", 21),
    ("INSERT INTO deep VALUES (2, 5)", 26),
    (REPLACED, 20),
    ("TRUNCATE deep; INSERT INTO deep VALUES (1, 7)", 7),
)
"""Statements, and what the function of a function answers after each."""


async def test_every_spelling_of_a_name_is_found(url: str) -> None:
    statements = []
    for number, (body, _, _) in enumerate(SPELLED):
        language = "plpgsql" if "END" in body else "sql"
        statements.append(
            f"CREATE FUNCTION f_{number}() RETURNS int IMMUTABLE LANGUAGE {language}"
            f" AS $body${body}$body$;"
            f"CREATE VIEW v_{number} AS SELECT id, f_{number}() FROM tb_user"
        )
    await run(url, NAMED, ";".join(statements))
    missed = []
    for number, (body, catalog, name) in enumerate(SPELLED):
        of = await depended(url, f"v_{number}")
        column = {TABLE: "relname", FUNCTION: "proname"}.get(catalog, "typname")
        rows = await run(url, f"SELECT oid::int FROM {catalog} WHERE {column} = $${name}$$")
        if rows[0]["oid"] not in of.objects:
            missed.append(body)
    assert missed == []


async def test_a_body_that_names_nothing_brings_nothing(url: str) -> None:
    await run(
        url,
        NAMED,
        "CREATE FUNCTION plain(t text) RETURNS text IMMUTABLE LANGUAGE sql AS"
        " $$ SELECT regexp_replace(t, '(a)', E'\\\\1b\\t') $$;"
        "CREATE VIEW v_plain AS SELECT id, plain(name) FROM tb_user",
    )
    names = "'v_plain', 'tb_user'"
    own = await run(url, f"SELECT oid::int FROM pg_class WHERE relname IN ({names}) ORDER BY 1")
    assert (await depended(url, "v_plain")).relations == tuple(row["oid"] for row in own)


CALLS = {
    "BEGIN RETURN extract(epoch FROM now()); END": "now",
    'BEGIN RETURN extract(epoch FROM "now" /**/ ()); END': "now",
    "BEGIN RETURN extract(year FROM CURRENT_DATE); END": "now",
    "BEGIN RETURN extract(year FROM 'today'::date); END": "now",
    "BEGIN RETURN public.timed(); END": "now",
    "DECLARE n int; BEGIN EXECUTE 'SELECT random()' INTO n; RETURN n; END": "random",
    "BEGIN RETURN length(age('2026-01-01'::date, '2025-01-01'::date)::text); END": "",
}
TIMED = """
CREATE FUNCTION timed() RETURNS int IMMUTABLE LANGUAGE sql AS
  'SELECT extract(epoch FROM statement_timestamp())::int + extract(epoch FROM now())::int'
"""


async def test_a_function_body_that_reads_the_clock_is_detected(url: str) -> None:
    await run(url, TIMED)
    missed = []
    for body, name in CALLS.items():
        await run(
            url,
            "CREATE OR REPLACE FUNCTION told() RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
            f" $body${body}$body$; CREATE OR REPLACE VIEW v_told AS SELECT id, told() FROM tb_user",
        )
        async with opened(url) as pool:
            facts = await inspect_dependencies(pool.fetch_bytes, ['"public"."v_told"'])
        names = {call.name for call in facts.calls if call.kind in (Kind.CLOCK, Kind.VOLATILE)}
        if names & {"now", "random"} != ({name} if name else set()):
            missed.append((body, names))
    assert missed == []


def test_an_entry_ends_with_a_write_to_what_inner_functions_read(database: str) -> None:
    at_once(laid(database))
    at_once(run(database, NAMED, VIEW))
    type_ = fraiseql.type(sql_source="v_middle")(
        type("Middle", (), {"__annotations__": {"id": int, "sum": int}})
    )
    tags = ("tb_user.id={id}",)
    queries = [
        fraiseql.find("all", type_, order_by="id", cache=fraiseql.Cache()),
        fraiseql.find("own", type_, by=("id",), cache=fraiseql.Cache(tags=tags)),
    ]
    query = "{ all { id sum } own(id: 1) { id sum } }"
    with served_with_caches(database, queries=queries) as running:
        for write, total in CHANGES:
            running.execute(write)
            answer = {"id": 1, "sum": total}
            # Under another definition the first answer is not stored, the second one is.
            for _ in range(2):
                assert running.data(query) == {"all": [answer], "own": [answer]}, write
            hit = respond(running, query)
            assert outcomes(hit) == {"all": "hit", "own": "hit"}, write
