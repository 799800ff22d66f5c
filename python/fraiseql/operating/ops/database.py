"""Tab of the database: its figures, and statements that no operation runs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.errors import FraiseQLError
from fraiseql.operating.doctor.statement_texts import without_texts
from fraiseql.operating.doctor.visibility import REMEDIES, load_visibility
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents, rounded
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_NEW_CHECKPOINTER: Final = 170_000
_SHOWN: Final = 10
_LONGEST: Final = 300
"""Characters of a statement."""

_NO_STATEMENTS: Final = f"No statements of others: {REMEDIES['statement_statistics']}."

_SERVER: Final[Columns] = {"": "text", "value": "number"}
_TABLES: Final[Columns] = {
    "table": "text",
    "live rows": "number",
    "dead rows": "number",
    "sequential scans": "number",
    "index scans": "number",
    "vacuumed (UTC)": "text",
}
_STATEMENTS: Final[Columns] = {"statement": "code", "calls": "number", "total ms": "number"}


async def database_contents(pool: Pool) -> TabContents:
    """Return the contents of the tab.

    Raises:
        DatabaseError: The database cannot be read.
    """
    (totals,) = await pool.inspect(_SQL["totals"].text)
    new = pool.server_version >= _NEW_CHECKPOINTER
    (checkpoints,) = await pool.inspect(_SQL["checkpoints_17" if new else "checkpoints"].text)
    rows = [list(row) for row in await pool.inspect(_SQL["tables"].text)]
    tables = [
        PageTable("Server", _SERVER, _figures(dict(totals), dict(checkpoints))),
        PageTable("Tables with the most dead rows", _TABLES, rows),
    ]
    note = f"Since {totals['since']}."
    visibility = await load_visibility(pool, replicas=False, memory=0)
    if visibility.statements is None:
        return TabContents(tables, [note, _NO_STATEMENTS])
    table, share = await _foreign(pool, visibility.statements)
    return TabContents([*tables, table], [note, share])


def _figures(totals: Mapping[str, Any], checkpoints: Mapping[str, Any]) -> list[list[Cell]]:
    ratio = totals["hit_ratio"]
    return [
        ["connections to this database", totals["connections"]],
        ["connections allowed (max_connections)", totals["most"]],
        ["statements that run now", totals["active"]],
        ["sessions that wait for a lock", totals["waiting"]],
        ["oldest transaction, seconds", rounded(totals["oldest"])],
        ["blocks found in shared buffers, %", None if ratio is None else rounded(ratio)],
        ["temporary files", totals["temp_files"]],
        ["bytes of temporary files", totals["temp_bytes"]],
        ["deadlocks", totals["deadlocks"]],
        ["transactions rolled back", totals["rollbacks"]],
        ["bytes of the database", totals["size"]],
        ["checkpoints by time", checkpoints["timed"]],
        ["checkpoints on request", checkpoints["requested"]],
    ]


async def _foreign(pool: Pool, schema: str) -> tuple[PageTable, str]:
    """Return the statements that the trace does not have, and their share of the time."""
    read = await pool.inspect(_SQL["statements"].text.format(schema=schema))
    statements = [dict(row) for row in read]
    traced = await _traced(pool)
    foreign = [row for row in statements if row["id"] not in traced]
    total, outside = _sum(statements), _sum(foreign)
    rows: list[list[Cell]] = [
        [without_texts(row["query"])[:_LONGEST], row["calls"], rounded(row["ms"])]
        for row in foreign[:_SHOWN]
    ]
    share = f"{outside / total:.0%} of the time of its statements is not of traced operations."
    title = "Statements outside of traced operations"
    return PageTable(title, _STATEMENTS, rows), share if total else "No statement has run."


async def _traced(pool: Pool) -> frozenset[int]:
    try:
        return frozenset(row["id"] for row in await pool.inspect(_SQL["traced"].text))
    except FraiseQLError:
        # Nothing was applied, or the role may not read it.
        return frozenset()


def _sum(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(sum(row["ms"] for row in rows))
