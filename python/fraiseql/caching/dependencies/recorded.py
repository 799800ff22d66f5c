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
from fraiseql.sql_files import load_sql
from fraiseql.sql_names import op

FINGERPRINTS: Final = '"fraiseql"."fingerprints"'

_SQL: Final = load_sql(__name__)

_PREFIX: Final = "fingerprint of "
_NOW: Final = '"fraiseql"."fingerprint_now"(oid[], bigint[])'
_FOLDED: Final = '"fraiseql"."is_as_recorded"(text, regclass[])'
_RECORD: Final = '"fraiseql"."record_fingerprint"(text, text, text[], text[], text)'
_CHANGED: Final = '"fraiseql"."definitions_changed"()'

CALLED: Final = (_NOW, _FOLDED, _CHANGED)
"""Functions that all statements over stored documents call."""


def _all_parts(objects: str, columns: str) -> str:
    listed = ",\n    ".join(digests(PARTS, objects, columns))
    return f"ARRAY[{listed}]"


def _installed_sql() -> dict[str, str]:
    """Return the texts of the table and the functions, by name."""
    parts = {
        "parts_now": _all_parts("objects", "columns"),
        "parts_behind": _all_parts("b.objects", "p.columns"),
        "prompt_rows": prompt_rows(PARTS, "b.by_kind"),
        "prompt_number": prompt_number(PARTS, "b.by_kind"),
        "digest_of_rows": digest("@rows@"),
        "reached": REACHED,
        "parsed": PARSED,
        "database_collation": DATABASE_COLLATION,
        "named_in_body": NAMED_IN_BODY,
        "behind": behind("'fraiseql'::regnamespace"),
    }
    return {name: statement.text.format(**parts) for name, statement in _SQL.items()}


def fingerprint_objects() -> tuple[DatabaseObject, ...]:
    """Return the table of fingerprints, and the functions that record and compare them."""
    sql = _installed_sql()
    table = DatabaseObject(
        "table",
        FINGERPRINTS,
        (
            sql["fingerprints"],
            f"COMMENT ON TABLE {FINGERPRINTS} IS 'What stored documents are computed from'",
            f"REVOKE ALL ON {FINGERPRINTS} FROM PUBLIC",
            "GRANT USAGE ON SCHEMA fraiseql TO PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {FINGERPRINTS}",),
        replaces=True,
    )
    functions = (
        private_function(_NOW, sql["fingerprint_now"]),
        private_function(_FOLDED, sql["is_as_recorded"], _NOW),
        private_function(_CHANGED, sql["definitions_changed"]),
        private_function(_RECORD, sql["record_fingerprint"], FINGERPRINTS, _NOW, _FOLDED),
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
