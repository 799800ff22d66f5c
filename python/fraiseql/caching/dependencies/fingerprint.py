"""Shape: one number that tells whether any definition behind an answer has changed.

A look-up holds ``fraiseql.result_shape(…)``, which PostgreSQL computes as it plans the statement,
and names the relations by their numbers, so that every change of one has the statement planned
anew: the shape costs a look-up nothing, and is never older than the definitions. What PostgreSQL
does not plan anew for, bodies of functions, parts of types and subscriptions, which fire no
triggers, is asked about each time.
"""
# ruff: noqa: S608 - what is joined into SQL are numbers and constants

from collections.abc import Sequence
from typing import Final

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.objects import DatabaseObject

_NOW: Final = '"fraiseql"."result_shape_now"'
_SHAPE: Final = '"fraiseql"."result_shape"'

# Rows of the catalog by their version: what is changed and changed back has another xmin. Sums,
# since their order is no matter. A schema that is renamed takes its tables out of their names. Of a
# log that was emptied by hand (TRUNCATE, or dropped and made again) nobody knows what it had; it is
# named so that also a role may ask that may not use its schema.
_PARTS: Final = f"""\
    (SELECT concat(count(*), '/', sum(hashtextextended(concat_ws(':', c.oid, c.xmin), 0)))
     FROM pg_catalog.pg_class c WHERE c.oid = ANY ({{relations}})),
    (SELECT sum(hashtextextended(concat_ws(':', a.attrelid, a.attnum, a.xmin), 1))
     FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = ANY ({{relations}}) AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT sum(hashtextextended(concat_ws(':', w.ev_class, w.oid, w.xmin), 2))
     FROM pg_catalog.pg_rewrite w WHERE w.ev_class = ANY ({{relations}})),
    (SELECT sum(hashtextextended(concat_ws(':', g.oid, g.tgenabled, g.xmin), 3))
     FROM pg_catalog.pg_trigger g
     WHERE g.tgrelid = ANY ({{relations}}) AND g.tgname ~ '^{TRIGGER}'),
    (SELECT sum(hashtextextended(concat_ws(':', i.inhparent, i.inhrelid, i.xmin), 4))
     FROM pg_catalog.pg_inherits i
     WHERE i.inhparent = ANY ({{relations}}) OR i.inhrelid = ANY ({{relations}})),
    (SELECT sum(hashtextextended(concat_ws(':', p.oid, p.xmin), 5))
     FROM pg_catalog.pg_policy p WHERE p.polrelid = ANY ({{relations}})),
    (SELECT sum(hashtextextended(concat_ws(':', n.oid, n.xmin), 8))
     FROM pg_catalog.pg_namespace n
     WHERE n.oid IN (SELECT c.relnamespace FROM pg_catalog.pg_class c
       WHERE c.oid = ANY ({{relations}}))),
    (SELECT sum(hashtextextended(concat_ws(':', c.oid, c.xmin), 10))
     FROM pg_catalog.pg_class c
     WHERE c.relnamespace = pg_catalog.to_regnamespace('fraiseql')
       AND c.relname IN ('changes', 'changes_floor'))"""


def shape_sql(relations: str) -> str:
    """Return the expression of the shape in the statement's own snapshot.

    Args:
        relations: SQL of an ``oid[]``.
    """
    parts = _PARTS.format(relations=relations)
    return f"pg_catalog.hashtextextended(concat_ws(';',\n{parts}), 0)"


def shape_objects() -> tuple[DatabaseObject, ...]:
    """Return the functions that ``shape_expression`` calls."""
    # Volatile, for a snapshot of its own: the one that a statement is planned with was taken
    # before the locks that the plan waited for, and does not see what was changed meanwhile.
    now = f"""\
CREATE OR REPLACE FUNCTION {_NOW}(relations oid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {shape_sql("relations")};
END $fraiseql$"""
    # It is not immutable. Said to be so, it is computed once, as a statement is planned.
    folded = f"""\
CREATE OR REPLACE FUNCTION {_SHAPE}(relations oid[]) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {_NOW}(relations);
END $fraiseql$"""
    return _function(_NOW, now), _function(_SHAPE, folded, f"{_NOW}(oid[])")


def _function(name: str, create: str, *needs: str) -> DatabaseObject:
    name = f"{name}(oid[])"
    revoked = f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC"
    return DatabaseObject(
        "function",
        name,
        (create, revoked),
        (f"DROP FUNCTION IF EXISTS {name}",),
        needs=needs,
        replaces=True,
    )


def oids(numbers: Sequence[int]) -> str:
    """Return numbers as SQL of an ``oid[]``."""
    return "'{" + ",".join(map(str, numbers)) + "}'::oid[]"


def readable(reads: Sequence[str]) -> str:
    """Return a condition that always holds and costs nothing: nothing is read for it.

    For its sake PostgreSQL finds the relations by their names, and asks whether the role may read
    them, as it does for the answer's own statement.

    Args:
        reads: Quoted names of the relations that an answer's statement names.
    """
    parts = [f"NOT EXISTS (SELECT FROM {name} WHERE false)" for name in reads]
    return " AND ".join(parts) or "true"


def functions_digest(functions: str) -> str:
    """Return the number of functions' definitions, 0 for none; ``functions`` is an ``oid[]``."""
    return f"""\
(SELECT coalesce(pg_catalog.hashtextextended(
   sum(pg_catalog.hashtextextended(concat_ws(':', p.oid, p.xmin), 6))::text, 6), 0)
 FROM pg_catalog.pg_proc p WHERE p.oid = ANY ({functions}))"""


def types_digest(types: str) -> str:
    """Return the number of enums' labels and composite types' attributes, 0 for none."""
    return f"""\
(SELECT coalesce(pg_catalog.hashtextextended(sum(pg_catalog.hashtextextended(part.text, 7))::text,
   7), 0)
 FROM (SELECT concat_ws(':', e.oid, e.xmin, e.enumsortorder, e.enumlabel) AS text
   FROM pg_catalog.pg_enum e WHERE e.enumtypid = ANY ({types})
   UNION ALL SELECT concat_ws(':', a.attrelid, a.attnum, a.xmin)
   FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid
   WHERE t.oid = ANY ({types}) AND a.attnum > 0 AND NOT a.attisdropped) AS part)"""


def subscribed(relations: str) -> str:
    """Return how many of the relations subscriptions write; ``relations`` is an ``oid[]``."""
    return f"""\
(SELECT count(*) FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = ANY ({relations}))"""


def shape_expression(
    relations: Sequence[int], functions: Sequence[int], types: Sequence[int]
) -> str:
    """Return the SQL expression of the shape as a look-up has it.

    Args:
        relations: Tables and views whose definition counts.
        functions: User-defined ones that are called.
        types: Enums, whose labels show, and composite types, whose attributes do.
    """
    # One constant for each: a plan is thrown away when a relation changes whose number is in it.
    numbers = ", ".join(f"'{one}'::oid" for one in relations)
    found = [f"{_SHAPE}(ARRAY[{numbers}]::oid[])", subscribed(oids(relations))]
    if functions:
        found.append(functions_digest(oids(functions)))
    if types:
        found.append(types_digest(oids(types)))
    return f"({' # '.join(found)})"
