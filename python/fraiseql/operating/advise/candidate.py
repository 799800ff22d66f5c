"""Candidates for advice, their predictions and their measurements."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal[
    "index",
    "partial index",
    "expression index",
    "gin index",
    "rolling index",
    "drop index",
    "generated column",
    "projection",
    "materialized view",
    "result cache",
    "stale",
    "setting",
]
Option = Literal["indexes", "stored", "cache", "setting", ""]
"""The option of the declaration that changes; empty where none does."""

INDEX_KINDS: Final = frozenset(
    {"index", "partial index", "expression index", "gin index", "rolling index"}
)
_NARROW: Final = 0.25
"""Half width of the interval of a gain that counts as measured."""


@dataclass(frozen=True, slots=True)
class CacheTraffic:
    """Requests and writes that a result cache would see.

    Attributes:
        asks: Traced requests.
        writes: Rows written to its tables for each request.
    """

    asks: int
    writes: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that may make statements faster.

    Attributes:
        kind: The sort of change.
        target: GraphQL name of the type, or name of the query, whose declaration changes; the
            index that is dropped; the setting.
        table: The table, ``schema.name``; empty for none.
        option: The option of the declaration that changes.
        declaration: The Python text to write: for ``indexes`` one more item of the list, else
            the option's value.
        ddl: Statements that make the change in a database; empty if ``db apply`` has to.
        undo: Statements that undo ``ddl``.
        operations: Ids of the operations that it helps.
        statements: Ids of the traced statements that it helps.
        declared: The value that ``declaration`` writes, or None.
        lock: Lock that the change takes, and who waits.
        size: Bytes that it adds, estimated; negative for those it frees.
        schema: Schema of the table; empty for the part of its name before the first dot.
        traffic: Requests and writes; None unless it is a result cache.
    """

    kind: Kind
    target: str
    table: str
    option: Option
    declaration: str
    ddl: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    declared: Any = None
    lock: str = "none"
    size: int = 0
    schema: str = ""
    traffic: CacheTraffic | None = None

    def within_schema(self, name: str) -> tuple[str, str]:
        """Return the schema and the bare name of the table, or of one of its indexes.

        Both parts of ``schema.name`` may contain dots.
        """
        schema = self.schema or name.partition(".")[0]
        return schema, name[len(schema) + 1 :]

    @property
    def id(self) -> str:
        """Digest of the change, the same in every run."""
        text = "\0".join((self.kind, self.target, self.table, self.declaration, *self.ddl))
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def title(self) -> str:
        """The change in a few words."""
        return f"{self.kind} {self.declaration or self.target}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted time of a statement or an operation, in milliseconds.

    Attributes:
        before_ms: Its mean in the trace.
        after_ms: Predicted.
        gain: ``before_ms / after_ms``.
        low: Lower end of the interval of the gain.
        high: Upper end.
        why: The figures that the prediction is computed from.
        factor: The gain lies within this factor of ``gain``.
    """

    before_ms: float
    after_ms: float
    gain: float
    low: float
    high: float
    why: str = ""
    factor: float = 2.0


@dataclass(frozen=True, slots=True)
class MeasuredGain:
    """Measured time of a statement or an operation, before and after a change.

    Attributes:
        before_ms: Median before.
        after_ms: Median after.
        gain: ``before_ms / after_ms``.
        low: Lower end of the 95 % interval of the gain.
        high: Upper end.
        pairs: Pairs of runs that were compared.
        equal: Whether all answers were equal.
        before_p95: 95th percentile before.
        after_p95: 95th percentile after.
        blocks: Blocks per run, before and after.
        sampled: Percentage of the rows in the scratch copy.
        floor_ms: Median of a statement that reads nothing, at the same time.
        processor: Processor time of the backend in milliseconds: medians before, after, and of the
            statement that reads nothing; None if the server is not on this machine.
    """

    before_ms: float
    after_ms: float
    gain: float
    low: float
    high: float
    pairs: int
    equal: bool
    before_p95: float = 0.0
    after_p95: float = 0.0
    blocks: tuple[float, float] = (0.0, 0.0)
    sampled: float = 100.0
    floor_ms: float = 0.0
    processor: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class WriteCost:
    """Cost of a change to writes.

    Attributes:
        rows_per_second: Rows of the table that are written per second.
        us_per_row: Microseconds that the change adds to a written row.
        measured: Whether it was measured, not predicted.
    """

    rows_per_second: float = 0.0
    us_per_row: float = 0.0
    measured: bool = False

    @property
    def ms_per_second(self) -> float:
        """Milliseconds per second that the change adds to writes."""
        return self.rows_per_second * self.us_per_row / 1_000


@dataclass(frozen=True, slots=True)
class Advice:
    """A candidate that is recommended.

    Attributes:
        candidate: The change.
        predictions: By the id of the traced statement.
        writes: Its cost to writes.
        saved_ms_per_second: Database time that it saves, without its cost to writes, predicted.
        share: Share of the traced time that it saves, from 0 to 1.
        calls_per_second: Runs of the statements that it helps.
        measurements: By the id of the traced statement; None before ``--evaluate``.
        notes: Limits of the figures, such as synthetic parameters.
    """

    candidate: Candidate
    predictions: Mapping[str, Prediction]
    writes: WriteCost = field(default_factory=WriteCost)
    saved_ms_per_second: float = 0.0
    share: float = 0.0
    calls_per_second: float = 0.0
    measurements: Mapping[str, MeasuredGain] | None = None
    notes: tuple[str, ...] = ()

    @property
    def confidence(self) -> str:
        """``measured``, ``rough`` or ``predicted only``."""
        if not self.measurements:
            return "predicted only"
        widest = max(
            max(each.high / each.gain - 1, 1 - each.low / each.gain)
            for each in self.measurements.values()
        )
        return "measured" if widest < _NARROW else "rough"
