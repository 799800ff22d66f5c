"""Every function, operator, cast and type of PostgreSQL's own has a kind that is seen."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fraiseql.caching.dependencies.builtins import LISTED, Kind, kind_of
from fraiseql.caching.dependencies.inspection import DependencyInspection, inspect_dependencies
from fraiseql.caching.dependencies.parsed import Predicate, parse_predicates
from fraiseql.database import Pool, open_pool
from fraiseql.settings import Settings
from tests.integration.caching.results.dependencies.env import opened, run

PLACE = '"pg_catalog"."pg_am"'

FUNCTIONS = """
SELECT p.proname AS name, p.provolatile::text AS volatility, p.prokind::text AS kind,
  p.provariadic <> 0 AND p.provariadic <> 2276 AS variadic,
  ARRAY(SELECT t.typname FROM unnest(p.proargtypes) WITH ORDINALITY AS a (oid, place)
    JOIN pg_type t ON t.oid = a.oid ORDER BY a.place)::text[] AS types
FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace
ORDER BY p.oid
"""
CASTS = """
SELECT k.castsource::regtype::text AS source, k.casttarget::regtype::text AS target,
  coalesce(f.proname, CASE k.castmethod WHEN 'i' THEN o.proname END, '') AS called,
  coalesce(f.provolatile, o.provolatile)::text AS volatility, k.castmethod::text AS method
FROM pg_cast k LEFT JOIN pg_proc f ON f.oid = k.castfunc
JOIN pg_type s ON s.oid = k.castsource JOIN pg_proc o ON o.oid = s.typoutput
WHERE k.oid < 16384 ORDER BY k.oid
"""
OPERATORS = """
SELECT o.oprname AS name, o.oprleft::regtype::text AS "left", o.oprright::regtype::text AS "right",
  f.proname AS called, f.provolatile::text AS volatility
FROM pg_operator o JOIN pg_proc f ON f.oid = o.oprcode
WHERE o.oid < 16384 AND f.provolatile <> 'i' AND o.oprkind = 'b' ORDER BY o.oid
"""
TYPES = """
SELECT t.oid::regtype::text AS type, i.proname AS input, i.provolatile::text AS reading,
  o.proname AS output, o.provolatile::text AS writing
FROM pg_type t JOIN pg_proc i ON i.oid = t.typinput JOIN pg_proc o ON o.oid = t.typoutput
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.oid < 16384 AND t.typtype IN ('b', 'r', 'm')
  AND t.typcategory <> 'A' ORDER BY t.oid
"""
EXAMPLES = {
    "any": "int4",
    "anyelement": "int4",
    "anynonarray": "int4",
    "anycompatible": "int4",
    "anycompatiblenonarray": "int4",
    "anyarray": "int4[]",
    "anycompatiblearray": "int4[]",
    "anyrange": "int4range",
    "anycompatiblerange": "int4range",
    "anymultirange": "int4multirange",
    "anycompatiblemultirange": "int4multirange",
    "anyenum": "mood",
}
_UNREACHABLE = """
internal table_am_handler index_am_handler tsm_handler fdw_handler language_handler
trigger event_trigger pg_ddl_command record _record cstring _cstring void
"""
UNREACHABLE = frozenset(_UNREACHABLE.split())
"""Types of which no text is a value: functions of them are called by the server only."""


async def facts_of(pool: Pool, predicates: Iterable[str]) -> DependencyInspection:
    trees = await parse_predicates(
        pool, [Predicate("T.f", PLACE, predicate) for predicate in predicates]
    )
    assert not trees.refused
    return await inspect_dependencies(pool.fetch_bytes, [], trees.texts)


def call_of(row: Any) -> str | None:
    """Return a call of a function with nulls; None where SQL cannot call it so."""
    if row["kind"] not in ("f", "a") or UNREACHABLE & set(row["types"]):
        return None
    types = [EXAMPLES.get(item, f'pg_catalog."{item}"') for item in row["types"]]
    arguments = [f"NULL::{type_}" for type_ in types]
    if row["variadic"]:
        arguments[-1] = f"VARIADIC {arguments[-1]}"
    return f'EXISTS (SELECT pg_catalog."{row["name"]}"({", ".join(arguments)}))'


async def test_nothing_is_hidden_by_what_a_backslash_means(url: str) -> None:
    """The text of our statements has patterns, which must be read alike by every session."""
    names = ['"public"."v_outer"', '"public"."tb_secret"', '"public"."tb_day"']
    texts = ["now()::text::timestamptz <> clock_timestamp()", "current_user::text = name::text"]
    collected = []
    for value in ("on", "off"):
        pool = await open_pool(url, Settings(), {"standard_conforming_strings": value})
        try:
            trees = await parse_predicates(
                pool, [Predicate("T.f", names[0], text) for text in texts]
            )
            collected.append(await inspect_dependencies(pool.fetch_bytes, names, trees.texts))
        finally:
            await pool.close()
    assert collected[0] == collected[1]
    assert {"now", "clock_timestamp"} <= {call.name for call in collected[0].calls}


async def test_every_function_is_seen_as_what_it_is(url: str) -> None:
    """All functions of a kind are called in one predicate, and each of them is found in it."""
    async with opened(url) as pool:
        rows = await pool.fetch_bytes(FUNCTIONS)
        kinds: dict[Kind, dict[tuple[str, str], str]] = {kind: {} for kind in Kind}
        for row in rows:
            arguments = ",".join(row["types"])
            call, kind = call_of(row), kind_of(row["name"], arguments, row["volatility"])
            if call is not None and kind is not Kind.CONSTANT:
                kinds[kind][row["name"], arguments] = call
        for kind, calls in kinds.items():
            seen = (await facts_of(pool, calls.values())).calls
            actual = {(item.name, item.arguments) for item in seen if item.kind is kind}
            assert calls.keys() - actual == set(), kind
            assert len(calls) > 5 or kind is Kind.CONSTANT


async def test_nothing_else_is_listed(url: str) -> None:
    async with opened(url) as pool:
        rows = await pool.fetch_bytes(FUNCTIONS)
    stable = {row["name"] for row in rows if row["volatility"] == "s"}
    signatures = {f"{row['name']}({','.join(row['types'])})" for row in rows}
    older = "date_add" not in stable
    assert older or stable | signatures >= LISTED


async def test_every_cast_and_operator_is_seen_as_what_it_is(url: str) -> None:
    async with opened(url) as pool:
        for row in await pool.fetch_bytes(OPERATORS):
            left, right = (EXAMPLES.get(row[side], row[side]) for side in ("left", "right"))
            used = f"(NULL::{left} OPERATOR(pg_catalog.{row['name']}) NULL::{right}) IS NULL"
            facts = await facts_of(pool, [used])
            assert row["called"] in {call.name for call in facts.calls}, used
        for row in await pool.fetch_bytes(CASTS):
            if not row["called"] or row["volatility"] == "i":
                continue
            cast = f"(NULL::{row['source']})::{row['target']} IS NULL"
            names = {item.name for item in (await facts_of(pool, [cast])).calls}
            assert row["called"] in names, cast


READ_AS_MOMENTS = {
    *("date", "time without time zone", "time with time zone"),
    *("timestamp without time zone", "timestamp with time zone"),
    *("tsrange", "tstzrange", "daterange", "tsmultirange", "tstzmultirange", "datemultirange"),
}


async def test_texts_are_seen_to_be_read_as_moments_or_names(url: str) -> None:
    """Each type is made from a text, and it is seen whether that reads the clock or the catalog."""
    async with opened(url) as pool:
        for row in await pool.fetch_bytes(TYPES):
            name = row["type"]
            facts = await facts_of(pool, [f"(amname::text::{name}) IS NULL"])
            assert facts.clock is (name in READ_AS_MOMENTS), name
            named = any(call.kind is Kind.SERVER for call in facts.calls)
            assert named is (name.startswith("reg") or name == "aclitem"), name


async def test_a_tree_is_read_whole_wherever_its_lines_end(url: str) -> None:
    """The server ends lines of a tree at blanks, which may stand before any number."""
    await run(url, "CREATE FUNCTION own(name) RETURNS bool LANGUAGE sql STABLE RETURN true")
    predicates = [f"'{'x' * width}' = amname::text AND own(amname)" for width in range(1, 80)]
    async with opened(url) as pool:
        parsed = await parse_predicates(
            pool, [Predicate("T.f", PLACE, predicate) for predicate in predicates]
        )
        (row,) = await pool.fetch_bytes("SELECT 'own'::regproc::oid::bigint AS oid")
    assert len(parsed.texts) == len(predicates)
    assert all(f":funcid {row['oid']} " in tree for tree in parsed.texts)


def trees_in(log: Path) -> int:
    return log.read_text().count("parse tree:")


async def test_what_is_parsed_is_remembered_and_stays_out_of_the_servers_log(
    url: str, server_log: Path
) -> None:
    await run(
        url,
        "DROP ROLE IF EXISTS fql_parser; CREATE ROLE fql_parser LOGIN",
        "CREATE FUNCTION meant(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN 'text'",
    )
    predicate = Predicate("T.f", '"public"."tb_post"', "meant(words::text::varchar) IS NULL")

    async def logged(user: str, *changes: str) -> tuple[int, int]:
        """Return how many trees came to the log, and what number the function has."""
        async with opened(url.replace("postgres@", f"{user}@")) as pool:
            before = trees_in(server_log)
            for change in ("", "", *changes):
                if change:
                    await run(url, change)
                (tree,) = (await parse_predicates(pool, [predicate])).texts
            called = int(re.findall(r":funcid (\d+)", tree)[0])
            return trees_in(server_log) - before, called

    assert (await logged("postgres"))[0] == 0
    count, before = await logged("fql_parser")
    # One of the predicate, and one of the statement after it.
    assert count == 2
    other = "CREATE FUNCTION meant(varchar) RETURNS text IMMUTABLE LANGUAGE sql RETURN 'varchar'"
    count, after = await logged("fql_parser", other)
    assert (count, after == before) == (4, False)
    await run(url, "DROP ROLE fql_parser")
