"""Shape: one number that tells whether any definition behind an answer has changed.

A look-up holds ``fraiseql.result_shape(…)``, which PostgreSQL computes as it plans the statement,
and names the relations by their numbers, so that every change of one has the statement planned
again: the shape costs a look-up nothing, and is never older than the definitions. What PostgreSQL
does not plan again for is asked about each time (``Part.prompt``).
"""

from collections.abc import Sequence
from typing import Final

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.dependencies.behind import prompt_number
from fraiseql.caching.dependencies.parts import NAMED, PARTS, Part, digest, digests, versions
from fraiseql.caching.objects import DatabaseObject, private_function

_NOW: Final = '"fraiseql"."result_shape_now"'
_SHAPE: Final = '"fraiseql"."result_shape"'

# Whatever decides what is behind an answer is here too, such as a new trigger: processes that find
# it at different times must come to one number. Privileges are part of an answer, and no document
# is read without them; they are in the rows of relations, columns and schemas. A schema that is
# renamed takes its tables out of their names. Of a log that was emptied by hand (TRUNCATE, or
# dropped and made again) nobody knows what it had, and with another secret the tags of rows are
# others; both are named so that also a role may ask that may not use their schema. Subscriptions
# fire no triggers.
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
"""What an answer is computed from, and what lets a reader have it."""


def shape_sql(objects: str) -> str:
    """Return the expression of what is computed for each plan, in the statement's own snapshot.

    Args:
        objects: SQL of an ``oid[]``.
    """
    parts = ",\n    ".join(digests(PARTS_OF_ANSWERS, objects))
    return f"pg_catalog.hashtextextended(concat_ws(';',\n    {parts}), 0)"


def shape_now(objects: str, by_kind: str) -> str:
    """Return the expression of the whole shape in the statement's own snapshot.

    Args:
        objects: SQL of an ``oid[]``.
        by_kind: SQL of a ``jsonb``, as ``behind`` has it.
    """
    return f"{shape_sql(objects)} # {prompt_number(PARTS_OF_ANSWERS, by_kind)}"


def shape_objects() -> tuple[DatabaseObject, ...]:
    """Return the functions that ``shape_expression`` calls."""
    # Volatile, for a snapshot of its own: the one that a statement is planned with was taken
    # before the locks that the plan waited for, and does not see what was changed meanwhile.
    now = f"""\
CREATE OR REPLACE FUNCTION {_NOW}(objects oid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {shape_sql("objects")};
END $fraiseql$"""
    # It is not immutable. Said to be so, it is computed once, as a statement is planned.
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
    """Return a condition that always holds and costs nothing: nothing is read for it.

    For its sake PostgreSQL finds the relations by their names, and asks whether the role may read
    them, as it does for the answer's own statement.

    Args:
        reads: Quoted names of the relations that an answer's statement names.
    """
    parts = [f"NOT EXISTS (SELECT FROM {name} WHERE false)" for name in reads]
    return " AND ".join(parts) or "true"


def shape_expression(objects: Sequence[int], prompt: str) -> str:
    """Return the SQL expression of the shape as a look-up has it.

    Args:
        objects: All that an answer is computed from.
        prompt: Query for the numbers that are read each time.
    """
    # One constant for each: a plan is thrown away when a relation changes whose number is in it.
    numbers = ", ".join(f"'{one}'::oid" for one in objects)
    return f"({_SHAPE}(ARRAY[{numbers}]::oid[]) # {digest(prompt)})"
