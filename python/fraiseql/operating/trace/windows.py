"""Counts of a process by minute, until they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fraiseql.operating.trace.counters import (
    REQUEST,
    Counters,
    OperationCounters,
    StatementCounters,
    Totals,
)
from fraiseql.operating.trace.recorder import Recorder

_MOST_MINUTES: Final = 10
"""Minutes that are held while they cannot be written; older ones are lost."""


@dataclass(frozen=True, slots=True)
class WindowKey:
    """The key of a row: a statement of an operation in a minute, with its source."""

    minute: datetime
    operation: str
    statement: str
    source: str


class Windows:
    """Takes the counts of a recorder, and holds those of a minute until it is over.

    Args:
        recorder: Its counts are taken.

    Attributes:
        rows: Counts by key. Writing the rows again changes nothing.
        lost: Minutes that were lost because they could not be written.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.rows: dict[WindowKey, Totals] = {}
        self.lost = 0
        self._unwritten: set[WindowKey] = set()

    def take(self, now: datetime) -> list[WindowKey]:
        """Take the counts since the last call; return the keys of the rows to write."""
        minute = now.astimezone(UTC).replace(second=0, microsecond=0)
        for operation in self._recorder.operations:
            self._take(WindowKey(minute, operation.id, REQUEST, ""), operation)
            for statement in operation.statements:
                key = WindowKey(minute, operation.id, statement.id, statement.source)
                self._take(key, statement)
        self._drop_oldest()
        return list(self._unwritten)

    def written(self, keys: list[WindowKey], now: datetime) -> None:
        """Forget rows that were written and whose minute is over."""
        self._unwritten.difference_update(keys)
        minute = now.astimezone(UTC).replace(second=0, microsecond=0)
        for key in keys:
            if key.minute < minute:
                self.rows.pop(key, None)

    def row(self, key: WindowKey) -> dict[str, Any]:
        """Return a row as ``write_trace`` reads it."""
        totals = self.rows[key]
        milliseconds = totals.seconds * 1_000.0
        whole = key.statement == REQUEST
        return {
            "at": key.minute.isoformat(),
            "operation": key.operation,
            "statement": key.statement,
            "source": key.source,
            "calls": totals.calls,
            "errors": totals.errors,
            "db_ms_sum": 0.0 if whole else milliseconds,
            "db_ms_buckets": list(totals.buckets),
            "rows": totals.rows,
            "bytes": totals.size,
            "total_ms_sum": milliseconds if whole else 0.0,
            "most_in_request": totals.most,
        }

    def _take(self, key: WindowKey, counters: Counters) -> None:
        totals = counters.take()
        if totals is None:
            return
        before = self.rows.get(key)
        if before is None:
            self.rows[key] = totals
        else:
            self.rows[key] = before.plus(totals)
        self._unwritten.add(key)

    def _drop_oldest(self) -> None:
        minutes = sorted({key.minute for key in self.rows})
        for minute in minutes[:-_MOST_MINUTES]:
            self.lost += 1
            for key in [key for key in self.rows if key.minute == minute]:
                del self.rows[key]
                self._unwritten.discard(key)


def described(
    recorder: Recorder, ids: frozenset[str]
) -> tuple[list[OperationCounters], list[StatementCounters]]:
    """Return the operations and statements with the given ids, each once."""
    operations = {own.id: own for own in recorder.operations if own.id in ids}
    statements = {
        own.id: own
        for operation in recorder.operations
        for own in operation.statements
        if own.id in ids
    }
    return list(operations.values()), list(statements.values())


def sampled(recorder: Recorder) -> Iterator[StatementCounters]:
    """Yield the statements with samples of parameters."""
    for operation in recorder.operations:
        for statement in operation.statements:
            if statement.samples:
                yield statement
