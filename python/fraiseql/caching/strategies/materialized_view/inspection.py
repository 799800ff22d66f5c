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

_PLACE: Final = """
SELECT (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $2 AND c.relname = $3) AS built,
  (SELECT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $4) AS taken
"""
# Of the application's search path.
_SCHEMA: Final = "SELECT pg_catalog.current_schema()::pg_catalog.text AS schema"
_COLUMNS: Final = """
SELECT attname::text AS name FROM pg_attribute
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_OIDS: Final = """
SELECT to_regclass(name)::oid AS oid
FROM unnest($1::text[]) WITH ORDINALITY AS asked (name, place) ORDER BY place
"""
# A materialized view is an end to all that only read it; here its own query is what counts. Of a
# table only the columns that stored documents may have are shown.
_BEGUN: Final = """
SELECT coalesce(w.ev_action::text, format(':relid %s ', c.oid)) AS tree
FROM pg_class c LEFT JOIN pg_rewrite w ON w.ev_class = c.oid AND c.relkind IN ('v', 'm')
WHERE c.oid = ANY ($1::oid[])
"""
_PROBE: Final = "fraiseql_probe"
Ask = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs one statement with its parameters and returns its rows."""

# One row comes out where no more than one goes in.
_PASSING: Final = frozenset({"Sort", "Limit", "Subquery Scan", "Unique"})


@dataclass(frozen=True, slots=True)
class ReadRelation:
    """One table that a query reads.

    Attributes:
        schema: Namespace.
        name: Without the schema.
        kind: ``relkind``.
        secured: Whether it has row security.
        owned: Whether the connected role may alter it.
        catalog: Whether it is PostgreSQL's own.
        persistence: ``p`` logged, ``u`` unlogged, ``t`` temporary.
        subscribed: Whether a subscription writes it.
        selectable: Whether the connected role may read it, where the query names it.
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
    """What is known of one declared view.

    Attributes:
        schema: Where ``mv_x`` and ``v_x`` stand; empty where the query cannot be written.
        columns: Of the query, in order.
        reads: Tables that it reads, with their partitions.
        calls: Functions that are not immutable, or not PostgreSQL's own.
        within: Quoted names of what else is read, as in the bodies of functions.
        one_row: Whether it provably gives no more than one row.
        taken: ``relkind`` of what has the public name, if that is no view; else empty.
        refused: PostgreSQL's words on the query, if it refuses it.
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

    A view that is built is asked itself, which only reads; a query that is not is put into a
    temporary view that is rolled back.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if stored_type.stored.sql is None and any(
        live_view.refusals(stored_type, embeds_of(stored_type))
    ):
        # The view is named by its query, which cannot be written: it has no name and no place.
        found = await _described(pool.inspect, *await _begun(stored_type, pool))
        return replace(found, columns=())
    named = (stored_type.definition.sql_source or "").rpartition(".")[0]
    schema = stored_type.table.schema or named
    if not schema:
        schema = str((await pool.fetch_bytes(_SCHEMA))[0]["schema"])
    args = [schema, *physical_name(stored_type, schema), f"mv_{bare(stored_type)}"]
    (place,) = await pool.inspect(_PLACE, args)
    taken = "" if place["taken"] in (None, "v") else str(place["taken"])
    if place["built"] is not None:
        found = await _described(pool.inspect, [place["built"]])
        own = tuple(name for name in found.columns if name != CONSTANT_KEY)
        single = CONSTANT_KEY in found.columns
        return replace(found, schema=schema, columns=own, one_row=single, taken=taken)
    if stored_type.stored.sql is None:
        found = await _described(pool.inspect, *await _begun(stored_type, pool))
        return replace(found, schema=schema, columns=(), taken=taken)
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
                found = await _described(connection.read, [start])
                single = not key_of(stored_type) and await _single(connection, query)
            finally:
                await connection.execute("ROLLBACK")
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return ViewInspection("", refused=server_message(error))
    return replace(found, one_row=single)


async def _single(connection: AdminConnection, query: str) -> bool:
    async with connection.declared():
        plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}"))
    return _one_row(plan[0]["Plan"])


async def _described(read: Ask, start: list[int], trees: Sequence[str] = ()) -> ViewInspection:
    """Return the columns of the first of ``start``, and what all of them read and call.

    Args:
        read: Asks the database.
        start: Numbers of relations.
        trees: Parsed predicates over them.
    """
    columns = await read(_COLUMNS, [start[0]])
    begun = await read(_BEGUN, [start])
    trees = [*trees, *(row["tree"] for row in begun)]
    found = await inspect_dependencies(read, [], trees, shape=False)
    # The parsed query of a view may name the view.
    behind = [one for one in found.relations if one.oid not in start]
    followed = [one.oid for one in behind if one.kind != "m"]
    reads = await read(closure("$1::oid[]") + RELATIONS, [[*start, *followed]])
    seen = tuple(ReadRelation(**dict(row)) for row in reads)
    others = {one.sql for one in behind if one.kind in ("m", "S")}
    within = others - {one.sql for one in seen}
    names = [row["name"] for row in columns]
    return ViewInspection("", tuple(names), seen, found.calls, tuple(sorted(within)))


async def _begun(stored_type: StoredType, pool: Pool) -> tuple[list[int], list[str]]:
    """Return what the documents of a type's own table read, and the trees of predicates."""
    relations = stored_type.context.catalog.relations
    found = [relations[stored_type.definition.sql_source or ""]]
    for one in stored_type.embedded_fields():
        assert one.embed is not None  # noqa: S101 - chosen for having one
        found.append(relations[one.embed.relation])
    rows = await pool.inspect(_OIDS, [[one.sql for one in found]])
    predicates = predicates_of(stored_type, stored_type.type_name)
    trees = [tree for _, inspection in predicates for tree in inspection.parsed.trees]
    return [row["oid"] for row in rows], trees


def _one_row(plan: Mapping[str, Any]) -> bool:
    """Tell whether the top of a plan shows that no more than one row comes out."""
    below = [one for one in plan.get("Plans", ()) if one["Parent Relationship"] == "Outer"]
    if plan["Node Type"] == "Aggregate":
        return plan.get("Strategy") == "Plain" and "Group Key" not in plan
    if plan["Node Type"] == "Result" and not below:
        return True
    passing = plan["Node Type"] in _PASSING
    inner = [one for one in plan.get("Plans", ()) if one["Parent Relationship"] == "Subquery"]
    return passing and any(_one_row(one) for one in (below or inner))
