"""Tab of operations: their costs in the last minutes."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError, DatabaseError
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents, rounded
from fraiseql.operating.trace.counters import Counters, OperationCounters
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.operating.trace.report import (
    Trace,
    TracedCost,
    TracedOperation,
    TracedStatement,
    load_trace,
)

MINUTES: Final = 15
"""Minutes of the trace that the tab shows."""

_LONGEST: Final = 80
"""Characters of a name, which clients choose, or of the document of an operation without one."""

_COLUMNS: Final[Columns] = {
    "operation": "text",
    "calls": "number",
    "calls/min": "number",
    "errors": "number",
    "p50 ms": "number",
    "p95 ms": "number",
    "database ms": "number",
    "rows/call": "number",
    "bytes/call": "number",
    "answered from": "text",
}
_ALL: Final = (
    f"Of all processes, in the last {MINUTES} minutes: from the tables of the trace, which each"
    " process writes every ten seconds."
)
_OWN: Final = "Of this process only, since it started."
_LEGEND: Final = (
    "p50 and p95 are interpolated and may be wrong by a factor of two. database ms, rows and bytes"
    " are means of one call."
)


class OperationCosts:
    """Costs of operations, for the tab and for the details of one operation.

    Args:
        recorder: Counts of this process.
        pool: Returns the connections of the service.
        writes_trace: Whether processes write their counts to the database.

    Attributes:
        scope: Text about the processes and the time that the figures are of.
        trace: The operations of the last reading.
    """

    def __init__(self, recorder: Recorder, pool: Callable[[], Pool], *, writes_trace: bool) -> None:
        self._recorder = recorder
        self._pool = pool
        self._writes_trace = writes_trace
        self._began = datetime.now(UTC)
        self.scope = _OWN
        self.trace: Sequence[TracedOperation] = ()

    async def contents(self) -> TabContents:
        """Return the contents of the tab."""
        trace = await self._load()
        minutes = max(1.0, (datetime.now(UTC) - trace.since).total_seconds() / 60)
        self.trace = trace.operations
        ordered = sorted(trace.operations, key=lambda each: -_database_ms(each.statements))
        rows = [_row(operation, minutes) for operation in ordered]
        keys = [operation.id for operation in ordered]
        table = PageTable("Operations", _COLUMNS, rows, keys=keys, detail="operation")
        return TabContents([table], [self.scope, _LEGEND])

    async def _load(self) -> Trace:
        if not self._writes_trace:
            self.scope = f"{_OWN} trace is off, so nothing is written to the database."
            return own_trace(self._recorder, self._began)
        since = datetime.now(UTC) - timedelta(minutes=MINUTES)
        try:
            trace = await load_trace(self._pool().inspect, since)
        except ConfigurationError:
            # No tables, or no request in these minutes.
            pass
        except DatabaseError as error:
            self.scope = f"{_OWN} The tables of the trace cannot be read: {error.message}"
            return own_trace(self._recorder, self._began)
        else:
            self.scope = _ALL
            return trace
        self.scope = f"{_OWN} The trace has no operation of the last {MINUTES} minutes."
        return own_trace(self._recorder, self._began)


def own_trace(recorder: Recorder, since: datetime) -> Trace:
    """Return the counts of a process in the form of the trace.

    Args:
        recorder: The counts.
        since: Start of the process.
    """
    operations = [_operation(counters) for counters in recorder.operations]
    return Trace(operations, since, datetime.now(UTC))


def _operation(counters: OperationCounters) -> TracedOperation:
    ok, failed = _cost(counters), _cost(counters.failed)
    cost = TracedCost(
        ok.calls + failed.calls,
        failed.errors,
        ok.ms + failed.ms,
        0,
        ok.bytes + failed.bytes,
        0,
        tuple([own + more for own, more in zip(ok.buckets, failed.buckets, strict=True)]),
    )
    statements = [
        TracedStatement(own.id, own.sql, own.source, own.root, None, (), _cost(own))
        for own in counters.statements
    ]
    return TracedOperation(counters.id, counters.name, counters.document, cost, statements)


def _cost(counters: Counters) -> TracedCost:
    counters.fold()
    return TracedCost(
        counters.calls,
        counters.errors,
        counters.seconds * 1_000.0,
        counters.rows,
        counters.size,
        counters.most,
        tuple(counters.buckets),
    )


def _row(operation: TracedOperation, minutes: float) -> list[Cell]:
    cost = operation.cost
    calls = max(1, cost.calls)
    rows = sum(statement.cost.rows for statement in operation.statements)
    sources = dict.fromkeys(statement.source for statement in operation.statements)
    return [
        (operation.name or operation.document)[:_LONGEST],
        cost.calls,
        rounded(cost.calls / minutes),
        cost.errors,
        rounded(cost.percentile(0.5)),
        rounded(cost.percentile(0.95)),
        rounded(_database_ms(operation.statements) / calls),
        rounded(rows / calls),
        round(cost.bytes / calls),
        ", ".join(sources),
    ]


def _database_ms(statements: Iterable[TracedStatement]) -> float:
    return sum(statement.cost.ms for statement in statements)
