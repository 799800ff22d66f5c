"""Receiver of a process's events, which counts them in memory."""

from collections.abc import Callable, Iterator, Sequence
from random import random
from typing import Any, Final

from fraiseql.events import RepeatedRuns, RunCounts, StatementFacts, Timings
from fraiseql.operating.trace.counters import (
    OPERATIONS,
    OTHER,
    PENDING,
    Counters,
    OperationCounters,
    StatementCounters,
)
from fraiseql.settings import Settings

_CODES: Final = 50
"""Error codes of an operation that are counted separately."""

_NO_RUNS: Final[dict[StatementCounters, int]] = {}


class Recorder:
    """Counts the events of one application; see ``fraiseql.events.Events``.

    Only for the thread of the event loop: it takes no lock.

    Args:
        settings: Uses ``trace``, ``trace_rate`` and ``trace_samples``.

    Attributes:
        rate: Share of the requests whose statements are counted.
        samples: Samples of parameters of a statement and day; 0 for none.
        active: Requests that are answered now.
        refusals: Requests that were not executed, by error code.
        before_reading: Called before counters are read; they report what Rust has answered.
    """

    def __init__(self, settings: Settings) -> None:
        self.rate = 0.0 if settings.trace == "off" else settings.trace_rate
        self.samples = settings.trace_samples if settings.trace == "values" else 0
        self.active = 0
        self.refusals: dict[str, int] = {}
        self.before_reading: list[Callable[[], None]] = []
        self._operations: dict[tuple[str, str], OperationCounters] = {}

    @property
    def operations(self) -> Iterator[OperationCounters]:
        """Counters of each operation."""
        for report in self.before_reading:
            report()
        yield from self._operations.values()

    def operation(
        self, name: str, kind: str, document: str, facts: Callable[[str], StatementFacts]
    ) -> "OperationTrace":
        """Return the receiver of the requests of a plan; plans of one document share counters."""
        key = (name, document)
        counters = self._operations.get(key)
        if counters is None:
            own_id = ""
            if len(self._operations) >= OPERATIONS:
                key, name, document, own_id = (OTHER, ""), OTHER, "", OTHER
            counters = self._operations.get(key)
            if counters is None:
                counters = OperationCounters(name, kind, document, own_id)
                self._operations[key] = counters
        return OperationTrace(self, counters, facts)

    def refused(self, code: str) -> None:
        """Count a request that was not executed."""
        count(self.refusals, code)


class OperationTrace:
    """Counts the requests of one plan; see ``fraiseql.events.OperationEvents``.

    Attributes:
        recorder: The recorder.
        counters: Counters of its operation.
        by_sql: Counters of the operation's statements, by their text.
        samples: Samples of parameters of a statement and day; 0 for none.
    """

    __slots__ = (
        "_facts",
        "_rate",
        "_traced",
        "_traces_all",
        "by_sql",
        "counters",
        "recorder",
        "samples",
    )

    def __init__(
        self,
        recorder: Recorder,
        counters: OperationCounters,
        facts: Callable[[str], StatementFacts],
    ) -> None:
        self.recorder = recorder
        self.counters = counters
        self.by_sql = counters.by_sql
        self.samples = recorder.samples
        self._rate = recorder.rate
        self._traces_all = recorder.rate >= 1.0
        self._traced = SampledRequest if self.samples else RequestTrace
        self._facts = facts

    def planned(self, timings: Timings) -> None:
        """Count nothing: the plan is made once."""

    def request(self) -> "RequestTrace":
        """Return the receiver of a request that begins."""
        self.recorder.active += 1
        counted = self._traces_all or random() < self._rate  # noqa: S311 - a sample
        request = self._traced() if counted else UntracedRequest()
        request.operation = self
        return request

    def ran_natively(
        self, requests: RunCounts, statements: Sequence[tuple[str, RunCounts]]
    ) -> None:
        """Count the requests that the native server has answered."""
        self.counters.add_runs(requests)
        if not self._traces_all:
            return
        for sql, runs in statements:
            counters = self.by_sql.get(sql) or self.statement(sql)
            counters.add_runs(runs)
            counters.most = max(counters.most, 1)

    def repeated(self, answers: Sequence[tuple[str, int]], size: int, runs: RepeatedRuns) -> None:
        """Count requests that the native server has answered from its memory."""
        sent = runs.count - runs.unchanged
        self.counters.add_all(runs, size * sent)
        share = 1.0 if self._traces_all else self._rate
        for root, bytes_of_value in answers:
            # Of a share of the requests only, as where each request is drawn.
            traced = int(runs.count * share + random())  # noqa: S311 - a sample
            written = bytes_of_value * round(traced * sent / runs.count)
            self.counters.answers(root, "hit").add_untimed(traced, written)

    def statement(self, sql: str) -> StatementCounters:
        """Return the counters of a statement that runs for the first time."""
        facts = self._facts(sql)
        return self.counters.add_statement(sql, facts.source, facts.root, facts.secret)


class RequestTrace:
    """Counts the statements of one request; see ``fraiseql.events.RequestEvents``.

    Attributes:
        operation: The receiver of its plan. Set after the request is made: without ``__init__``
            that takes two thirds of the time.
    """

    operation: OperationTrace

    # Of the class, so that a new request stores one attribute.
    _first: StatementCounters | None = None
    _runs: dict[StatementCounters, int] = _NO_RUNS
    _failed = False

    def ran(
        self,
        sql: str,
        args: Sequence[Any],  # noqa: ARG002 - samples have them
        seconds: float,
        rows: int,
        size: int,
    ) -> None:
        """Count a run of a statement."""
        operation = self.operation
        counters = operation.by_sql.get(sql)
        if counters is None:
            counters = operation.statement(sql)
        counters.pending += (seconds, rows, size)
        if self._first is None:
            # Most requests run one statement: they need no table, and ``done`` adds up.
            self._first = counters
            if not counters.most:
                counters.most = 1
        else:
            self._again(counters)

    def _again(self, counters: StatementCounters) -> None:
        """Count a run that is not the first one of the request."""
        if len(counters.pending) >= PENDING:
            counters.fold()
        runs = self._runs
        if runs is _NO_RUNS and self._first is not None:
            runs = self._runs = {self._first: 1}
        times = runs[counters] = runs.get(counters, 0) + 1
        counters.most = max(counters.most, times)

    def failed(self, sql: str, seconds: float) -> None:
        """Count a run that failed."""
        operation = self.operation
        counters = operation.by_sql.get(sql)
        if counters is None:
            counters = operation.statement(sql)
        counters.add(seconds, 0, 0)
        counters.errors += 1

    def answered(
        self,
        root: str,
        outcome: str,
        size: int,
        detail: str,  # noqa: ARG002 - the result caches count reasons
    ) -> None:
        """Count an answer of a result cache; its time is part of the request's."""
        self.operation.counters.answers(root, outcome).add(0.0, 0, size)

    def error(self, code: str) -> None:
        """Count an error of the response."""
        count(self.operation.counters.codes, code)
        self._failed = True

    def done(self, seconds: float, size: int) -> None:
        """Count the request."""
        operation = self.operation
        operation.recorder.active -= 1
        counters: Counters = operation.counters
        if self._failed:
            counters = operation.counters.failed
            counters.errors += 1
        pending = counters.pending
        pending += (seconds, 0, size)
        if len(pending) >= PENDING:
            operation.counters.fold_all()


class SampledRequest(RequestTrace):
    """Counts a request, and takes samples of parameters."""

    def ran(self, sql: str, args: Sequence[Any], seconds: float, rows: int, size: int) -> None:
        """Count a run of a statement, and perhaps keep its parameters."""
        super().ran(sql, args, seconds, rows, size)
        operation = self.operation
        # Absent: one of those that are counted together, of which there are no samples.
        counters = operation.by_sql.get(sql)
        if counters is not None:
            counters.sample(args, operation.samples)


class UntracedRequest(RequestTrace):
    """Counts a request without its statements."""

    def ran(self, sql: str, args: Sequence[Any], seconds: float, rows: int, size: int) -> None:
        """Count nothing."""

    def failed(self, sql: str, seconds: float) -> None:
        """Count nothing."""

    def answered(self, root: str, outcome: str, size: int, detail: str) -> None:
        """Count nothing."""


def count(counters: dict[str, int], code: str) -> None:
    """Add one to the counter of a code; beyond the limit, to that of ``OTHER``."""
    if code not in counters and len(counters) >= _CODES:
        code = OTHER
    counters[code] = counters.get(code, 0) + 1
