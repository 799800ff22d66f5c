"""Fingerprint of the definitions behind a cached answer, one number.

A look-up calls ``fraiseql.result_shape(…)``, which PostgreSQL folds to a constant as it plans the
statement, and names the relations by their numbers, so that a change of one makes PostgreSQL plan
again: the fingerprint costs a look-up nothing, and is never older than the definitions. Changes
that cause no new plan are read each time (``Part.prompt``).
"""

from collections.abc import Sequence
from typing import Final

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.dependencies.behind import prompt_number
from fraiseql.caching.dependencies.parts import NAMED, PARTS, Part, digest, digests, versions
from fraiseql.caching.objects import DatabaseObject, private_function

_NOW: Final = '"fraiseql"."result_shape_now"'
_SHAPE: Final = '"fraiseql"."result_shape"'

# Processes that read the catalog at different times must compute one number, so new triggers count
# too. Privileges are part of an answer; they are in the rows of relations, columns and schemas.
# Renaming a schema renames its tables. The log counts because TRUNCATE or a new table loses its
# rows, the secret because the tags of rows depend on it; both are found by name, for roles without
# USAGE on their schema. Subscriptions fire no triggers.
PARTS_OF_ANSWERS: Final = (
    *PARTS,
    Part("a relation or a privilege on it", versions("pg_class", NAMED)),
    Part(
        "a column or a privilege on it",
        versions(
            "pg_attribute",
            "x.attrelid = ANY ({objects}) AND x.attnum > 0",
            "x.attrelid::bigint * 65536 + x.attnum",
        ),
    ),
    Part(
        "a schema",
        versions(
            "pg_namespace",
            "x.oid IN (SELECT c.relnamespace FROM pg_catalog.pg_class c"
            " WHERE c.oid = ANY ({objects}))",
        ),
    ),
    Part(
        "a trigger of the change log",
        versions("pg_trigger", f"x.tgrelid = ANY ({{objects}}) AND x.tgname ~ '^{TRIGGER}'"),
    ),
    Part("the labels of an enum", versions("pg_enum", "x.enumtypid = ANY ({objects})"), ("enum",)),
    Part(
        "the change log or the secret",
        versions(
            "pg_class",
            "x.relnamespace = pg_catalog.to_regnamespace('fraiseql')"
            " AND x.relname IN ('changes', 'changes_floor', 'secret')",
        ),
    ),
    Part(
        "a subscription",
        "SELECT pg_catalog.hashoidextended(s.srrelid, s.srsubid::bigint)"
        " FROM pg_catalog.pg_subscription_rel s"
        " WHERE s.srrelid = ANY ({objects})",
        ("pg_class",),
    ),
)
"""Definitions and privileges that decide an answer."""


def shape_sql(objects: str) -> str:
    """Return the expression of the part computed once per plan, in the statement's snapshot.

    Args:
        objects: SQL of an ``oid[]``.
    """
    parts = ",\n    ".join(digests(PARTS_OF_ANSWERS, objects))
    return f"pg_catalog.hashtextextended(concat_ws(';',\n    {parts}), 0)"


def shape_now(objects: str, by_kind: str) -> str:
    """Return the expression of the whole fingerprint in the statement's snapshot.

    Args:
        objects: SQL of an ``oid[]``.
        by_kind: SQL of the ``jsonb`` of ``behind``.
    """
    return f"{shape_sql(objects)} # {prompt_number(PARTS_OF_ANSWERS, by_kind)}"


def shape_objects() -> tuple[DatabaseObject, ...]:
    """Return the functions that ``shape_expression`` calls."""
    # Volatile, for a snapshot of its own: the planner's snapshot was taken before its locks were
    # granted, and misses changes made while it waited.
    now = f"""\
CREATE OR REPLACE FUNCTION {_NOW}(objects oid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {shape_sql("objects")};
END $fraiseql$"""
    # Declared immutable, although it is not, so that the planner computes it once.
    folded = f"""\
CREATE OR REPLACE FUNCTION {_SHAPE}(objects oid[]) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {_NOW}(objects);
END $fraiseql$"""
    return (
        private_function(f"{_NOW}(oid[])", now),
        private_function(f"{_SHAPE}(oid[])", folded, f"{_NOW}(oid[])"),
    )


def oids(numbers: Sequence[int]) -> str:
    """Return numbers as SQL of an ``oid[]``."""
    return "'{" + ",".join(map(str, numbers)) + "}'::pg_catalog.oid[]"


def readable(reads: Sequence[str]) -> str:
    """Return a condition that is always true and reads no row.

    PostgreSQL resolves the names of the relations and checks the role's privileges on them, as it
    does for the live statement.

    Args:
        reads: Quoted names of the relations that the live statement names.
    """
    parts = [f"NOT EXISTS (SELECT FROM {name} WHERE false)" for name in reads]
    return " AND ".join(parts) or "true"


def shape_expression(objects: Sequence[int], prompt: str) -> str:
    """Return the SQL expression of the fingerprint for a look-up.

    Args:
        objects: Numbers of all objects behind the answer.
        prompt: Query for the numbers that are read each time.
    """
    return f"({folded_shape(objects)} # {digest(prompt)})"


def folded_shape(objects: Sequence[int]) -> str:
    """Return the SQL expression of the part that PostgreSQL computes as it plans the statement.

    Args:
        objects: Numbers of all objects behind the answer.
    """
    # One constant for each: a plan is invalidated when a relation changes whose number is in it.
    numbers = ", ".join(f"'{oid}'::oid" for oid in objects)
    return f"{_SHAPE}(ARRAY[{numbers}]::oid[])"
