"""Traced statements with their times, as advice needs them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fraiseql.errors import ConfigurationError
from fraiseql.operating.trace.report import Read, Trace, TracedOperation, load_trace
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_READING: Final = re.compile(r"(?is)\s*(select|with)\b")
_LISTED: Final = 20
_SHOWN: Final = 36
"""Characters of a document without a name, as ``fraiseql trace show`` prints them."""

_LEAST_SECONDS: Final = 60.0
"""The trace counts by minute."""


@dataclass(frozen=True, slots=True)
class WorkloadStatement:
    """A statement of one or more operations.

    Attributes:
        id: Its id in the trace.
        sql: Its text.
        root: The root field, or the field whose function runs it.
        source: Where it reads documents: ``live``, ``generated``, ``projection`` or ``view``.
        operations: Ids of the operations that run it.
        calls: Runs.
        ms: Sum of their durations.
        rows: Rows of all runs.
        bytes: Bytes of all runs; 0 if unknown.
        param_types: Types of the parameters.
        samples: Recorded parameters, by number.
        drawn: Parameters from the statistics of columns, if none were recorded; for plans only.
    """

    id: str
    sql: str
    root: str
    source: str
    operations: tuple[str, ...]
    calls: int
    ms: float
    rows: int
    bytes: int
    param_types: tuple[str, ...] = ()
    samples: tuple[Mapping[str, Any], ...] = ()
    drawn: tuple[Mapping[str, Any], ...] = ()

    @property
    def mean_ms(self) -> float:
        """Mean duration of a run."""
        return self.ms / self.calls

    @property
    def rows_per_call(self) -> float:
        """Mean number of rows of a run."""
        return self.rows / self.calls


def shorten(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@dataclass(frozen=True, slots=True)
class Workload:
    """The traced statements.

    Attributes:
        statements: By descending time.
        names: Names of the operations by id.
        total_ms: Time of all statements of the operations, also of those that are not examined.
        seconds: Length of the trace.
        documents: Texts of the operations by id.
        others: Number of statements that write, and are not examined.
    """

    statements: tuple[WorkloadStatement, ...]
    names: Mapping[str, str]
    total_ms: float
    seconds: float
    documents: Mapping[str, str] = field(default_factory=dict)
    others: int = 0

    def share(self, statement: WorkloadStatement) -> float:
        """Return a statement's share of the traced time, from 0 to 1."""
        return statement.ms / self.total_ms if self.total_ms else 0.0

    def label(self, statement: WorkloadStatement) -> str:
        """Return the names of a statement's operations, or the beginnings of their documents."""
        return ", ".join(dict.fromkeys(self._name(each) for each in statement.operations))

    def _name(self, operation: str) -> str:
        document = " ".join(self.documents.get(operation, "").split())
        return self.names.get(operation) or shorten(document) or f"({operation})"


async def load_workload(read: Read, operation: str | None = None) -> Workload:
    """Return the traced statements.

    Args:
        read: Runs a statement.
        operation: Name or id of the only operation to examine; None for all.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the trace contains nothing; or no such operation.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    trace = await load_trace(read)
    chosen = _chosen(trace, operation)
    statements = _merged(chosen)
    rows = await read(_SQL["parameters"].text, [list(statements)])
    parameters = {row["id"]: row for row in rows}
    complete = [_with_parameters(each, parameters.get(each.id)) for each in statements.values()]
    reading = [each for each in complete if _READING.match(each.sql)]
    every = [part for each in chosen for part in each.statements]
    return Workload(
        tuple(sorted(reading, key=lambda each: (-each.ms, each.id))),
        {each.id: each.name for each in trace.operations},
        sum(part.cost.ms for part in every if part.sql),
        max((trace.upto - trace.since).total_seconds() + _LEAST_SECONDS, _LEAST_SECONDS),
        {each.id: each.document for each in chosen},
        len(complete) - len(reading),
    )


def _chosen(trace: Trace, name: str | None) -> Sequence[TracedOperation]:
    if name is None:
        return trace.operations
    chosen = [each for each in trace.operations if name in (each.name, each.id)]
    if not chosen:
        names = sorted(each.name or each.id for each in trace.operations)
        raise ConfigurationError(
            f"The trace has no operation {name!r}.",
            hint=f"It has: {', '.join(names[:_LISTED])}.",
            code="TRACE_EMPTY",
        )
    return chosen


def _merged(operations: Sequence[TracedOperation]) -> dict[str, WorkloadStatement]:
    """Return the statements with runs by id, each with the runs of all operations."""
    merged: dict[str, WorkloadStatement] = {}
    for operation in operations:
        for part in operation.statements:
            cost, known_part = part.cost, merged.get(part.id)
            if not part.sql or not cost.calls:
                continue
            if known_part is None:
                figures = (cost.calls, cost.ms, cost.rows, cost.bytes)
                merged[part.id] = WorkloadStatement(
                    part.id, part.sql, part.root, part.source, (operation.id,), *figures
                )
                continue
            merged[part.id] = replace(
                known_part,
                operations=tuple(dict.fromkeys((*known_part.operations, operation.id))),
                calls=known_part.calls + cost.calls,
                ms=known_part.ms + cost.ms,
                rows=known_part.rows + cost.rows,
                bytes=known_part.bytes + cost.bytes,
            )
    return merged


def _with_parameters(statement: WorkloadStatement, row: Any) -> WorkloadStatement:
    if row is None:
        return statement
    samples = tuple(json.loads(text) for text in row["samples"])
    return replace(statement, param_types=tuple(row["param_types"]), samples=samples)
