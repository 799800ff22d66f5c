"""Inspection of a declared query: its columns, reads and calls."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fraiseql.caching.dependencies.inspection import InspectedCall, inspect_dependencies
from fraiseql.caching.dependencies.reads import RELATIONS, closure
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.materialized_view.names import (
    CONSTANT_KEY,
    bare,
    embeds_of,
    key_of,
    physical_name,
    query_of,
)
from fraiseql.caching.strategies.predicates import predicates_of
from fraiseql.catalog.picture import quote
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection, open_admin, server_message
from fraiseql.errors import DatabaseError, SourceError, sqlstate_of

_EXISTING: Final = """
SELECT (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $2 AND c.relname = $3) AS built,
  (SELECT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $4) AS taken
"""
# On the application's search path.
_SCHEMA: Final = "SELECT pg_catalog.current_schema()::pg_catalog.text AS schema"
_COLUMNS: Final = """
SELECT attname::text AS name FROM pg_attribute
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_OIDS: Final = """
SELECT to_regclass(name)::oid AS oid
FROM unnest($1::text[]) WITH ORDINALITY AS listed (name, place) ORDER BY place
"""
# The closure stops at materialized views; this one is the start, so that its query counts. Of
# tables only the columns that stored documents may contain are returned.
_START: Final = """
SELECT coalesce(w.ev_action::text, format(':relid %s ', c.oid)) AS tree
FROM pg_class c LEFT JOIN pg_rewrite w ON w.ev_class = c.oid AND c.relkind IN ('v', 'm')
WHERE c.oid = ANY ($1::oid[])
"""
_PROBE: Final = "fraiseql_probe"
Ask = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs one statement with its parameters and returns its rows."""

# Plan nodes that return at most one row for one input row.
_PASSING: Final = frozenset({"Sort", "Limit", "Subquery Scan", "Unique"})


@dataclass(frozen=True, slots=True)
class ReadRelation:
    """A relation that a query reads.

    Attributes:
        schema: Namespace.
        name: Without the schema.
        kind: ``relkind``.
        secured: Whether it has row security.
        owned: Whether the connected role may alter it.
        catalog: Whether it belongs to PostgreSQL.
        persistence: ``p`` logged, ``u`` unlogged, ``t`` temporary.
        subscribed: Whether a subscription writes it.
        selectable: Whether the connected role may read it, if the query names it.
    """

    schema: str
    name: str
    kind: str
    secured: bool
    owned: bool
    catalog: bool
    persistence: str
    subscribed: bool
    selectable: bool

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return f"{quote(self.schema)}.{quote(self.name)}"


@dataclass(frozen=True, slots=True)
class ViewInspection:
    """A declared view as PostgreSQL sees it.

    Attributes:
        schema: Schema of ``mv_x`` and ``v_x``; empty if the query cannot be written.
        columns: Columns of the query, in order.
        reads: Tables that it reads, with their partitions.
        calls: Functions that are not immutable, or not built in.
        within: Quoted names of other relations that are read, as in the bodies of functions.
        one_row: Whether it provably returns at most one row.
        taken: ``relkind`` of a relation with the public name that is no view; else empty.
        refused: PostgreSQL's message, if it refuses the query.
    """

    schema: str
    columns: tuple[str, ...] = ()
    reads: tuple[ReadRelation, ...] = ()
    calls: tuple[InspectedCall, ...] = ()
    within: tuple[str, ...] = ()
    one_row: bool = False
    taken: str = ""
    refused: str = ""


async def load_inspection(stored_type: StoredType, pool: Pool) -> ViewInspection:
    """Return the facts of one type.

    An existing view is only read; a new query is put into a temporary view, which is rolled back.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if stored_type.stored.sql is None and any(
        live_view.refusals(stored_type, embeds_of(stored_type))
    ):
        # The view is named after its query, which cannot be written: it has no name yet.
        view = await _described(pool.inspect, *await _start(stored_type, pool))
        return replace(view, columns=())
    declared_schema = (stored_type.definition.sql_source or "").rpartition(".")[0]
    schema = stored_type.table.schema or declared_schema
    if not schema:
        schema = str((await pool.fetch_bytes(_SCHEMA))[0]["schema"])
    args = [schema, *physical_name(stored_type, schema), f"mv_{bare(stored_type)}"]
    (existing,) = await pool.inspect(_EXISTING, args)
    taken = "" if existing["taken"] in (None, "v") else str(existing["taken"])
    if existing["built"] is not None:
        view = await _described(pool.inspect, [existing["built"]])
        own = tuple(name for name in view.columns if name != CONSTANT_KEY)
        single = CONSTANT_KEY in view.columns
        return replace(view, schema=schema, columns=own, one_row=single, taken=taken)
    if stored_type.stored.sql is None:
        view = await _described(pool.inspect, *await _start(stored_type, pool))
        return replace(view, schema=schema, columns=(), taken=taken)
    return replace(await _probed(stored_type, pool), schema=schema, taken=taken)


async def _probed(stored_type: StoredType, pool: Pool) -> ViewInspection:
    query, _ = query_of(stored_type)
    try:
        async with open_admin(pool) as connection:
            await connection.execute("BEGIN READ WRITE")
            try:
                async with connection.declared():
                    await connection.execute(f"CREATE TEMPORARY VIEW {_PROBE} AS {query}")
                start = await connection.fetchval(f"SELECT 'pg_temp.{_PROBE}'::regclass::oid")
                view = await _described(connection.read, [start])
                single = not key_of(stored_type) and await _single(connection, query)
            finally:
                await connection.execute("ROLLBACK")
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return ViewInspection("", refused=server_message(error))
    return replace(view, one_row=single)


async def _single(connection: AdminConnection, query: str) -> bool:
    async with connection.declared():
        plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}"))
    return _one_row(plan[0]["Plan"])


async def _described(read: Ask, start: list[int], trees: Sequence[str] = ()) -> ViewInspection:
    """Return the columns of the first of ``start``, and the reads and calls of all of them.

    Args:
        read: Runs a query.
        start: Oids of relations.
        trees: Parsed predicates over them.
    """
    columns = await read(_COLUMNS, [start[0]])
    definitions = await read(_START, [start])
    trees = [*trees, *(row["tree"] for row in definitions)]
    dependencies = await inspect_dependencies(read, [], trees, shape=False)
    # The parsed query of a view may name the view itself.
    relations = [relation for relation in dependencies.relations if relation.oid not in start]
    followed = [relation.oid for relation in relations if relation.kind != "m"]
    reads = await read(closure("$1::oid[]") + RELATIONS, [[*start, *followed]])
    tables = tuple(ReadRelation(**dict(row)) for row in reads)
    others = {relation.sql for relation in relations if relation.kind in ("m", "S")}
    within = others - {table.sql for table in tables}
    names = tuple(row["name"] for row in columns)
    return ViewInspection("", names, tables, dependencies.calls, tuple(sorted(within)))


async def _start(stored_type: StoredType, pool: Pool) -> tuple[list[int], list[str]]:
    """Return the relations that documents of a type's table read, and the predicates' trees."""
    embeds = [field.embed for field in stored_type.embedded_fields()]
    names = [stored_type.definition.sql_source or ""]
    names += [embed.relation for embed in embeds if embed is not None]
    relations = [stored_type.context.catalog.relations[name].sql for name in names]
    rows = await pool.inspect(_OIDS, [relations])
    predicates = predicates_of(stored_type, stored_type.type_name)
    trees = [tree for _, inspection in predicates for tree in inspection.parsed.trees]
    return [row["oid"] for row in rows], trees


def _one_row(plan: Mapping[str, Any]) -> bool:
    """Return whether a plan provably returns at most one row."""
    outer = [child for child in plan.get("Plans", ()) if child["Parent Relationship"] == "Outer"]
    if plan["Node Type"] == "Aggregate":
        return plan.get("Strategy") == "Plain" and "Group Key" not in plan
    if plan["Node Type"] == "Result" and not outer:
        return True
    passing = plan["Node Type"] in _PASSING
    inner = [child for child in plan.get("Plans", ()) if child["Parent Relationship"] == "Subquery"]
    return passing and any(_one_row(child) for child in (outer or inner))
