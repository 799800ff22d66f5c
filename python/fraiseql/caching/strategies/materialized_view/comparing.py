"""Comparing: the kept rows beside those of the query, in one snapshot."""
# ruff: noqa: S608 - identifiers are quoted from the catalog, and the query is the developer's own

from typing import Any

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


async def verify(kept: StoredType, connection: AdminConnection, sample: float) -> Verified:
    """Compare the view with its query; what an older view lacks is no drift, and is not compared.

    Runs in the caller's snapshot: age, view and query are of one moment.
    """
    # What a changed definition makes of the view is drift, which no write explains.
    seconds = await connection.fetchval(f"SELECT {age(physical(kept), 'true')}")
    if seconds != 0:
        since = "an unknown time" if seconds is None else f"{seconds:.1f} s"
        return Verified(kept.type_name, 0, 0, note=f"stale for {since}: not compared")
    return await _compared(kept, connection, sample)


async def repair(kept: StoredType, connection: AdminConnection) -> int:
    """Refresh the view, and return how many of its rows differed."""
    async with connection.snapshot():
        found = await _compared(kept, connection, 100.0)
    await refresh_view(connection, physical(kept))
    return found.differing


async def _compared(kept: StoredType, connection: AdminConnection, sample: float) -> Verified:
    query, _ = query_of(kept)
    columns = kept.inspection.columns or (*kept.table.columns, DOCUMENT)
    row = ", ".join(f"q.{quote(column)}" for column in columns)
    key = ", ".join(f"q.{quote(column)}" for column in key_of(kept)) or "1"
    kept_rows, live_rows = (
        f"SELECT ROW({key})::{ty('text')} AS key, {fn('to_json')}(q.*)::{ty('text')} AS body"
        f" FROM (SELECT {row} FROM {relation} AS q) AS q"
        for relation in (physical(kept), f"({query})")
    )
    # As text: jsonb and numeric take 1.0 and 1.00 for equal, and a reader sees the difference.
    place = f"{fn('abs')}({fn('hashtext')}(coalesce(k.key, l.key))::bigint) {op('%')} 100000"
    joined = (
        f"FROM ({kept_rows}) AS k FULL JOIN ({live_rows}) AS l ON k.key {op('=')} l.key"
        f" WHERE ({place}) {op('<')} {round(sample * 1000)}"
    )
    differs = f"(k.body {op('=')} l.body) IS NOT TRUE"
    count = f"{fn('count')}(*)"
    async with connection.declared():
        counts: Any = await connection.fetchrow(
            f"SELECT {count} AS compared, {count} FILTER (WHERE {differs}) AS differing {joined}"
        )
        found: list[Any] = []
        if counts["differing"]:
            found = await connection.fetch(
                f"SELECT coalesce(k.key, l.key) AS key, k.body AS kept, l.body AS live {joined}"
                f" AND {differs} ORDER BY 1 LIMIT {SHOWN}"
            )
    shown = tuple(Difference(one["key"], one["kept"], one["live"]) for one in found)
    return Verified(kept.type_name, counts["compared"], counts["differing"], shown)
