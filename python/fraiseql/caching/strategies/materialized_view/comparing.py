"""Comparison of a materialized view with its query."""
# ruff: noqa: S608 - identifiers are quoted from the catalog, and the query is the developer's own

from typing import Any, Final

from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.compare import SHOWN, Difference, Verified
from fraiseql.caching.strategies.live_view import DOCUMENT
from fraiseql.caching.strategies.materialized_view.names import key_of, query_of
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.catalog.picture import quote
from fraiseql.database.writing import AdminConnection
from fraiseql.sql_names import fn, op, ty

_POPULATED: Final = "SELECT c.relispopulated FROM pg_class c WHERE c.oid = to_regclass($1)"
_NO_DATA: Final = (
    "has no data (REFRESH … WITH NO DATA), so it is answered live: not compared; fraiseql db repair"
    " or a worker refreshes it"
)


async def verify(stored_type: StoredType, connection: AdminConnection, sample: float) -> Verified:
    """Compare the view with its query, unless the view is stale: missing writes are no drift.

    Age, view and query are read in the caller's snapshot.
    """
    if not await _is_populated(stored_type, connection):
        return Verified(stored_type.type_name, 0, 0, note=_NO_DATA)
    # A changed definition is drift, since no write explains it.
    seconds = await connection.fetchval(f"SELECT {age(physical(stored_type), 'true')}")
    if seconds != 0:
        since = "an unknown time" if seconds is None else f"{seconds:.1f} s"
        return Verified(stored_type.type_name, 0, 0, note=f"stale for {since}: not compared")
    return await _compared(stored_type, connection, sample)


async def repair(stored_type: StoredType, connection: AdminConnection) -> int:
    """Refresh the view, and return how many of its rows differed."""
    async with connection.snapshot():
        if await _is_populated(stored_type, connection):
            differing = (await _compared(stored_type, connection, 100.0)).differing
        else:
            differing = await _live_rows(stored_type, connection)
    await refresh_view(connection, physical(stored_type))
    return differing


async def _is_populated(stored_type: StoredType, connection: AdminConnection) -> bool:
    """Return whether the view may be read: ``REFRESH … WITH NO DATA`` empties and closes it."""
    return bool(await connection.fetchval(_POPULATED, physical(stored_type)))


async def _live_rows(stored_type: StoredType, connection: AdminConnection) -> int:
    query, _ = query_of(stored_type)
    async with connection.declared():
        return int(await connection.fetchval(f"SELECT {fn('count')}(*) FROM ({query}) AS q"))


async def _compared(
    stored_type: StoredType, connection: AdminConnection, sample: float
) -> Verified:
    query, _ = query_of(stored_type)
    columns = stored_type.inspection.columns or (*stored_type.table.columns, DOCUMENT)
    row = ", ".join(f"q.{quote(column)}" for column in columns)
    key = ", ".join(f"q.{quote(column)}" for column in key_of(stored_type)) or "1"
    stored_rows, live_rows = (
        f"SELECT ROW({key})::{ty('text')} AS key, {fn('to_json')}(q.*)::{ty('text')} AS body"
        f" FROM (SELECT {row} FROM {relation} AS q) AS q"
        for relation in (physical(stored_type), f"({query})")
    )
    # As text: 1.0 and 1.00 are equal as jsonb and numeric, but readers see the difference.
    bucket = f"{fn('abs')}({fn('hashtext')}(coalesce(k.key, l.key))::bigint) {op('%')} 100000"
    joined = (
        f"FROM ({stored_rows}) AS k FULL JOIN ({live_rows}) AS l ON k.key {op('=')} l.key"
        f" WHERE ({bucket}) {op('<')} {round(sample * 1000)}"
    )
    differs = f"(k.body {op('=')} l.body) IS NOT TRUE"
    count = f"{fn('count')}(*)"
    async with connection.declared():
        counts: Any = await connection.fetchrow(
            f"SELECT {count} AS compared, {count} FILTER (WHERE {differs}) AS differing {joined}"
        )
        rows: list[Any] = []
        if counts["differing"]:
            rows = await connection.fetch(
                f"SELECT coalesce(k.key, l.key) AS key, k.body AS stored, l.body AS live {joined}"
                f" AND {differs} ORDER BY 1 LIMIT {SHOWN}"
            )
    differences = tuple(Difference(row["key"], row["stored"], row["live"]) for row in rows)
    return Verified(stored_type.type_name, counts["compared"], counts["differing"], differences)
