"""Check whether a projection can be read, and describe it for serving."""
# ruff: noqa: S608 - identifiers are quoted, and names written as texts

from typing import Any, Final

from fraiseql.caching.dependencies.recorded import must_be_unchanged
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.projection.problems import problems
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.tables import BUILT, built_comment
from fraiseql.caching.strategies.projection.tree import FLUSH, SCHEMA, Tree
from fraiseql.catalog.picture import Column, Relation
from fraiseql.database import Pool
from fraiseql.expressions import literal
from fraiseql.sources import Freshness, StoredSource
from fraiseql.sql_names import fn, op

# Run first: a role without USAGE on the schema cannot look up names in it.
_USABLE: Final = f"""
SELECT FROM pg_namespace WHERE nspname = '{SCHEMA}' AND has_schema_privilege(oid, 'USAGE')
"""
_BUILT: Final = f"""
SELECT obj_description(c.oid, 'pg_class') = '{BUILT}' AS built
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2
"""

_FLUSHES: Final = {
    "statement": ("", ""),
    "commit": (f"SET CONSTRAINTS {FLUSH} IMMEDIATE", f"SET CONSTRAINTS {FLUSH} DEFERRED"),
}
"""Commands around a read that has the writes of its transaction, by the mode of maintenance."""


async def is_whole(spec: ProjectionSpec, pool: Pool) -> bool:
    """Return whether the projection is complete and readable for the connected role.

    False for a role that cannot read the base tables, or that row security limits to some rows.
    """
    if not await pool.inspect(_USABLE):
        return False
    rows: list[Any] = await pool.inspect(_whole(spec))
    return bool(rows) and not await pool.inspect(problems(spec))


async def is_built(spec: ProjectionSpec, pool: Pool) -> bool:
    """Return whether this generation has been complete before."""
    rows: list[Any] = await pool.inspect(_BUILT, [spec.table.schema, spec.table.name])
    return bool(rows and rows[0]["built"])


def _whole(spec: ProjectionSpec) -> str:
    tree = Tree.of(spec)
    bases = ", ".join(f"({literal(table.name.sql)})" for _, table, _ in tree.tables())
    relations = [spec.reading] + ([tree.own("queue")] if spec.mode == "async" else [])
    readable = " AND ".join(
        f"has_table_privilege(to_regclass({literal(each.sql)}), 'SELECT')" for each in relations
    )
    return f"""\
SELECT FROM pg_namespace n JOIN pg_class c ON c.oid = to_regclass({literal(spec.reading.sql)})
WHERE n.nspname = '{SCHEMA}' AND {readable}
  AND obj_description(c.oid, 'pg_class') = {literal(built_comment(spec))}
  AND NOT EXISTS (
    SELECT FROM (VALUES {bases}) AS b(name)
    WHERE (has_table_privilege(to_regclass(b.name), 'SELECT')
      AND NOT row_security_active(to_regclass(b.name))) IS NOT TRUE)"""


def stored_source(
    stored_type: StoredType, spec: ProjectionSpec, embeds: tuple[str, ...], prompt: str
) -> StoredSource:
    """Return the projection as serving reads it; ``prompt`` is its recorded fingerprint."""
    source = stored_type.context.catalog.relations[stored_type.definition.sql_source or ""]
    keys = {name: source.columns[name] for name in stored_type.key}
    columns = {**keys, "data": Column("data", "jsonb", "jsonb", nullable=False)}
    if spec.text:
        columns["body"] = Column("body", "json", "json", nullable=False)
    relation = Relation(spec.reading.schema, spec.reading.name, "view", columns, stored_type.key)
    freshness = Freshness(age(spec)) if spec.mode == "async" else None
    document = "body" if spec.text else "data"
    bases = tuple(table.name.sql for _, table, _ in Tree.of(spec).tables())
    unchanged = must_be_unchanged(spec.table.sql, prompt, bases)
    return StoredSource(
        relation,
        document,
        "beside",
        frozenset(embeds),
        freshness,
        unchanged,
        flush=_FLUSHES.get(spec.mode),
    )


def age(spec: ProjectionSpec) -> str:
    """Return SQL of the seconds since the oldest queued write; 0 for an empty queue.

    Null if the clock was set back since one of them.
    """
    queue = Tree.of(spec).own("queue").sql
    now = fn("clock_timestamp()")
    waited = f"coalesce(extract(epoch FROM {now} {op('-')} {fn('min')}(q.at)), 0)"
    return (
        f"(SELECT CASE WHEN {fn('max')}(q.at) {op('>')} {now} THEN NULL"
        f" ELSE greatest({waited}, 0) END::double precision FROM {queue} q)"
    )


def queued_rows(spec: ProjectionSpec, most: int) -> str:
    """Return SQL of the number of queued changes, ``most`` at most."""
    queue = Tree.of(spec).own("queue").sql
    return f"(SELECT {fn('count')}(*) FROM (SELECT FROM {queue} LIMIT {most}) AS q)"
