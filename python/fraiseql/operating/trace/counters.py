"""Counters of operations and their statements in one process."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from random import randrange
from typing import Any, Final

from fraiseql.events import RepeatedRuns, RunCounts
from fraiseql.exposition import SECONDS, Histogram

BUCKETS: Final = 24
"""Buckets of a histogram: below 0.0625 ms, then one for each doubling; the last has no bound."""

OTHER: Final = "other"
"""Id and name of operations and statements beyond the limits below."""

OPERATIONS: Final = 500
"""Operations that are counted separately."""

STATEMENTS: Final = 20
"""Statements of one operation that are counted separately."""

REQUEST: Final = ""
"""Statement id of a whole request."""

_UNITS: Final = 16_000.0
"""Units in a second: of 0.0625 ms."""

_BOUNDS: Final = [round(bound * _UNITS) for bound in SECONDS]

CLASSES: Final = sorted({1 << place for place in range(BUCKETS - 1)} | set(_BOUNDS))
"""Bounds of all buckets of both histograms, in these units."""

PENDING: Final = 3 * 256
"""Numbers of the runs that are added up at once, three of each."""

_PLACES: Final = [
    (bound / _UNITS, min(units.bit_length(), BUCKETS - 1), bisect_right(_BOUNDS, units))
    for units, bound in zip((0, *CLASSES), (*CLASSES, inf), strict=True)
]
"""Of each class: its end in seconds, and its place in both histograms."""

_LONGEST_SAMPLE: Final = 2_000
"""Characters of the parameters above which they are not sampled."""


def digest(*texts: str) -> str:
    """Return the id of texts, the same in every process."""
    return sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Totals:
    """Values of counters at one time; see ``Counters``."""

    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    rows: int = 0
    size: int = 0
    buckets: tuple[int, ...] = (0,) * BUCKETS
    most: int = 0

    def since(self, before: "Totals") -> "Totals":
        """Return the counts after ``before``."""
        return Totals(
            self.calls - before.calls,
            self.errors - before.errors,
            self.seconds - before.seconds,
            self.rows - before.rows,
            self.size - before.size,
            tuple([now - then for now, then in zip(self.buckets, before.buckets, strict=True)]),
            self.most,
        )

    def plus(self, other: "Totals") -> "Totals":
        """Return the sum with other counts."""
        return Totals(
            self.calls + other.calls,
            self.errors + other.errors,
            self.seconds + other.seconds,
            self.rows + other.rows,
            self.size + other.size,
            tuple([own + more for own, more in zip(self.buckets, other.buckets, strict=True)]),
            max(self.most, other.most),
        )


class Counters:
    """Counters of a statement in an operation, or of an operation; they only grow.

    A run is only appended to a list, and many are added up at once, which takes a fifth of the
    time. Call ``fold`` before reading.

    Attributes:
        pending: Duration, rows and bytes of each run that is not added up, one after the other.
        calls: Runs.
        errors: Runs that failed.
        seconds: Sum of the durations.
        buckets: Runs by duration, for the trace.
        histogram: The same, for ``/metrics``.
        rows: Rows.
        size: Bytes.
        most: Most runs in one request since ``take``.
    """

    __slots__ = (
        "_taken",
        "buckets",
        "calls",
        "errors",
        "histogram",
        "most",
        "pending",
        "rows",
        "seconds",
        "size",
    )

    def __init__(self) -> None:
        self.pending: list[float] = []
        self.calls = self.errors = self.rows = self.size = self.most = 0
        self.seconds = 0.0
        self.buckets = [0] * BUCKETS
        self.histogram = Histogram()
        self._taken = Totals()

    def add(self, seconds: float, rows: int, size: int) -> None:
        """Count a run."""
        self.pending += (seconds, rows, size)
        if len(self.pending) >= PENDING:
            self.fold()

    def add_all(self, runs: RepeatedRuns, size: int) -> None:
        """Count runs that were counted by ``CLASSES``; ``size`` is the bytes of all of them."""
        self.calls += runs.count
        self.seconds += runs.seconds
        self.size += size
        self.histogram.sum += runs.seconds
        for units, each in zip((0, *CLASSES), runs.classes, strict=True):
            self._add_to_buckets(units, each)

    def add_untimed(self, runs: int, size: int) -> None:
        """Count runs whose duration is 0.0; ``size`` is the bytes of all of them."""
        self.calls += runs
        self.size += size
        self._add_to_buckets(0, runs)

    def _add_to_buckets(self, units: int, runs: int) -> None:
        # One table for both histograms: all bounds are whole numbers of the unit.
        self.buckets[min(units.bit_length(), BUCKETS - 1)] += runs
        self.histogram.buckets[bisect_right(_BOUNDS, units)] += runs

    def fold(self) -> None:
        """Add up the pending runs."""
        if not self.pending:
            return
        pending = self.pending
        seconds = pending[0::3]
        total = sum(seconds)
        self.calls += len(seconds)
        self.seconds += total
        self.rows += int(sum(pending[1::3]))
        self.size += int(sum(pending[2::3]))
        self.histogram.sum += total
        pending.clear()
        seconds.sort()
        self._classify(seconds)

    def _classify(self, seconds: Sequence[float]) -> None:
        """Add durations, the shortest first, to the buckets."""
        # One search for each class, of which most runs are in a few: half of the time of a
        # computation for each run.
        begin, count = 0, len(seconds)
        for bound, bucket, place in _PLACES:
            end = bisect_left(seconds, bound, begin)
            if end > begin:
                self.buckets[bucket] += end - begin
                self.histogram.buckets[place] += end - begin
                if end == count:
                    return
                begin = end

    def add_runs(self, runs: RunCounts) -> None:
        """Add runs that were counted elsewhere."""
        self.calls += sum([each for _, each in runs.classes])
        self.seconds += runs.seconds
        self.rows += runs.rows
        self.size += runs.size
        self.histogram.sum += runs.seconds
        for units, each in runs.classes:
            self._add_to_buckets(units, each)

    def take(self) -> Totals | None:
        """Return the counts since the last call; None if nothing was counted."""
        self.fold()
        before = self._taken
        if self.calls == before.calls and self.errors == before.errors:
            return None
        self._taken = Totals(
            self.calls,
            self.errors,
            self.seconds,
            self.rows,
            self.size,
            tuple(self.buckets),
            self.most,
        )
        self.most = 0
        return self._taken.since(before)


class StatementCounters(Counters):
    """Counters of one statement, or of one kind of answer of a result cache.

    Attributes:
        id: Digest of the SQL, or of the root field.
        sql: The SQL; empty for an answer of a result cache.
        source: ``live``, ``generated``, ``projection``, ``view``, or ``result:`` and the outcome.
        root: Response key of its root field, or the field whose function runs it.
        samples: Parameters of some runs of the day.
    """

    __slots__ = ("_seen", "id", "samples", "secret", "source", "sql", "root")  # noqa: RUF023

    def __init__(
        self, sql: str, source: str, root: str, secret: frozenset[int] | None = None
    ) -> None:
        super().__init__()
        self.id = digest(sql) if sql else digest("root", root)
        self.sql = sql
        self.source = source
        self.root = root
        self.secret = secret
        self.samples: list[dict[str, Any]] = []
        self._seen = 0

    def sample(self, args: Sequence[Any], most: int) -> None:
        """Take the parameters of a run into the samples, each run with the same probability.

        Values of private parameters are left out, and all of a statement whose parameters are
        unknown.

        Args:
            args: Values of the parameters.
            most: Maximum number of samples.
        """
        secret = self.secret
        if secret is None or most <= 0:
            return
        self._seen += 1
        place = len(self.samples) if len(self.samples) < most else randrange(self._seen)  # noqa: S311 - a sample
        if place >= most:
            return
        taken = {str(n + 1): arg for n, arg in enumerate(args) if n not in secret}
        if sum(len(str(arg)) for arg in taken.values()) > _LONGEST_SAMPLE:
            return
        self.samples[place : place + 1] = [taken]

    def forget_samples(self) -> None:
        """Begin the samples of another day."""
        self.samples = []
        self._seen = 0


class OperationCounters(Counters):
    """Counters of the requests of one operation.

    Attributes:
        id: Digest of the name and the document.
        name: Name of the operation; empty for none.
        kind: ``query``.
        document: Text of the document, without values.
        failed: Counters of the requests with errors, which are counted here only.
        codes: Errors by code.
        by_sql: Counters of statements by their text.
    """

    __slots__ = ("_answers", "by_sql", "codes", "document", "failed", "id", "kind", "name")

    def __init__(self, name: str, kind: str, document: str, own_id: str = "") -> None:
        super().__init__()
        self.id = own_id or digest(name, document)
        self.name = name
        self.kind = kind
        self.document = document
        self.failed = Counters()
        self.codes: dict[str, int] = {}
        self.by_sql: dict[str, StatementCounters] = {}
        self._answers: dict[tuple[str, str], StatementCounters] = {}

    def fold_all(self) -> None:
        """Add up the pending requests, and the pending runs of their statements."""
        self.fold()
        self.failed.fold()
        for each in self.by_sql.values():
            each.fold()

    def take(self) -> Totals | None:
        """Return the counts since the last call, of requests with errors too."""
        own, failed = super().take(), self.failed.take()
        if own is None or failed is None:
            return own or failed
        return own.plus(failed)

    def add_statement(
        self, sql: str, source: str, root: str, secret: frozenset[int] | None
    ) -> StatementCounters:
        """Return the counters of a new statement; beyond the limit, those of ``OTHER``."""
        if len(self.by_sql) >= STATEMENTS:
            sql, source, root, secret = OTHER, OTHER, "", None
        own = self.by_sql.get(sql)
        if own is None:
            own = self.by_sql[sql] = StatementCounters(sql, source, root, secret)
        return own

    def answers(self, root: str, outcome: str) -> StatementCounters:
        """Return the counters of the answers of result caches for a root field."""
        own = self._answers.get((root, outcome))
        if own is None:
            if len(self._answers) >= STATEMENTS:
                root = OTHER
            own = self._answers.get((root, outcome))
        if own is None:
            own = StatementCounters("", f"result:{outcome}", root)
            self._answers[root, outcome] = own
        return own

    @property
    def statements(self) -> Iterator[StatementCounters]:
        """Counters of statements, then of answers of result caches."""
        yield from self.by_sql.values()
        yield from self._answers.values()
