"""Fingerprints that are recorded when stored documents are computed.

A fingerprint is recorded before the documents are computed. A function for each then compares, in
the snapshot of the calling statement, the definitions behind the documents with the recorded ones.
Changes that make PostgreSQL plan again are compared once per plan; the rest is read each time.
"""
# ruff: noqa: S608 - all SQL is written in this package

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fraiseql.caching.dependencies.behind import PARSED, behind, prompt_number, prompt_rows
from fraiseql.caching.dependencies.bodies import NAMED_IN_BODY
from fraiseql.caching.dependencies.fingerprint import readable
from fraiseql.caching.dependencies.parts import DATABASE_COLLATION, PARTS, digest, digests
from fraiseql.caching.dependencies.reach import REACHED
from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.database import Pool, Transaction
from fraiseql.expressions import literal
from fraiseql.sql_names import op

FINGERPRINTS: Final = '"fraiseql"."fingerprints"'

_PREFIX: Final = "fingerprint of "
_NOW: Final = '"fraiseql"."fingerprint_now"(oid[], bigint[])'
_FOLDED: Final = '"fraiseql"."is_as_recorded"(text, regclass[])'
_RECORD: Final = '"fraiseql"."record_fingerprint"(text, text, text[], text[], text)'
_CHANGED: Final = '"fraiseql"."definitions_changed"()'

CALLED: Final = (_NOW, _FOLDED, _CHANGED)
"""Functions that all statements over stored documents call."""

_TABLE: Final = f"""\
CREATE TABLE IF NOT EXISTS {FINGERPRINTS} (
  name text PRIMARY KEY,
  guard text NOT NULL,
  relations text[] NOT NULL,
  functions text[] NOT NULL,
  triggers text NOT NULL,
  objects oid[] NOT NULL,
  columns bigint[] NOT NULL,
  parts bigint[] NOT NULL,
  prompt text NOT NULL
)"""


def _all_parts(objects: str, columns: str) -> str:
    listed = ",\n    ".join(digests(PARTS, objects, columns))
    return f"ARRAY[{listed}]"


# Volatile, for a snapshot of its own: the planner's snapshot was taken before its locks were
# granted, and misses changes made while it waited.
_NOW_SQL: Final = f"""\
CREATE OR REPLACE FUNCTION "fraiseql"."fingerprint_now"(objects oid[], columns bigint[])
RETURNS bigint[] LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {_all_parts("objects", "columns")};
END $fraiseql$"""

# Declared immutable, although it is not, so that the planner computes it once.
_FOLDED_SQL: Final = f"""\
CREATE OR REPLACE FUNCTION "fraiseql"."is_as_recorded"(subject text, relations regclass[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN coalesce((
    SELECT f.parts = "fraiseql"."fingerprint_now"(f.objects, f.columns)
    FROM {FINGERPRINTS} f WHERE f.name = subject), false);
END $fraiseql$"""

# The error of a view that is not populated: the caller then answers live.
_CHANGED_SQL: Final = f"""\
CREATE OR REPLACE FUNCTION {_CHANGED} RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $fraiseql$
BEGIN
  RAISE object_not_in_prerequisite_state
    USING MESSAGE = 'a definition that the stored documents are computed from has changed',
      HINT = 'Run fraiseql db apply.';
END $fraiseql$"""

# Column 0 is the row as a whole, with columns that are added later.
_BEHIND: Final = f"""\
  WITH RECURSIVE begun(class, oid) AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid, pg_catalog.to_regclass(name)::oid
    FROM unnest(relations) AS given (name)
    UNION
    SELECT 'pg_catalog.pg_proc'::regclass::oid, pg_catalog.to_regprocedure(name)::oid
    FROM unnest(functions) AS given (name)),
  {REACHED},
  {PARSED},
  wide(oid) AS (
    SELECT r.oid FROM reached r
    WHERE r.class = 'pg_catalog.pg_class'::regclass
      AND EXISTS (SELECT FROM parsed p WHERE p.tree ~ ':varattno 0 ')
    UNION
    SELECT named.oid FROM reached r CROSS JOIN LATERAL (
    {NAMED_IN_BODY}) AS named (class, oid)
    WHERE named.class = 'pg_catalog.pg_class'::regclass),
  picked AS (
    SELECT ARRAY(
        SELECT d.refobjid::bigint * 65536 + d.refobjsubid
        FROM parsed p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.oid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0
        UNION SELECT a.attrelid::bigint * 65536 + a.attnum
        FROM wide w JOIN pg_catalog.pg_attribute a ON a.attrelid = w.oid AND a.attnum > 0
        UNION SELECT w.oid::bigint * 65536 FROM wide w
        ORDER BY 1) AS columns),
  marked(kind, oid) AS (
    SELECT 'label', e.oid FROM reached r JOIN pg_catalog.pg_enum e ON e.enumtypid = r.oid
    UNION ALL
    SELECT 'trigger', g.oid FROM reached r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND g.tgname ~ triggers
    UNION ALL
    SELECT 'collation', {DATABASE_COLLATION} WHERE EXISTS (
      SELECT FROM parsed p
      WHERE p.tree ~ $$:(sortClause|aggorder|distinctClause) \\(|:inputcollid [1-9]$$)),
{behind("'fraiseql'::regnamespace")}"""


def _record_sql() -> str:
    return f"""\
CREATE OR REPLACE FUNCTION "fraiseql"."record_fingerprint"(subject text, guard text,
  relations text[], functions text[], triggers text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
#variable_conflict use_variable
DECLARE
  fql_found record;
  fql_prompt text;
BEGIN
{_BEHIND}
  SELECT b.objects, p.columns, b.tables, {_all_parts("b.objects", "p.columns")} AS parts,
    {prompt_rows(PARTS, "b.by_kind")} AS prompt, {prompt_number(PARTS, "b.by_kind")} AS number
  INTO fql_found FROM behind b, picked p;
  IF fql_found.prompt IS NOT NULL THEN
    fql_prompt := format($digest$%s OPERATOR(pg_catalog.=) %L::bigint$digest$,
      replace($digest${digest("@rows@")}$digest$, '@rows@', fql_found.prompt), fql_found.number);
  END IF;
  EXECUTE format($make$
CREATE OR REPLACE FUNCTION "fraiseql".%I() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $guard$
BEGIN
  RETURN "fraiseql"."is_as_recorded"(%L, ARRAY[%s]::pg_catalog.regclass[]);
END $guard$ $make$,
    guard, subject, (SELECT string_agg(quote_literal(t::regclass) || '::pg_catalog.regclass', ', '
        ORDER BY t::regclass::text)
      FROM unnest(fql_found.tables) AS t));
  -- Whoever may not call what it calls learns nothing by it.
  EXECUTE format('GRANT EXECUTE ON FUNCTION "fraiseql".%I() TO PUBLIC', guard);
  INSERT INTO {FINGERPRINTS} AS f
    (name, guard, relations, functions, triggers, objects, columns, parts, prompt)
  VALUES (subject, guard, relations, functions, triggers, fql_found.objects,
    fql_found.columns, fql_found.parts, coalesce(fql_prompt, 'true'))
  ON CONFLICT (name) DO UPDATE SET guard = excluded.guard, relations = excluded.relations,
    functions = excluded.functions, triggers = excluded.triggers, objects = excluded.objects,
    columns = excluded.columns, parts = excluded.parts, prompt = excluded.prompt;
END $fraiseql$"""


def fingerprint_objects() -> tuple[DatabaseObject, ...]:
    """Return the table of fingerprints, and the functions that record and compare them."""
    table = DatabaseObject(
        "table",
        FINGERPRINTS,
        (
            _TABLE,
            f"COMMENT ON TABLE {FINGERPRINTS} IS 'What stored documents are computed from'",
            f"REVOKE ALL ON {FINGERPRINTS} FROM PUBLIC",
            "GRANT USAGE ON SCHEMA fraiseql TO PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {FINGERPRINTS}",),
        replaces=True,
    )
    functions = (
        private_function(_NOW, _NOW_SQL),
        private_function(_FOLDED, _FOLDED_SQL, _NOW),
        private_function(_CHANGED, _CHANGED_SQL),
        private_function(_RECORD, _record_sql(), FINGERPRINTS, _NOW, _FOLDED),
    )
    return (table, *functions)


def guard_name(subject: str) -> str:
    """Return the bare name of the function that compares ``subject`` with its record."""
    return f"unchanged_{hashlib.sha256(subject.encode()).hexdigest()[:16]}"


def is_unchanged(subject: str) -> str:
    """Return SQL that is true while every definition behind ``subject`` is as recorded."""
    return f"""\
(SELECT f.parts {op("=")} "fraiseql"."fingerprint_now"(f.objects, f.columns)
 FROM {FINGERPRINTS} f WHERE f.name {op("=")} {literal(subject)})"""


def guard(subject: str, prompt: str) -> str:
    """Return cheap SQL that is true while every definition is as recorded.

    Args:
        subject: The stored documents.
        prompt: The recorded condition that is evaluated each time.
    """
    folded = f'"fraiseql"."{guard_name(subject)}"()'
    return folded if prompt == "true" else f"({folded} AND {prompt})"


def must_be_unchanged(subject: str, prompt: str, reads: Sequence[str]) -> str:
    """Return the SQL condition of a statement: true, or an error after a definition changed.

    Args:
        subject: The stored documents.
        prompt: The recorded condition that is evaluated each time.
        reads: Quoted names of tables whose definition must not change during the statement.
    """
    condition = f"CASE WHEN {guard(subject, prompt)} THEN true ELSE {_CHANGED} END"
    return f"{readable(reads)} AND {condition}" if reads else condition


async def recorded_prompt(pool: Pool, subject: str) -> str | None:
    """Return the condition that is evaluated each time; None if a definition has changed.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    if not (await pool.inspect(_USABLE))[0]["usable"]:
        return None
    sql = f"SELECT f.prompt FROM {FINGERPRINTS} f WHERE f.name = $1 AND {is_unchanged(subject)}"
    rows = await pool.inspect(sql, [subject])
    return str(rows[0]["prompt"]) if rows else None


def record(
    subject: str,
    relations: tuple[str, ...],
    functions: tuple[str, ...] = (),
    triggers: str = "$none",
) -> str:
    """Return the statement that records the fingerprint of ``subject`` as it is now.

    Args:
        subject: The stored documents: a quoted, qualified name.
        relations: Quoted, qualified names of the relations that the documents are read from.
        functions: The functions, with the types of their arguments.
        triggers: Pattern of the names of triggers that must stay as they are.
    """
    arguments = ", ".join(
        f"ARRAY[{', '.join(literal(name) for name in names)}]::text[]"
        for names in (relations, functions)
    )
    return (
        f'SELECT "fraiseql"."record_fingerprint"({literal(subject)},'
        f" {literal(guard_name(subject))}, {arguments}, {literal(triggers)})"
    )


def record_again(subject: str) -> str:
    """Return the statement that records the fingerprint again if it has changed."""
    return f"""\
SELECT "fraiseql"."record_fingerprint"(f.name, f.guard, f.relations, f.functions, f.triggers)
FROM {FINGERPRINTS} f WHERE f.name = {literal(subject)} AND NOT {is_unchanged(subject)}"""


def fingerprint_name(subject: str) -> str:
    """Return the object name of the fingerprint of ``subject``."""
    return f"{_PREFIX}{subject}"


def fingerprint_object(
    subject: str,
    statement: str,
    owner: str,
    needs: tuple[str, ...],
    *,
    after: tuple[str, ...] = (),
    replaces: bool = False,
) -> DatabaseObject:
    """Return the object that is the recorded fingerprint of ``subject``.

    Args:
        subject: The stored documents.
        statement: Result of ``record``.
        owner: The declaration.
        needs: Names of objects that must exist before.
        after: Statements that follow it.
        replaces: Whether it is recorded again without dropping its dependents.
    """
    guard = f'"fraiseql"."{guard_name(subject)}"()'
    return DatabaseObject(
        "fingerprint",
        fingerprint_name(subject),
        (statement, *after),
        (
            f"DROP FUNCTION IF EXISTS {guard}",
            f"DELETE FROM {FINGERPRINTS} WHERE name = {literal(subject)}",
        ),
        owner,
        needs=(*needs, _RECORD),
        replaces=replaces,
    )


AS_RECORDED: Final = "as recorded"
_NAMES: Final = "fingerprint_now, is_as_recorded, definitions_changed"

# Checked first: names in a schema without USAGE cannot even be looked up.
_USABLE: Final = f"""
SELECT EXISTS (
  SELECT FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
  WHERE n.nspname = 'fraiseql' AND c.relname = 'fingerprints'
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    AND (SELECT bool_and(has_function_privilege(p.oid, 'EXECUTE')) FROM pg_proc p
      WHERE p.pronamespace = n.oid AND p.proname = ANY ('{{{_NAMES}}}'))) AS usable
"""
_HAS_TABLE: Final = f"SELECT to_regclass('{FINGERPRINTS}') IS NOT NULL"
# Not by the function in the database, which may be of an earlier release: apply replaces it and
# records its fingerprints again.
_COMPARED: Final = f"""
SELECT f.name, ARRAY(
  SELECT p.place FROM unnest(f.parts, {_all_parts("f.objects", "f.columns")})
    WITH ORDINALITY AS p (recorded, present, place)
  WHERE p.recorded IS DISTINCT FROM p.present)::int[] AS places
FROM {FINGERPRINTS} f WHERE f.name = ANY ($1::text[])"""


async def compared_fingerprints(database: Transaction, names: Iterable[str]) -> Mapping[str, str]:
    """Return ``AS_RECORDED`` or the changed parts for each recorded fingerprint.

    Args:
        database: A connection inside of a transaction.
        names: Names of the objects.
    """
    subjects = [name.removeprefix(_PREFIX) for name in names]
    if not subjects or not await database.fetchval(_HAS_TABLE):
        return {}
    rows = await database.fetch(_COMPARED, subjects)
    return {fingerprint_name(row["name"]): _said(row["places"]) for row in rows}


def _said(places: Iterable[int]) -> str:
    titles = [PARTS[place - 1].title for place in places if place <= len(PARTS)]
    return ", ".join(titles) or AS_RECORDED
