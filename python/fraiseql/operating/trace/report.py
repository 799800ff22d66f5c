"""Costs of operations and statements, from the tables of the trace."""
# ruff: noqa: S608 - names are constants

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fraiseql.errors import ConfigurationError
from fraiseql.operating.trace.counters import BUCKETS, REQUEST

Read = Callable[[str, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Runs a statement whose unqualified names are PostgreSQL's own: ``Pool.inspect``."""

_FIRST_BOUND: Final = 0.0625
"""Milliseconds up to which a run is in the first bucket."""

_READABLE: Final = """\
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
  current_user::text AS role
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'fraiseql' AND c.relname = 'operation_window'"""

# One sum for each bucket: unnested arrays take several times as long.
_RUNS: Final = ", ".join(f"coalesce(sum(w.db_ms_buckets[{n + 1}]), 0)" for n in range(BUCKETS))

_SUMS: Final = f"""\
SELECT w.*, coalesce(o.name, '') AS name, coalesce(o.document, '') AS document,
  coalesce(s.sql, '') AS sql, s.query_id, coalesce(s.relations, '{{}}') AS relations,
  coalesce(s.root, '') AS root
FROM (SELECT w.operation, w.statement, w.source, sum(w.calls)::bigint AS calls,
    sum(w.errors)::bigint AS errors, sum(w.db_ms_sum + w.total_ms_sum) AS ms,
    sum(w.rows)::bigint AS rows, sum(w.bytes)::bigint AS bytes, max(w.most_in_request) AS most,
    min(w.at) AS since, max(w.at) AS upto, ARRAY[{_RUNS}]::bigint[] AS runs
  FROM fraiseql.operation_window w WHERE w.at >= coalesce($1::timestamptz, '-infinity')
  GROUP BY w.operation, w.statement, w.source) AS w
LEFT JOIN fraiseql.operation o ON o.id = w.operation
LEFT JOIN fraiseql.operation_statement s ON s.id = w.statement"""


@dataclass(frozen=True, slots=True)
class TracedCost:
    """TracedCost of the runs of a statement, or of an operation.

    Attributes:
        calls: Runs.
        errors: Runs that failed.
        ms: Sum of their durations in milliseconds.
        rows: Rows.
        bytes: Bytes of documents, or of responses.
        most: Most runs in one request.
        buckets: Runs by duration.
    """

    calls: int
    errors: int
    ms: float
    rows: int
    bytes: int
    most: int
    buckets: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean duration in milliseconds."""
        return self.ms / self.calls if self.calls else 0.0

    def percentile(self, share: float) -> float:
        """Return the duration in milliseconds that a share of the runs did not exceed.

        Interpolated within a bucket, which is wrong by a factor of two at most.
        """
        rank, before = share * sum(self.buckets), 0
        for place, runs in enumerate(self.buckets):
            if runs and before + runs >= rank:
                low = 0.0 if place == 0 else _FIRST_BOUND * 2.0 ** (place - 1)
                high = _FIRST_BOUND * 2.0**place
                return low + (high - low) * (rank - before) / runs
            before += runs
        return 0.0


@dataclass(frozen=True, slots=True)
class TracedStatement:
    """A statement of an operation.

    Attributes:
        id: Digest of its text.
        sql: Its text; empty for answers of result caches.
        source: ``live``, ``generated``, ``projection``, ``view``, or ``result:`` and the outcome.
        root: The root field, or the field whose function runs it.
        query_id: ``queryid`` of ``pg_stat_statements``, or None.
        relations: Relations that it reads, each ``schema.name``.
        cost: Its cost.
    """

    id: str
    sql: str
    source: str
    root: str
    query_id: int | None
    relations: tuple[str, ...]
    cost: TracedCost


@dataclass(slots=True)
class TracedOperation:
    """An operation with its statements.

    Attributes:
        id: Digest of its name and document.
        name: Its name; empty for none.
        document: Its text, without values.
        cost: TracedCost of its requests.
        statements: Its statements and the answers of result caches.
    """

    id: str
    name: str = ""
    document: str = ""
    cost: TracedCost = field(default_factory=lambda: TracedCost(0, 0, 0.0, 0, 0, 0, (0,) * BUCKETS))
    statements: list[TracedStatement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trace:
    """The recorded operations.

    Attributes:
        operations: In no order.
        since: The first minute.
        upto: The last minute.
    """

    operations: Sequence[TracedOperation]
    since: datetime
    upto: datetime


async def load_trace(read: Read, start: datetime | None = None) -> Trace:
    """Return the recorded operations.

    Args:
        read: Runs a statement.
        start: The first minute to read; None for all.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: it contains nothing.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    await check_installed(read)
    rows = await read(_SUMS, [start])
    if not rows:
        raise ConfigurationError(
            "The trace is empty: no process has recorded an operation.",
            hint="Send some requests to the running application; it writes its records every ten"
            " seconds, unless the setting trace is off.",
            code="TRACE_EMPTY",
        )
    operations: dict[str, TracedOperation] = {}
    for row in rows:
        own = operations.setdefault(row["operation"], TracedOperation(row["operation"]))
        _add(own, row)
    since = min(row["since"] for row in rows)
    return Trace(list(operations.values()), since, max(row["upto"] for row in rows))


async def check_installed(read: Read) -> None:
    """Check that the tables exist, and that the role may read them.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: they do not, or it may not.
        DatabaseError: The database cannot be reached.
    """
    rows = await read(_READABLE, [])
    if rows and not rows[0]["readable"]:
        role = rows[0]["role"]
        raise ConfigurationError(
            f"The role {role} may not read the trace.",
            hint=f"Run fraiseql db grant APP {role} as the role that runs fraiseql db apply.",
            code="TRACE_EMPTY",
        )
    if not rows:
        raise ConfigurationError(
            "The database has no tables of the trace.",
            hint="Run fraiseql db apply with this application, and serve some requests.",
            code="TRACE_EMPTY",
        )


def _add(operation: TracedOperation, row: Mapping[str, Any]) -> None:
    figures = {name: row[name] for name in ("calls", "errors", "ms", "rows", "bytes", "most")}
    cost = TracedCost(**figures, buckets=tuple(row["runs"]))
    if row["statement"] == REQUEST:
        operation.name, operation.document, operation.cost = row["name"], row["document"], cost
        return
    operation.statements.append(
        TracedStatement(
            row["statement"],
            row["sql"],
            row["source"],
            row["root"],
            row["query_id"],
            tuple(row["relations"]),
            cost,
        )
    )
