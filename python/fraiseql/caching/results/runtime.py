"""Process: what the caches of one process share, and what those who wait are given."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fraiseql.caching.results.background import Puts
from fraiseql.caching.results.coalescing import Flights
from fraiseql.caching.results.memory import Memory, Remembered
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.stores.request import Subject
from fraiseql.results import Answered, Compute, Outcome


# One is made for every request: a frozen one takes three times as long to make.
@dataclass(slots=True, eq=False)
class Value:
    """A value that may be given.

    Attributes:
        outcome: ``hit`` where it was found; else why it had to be computed.
        body: JSON text; None where the client has it.
        etag: Its digest.
        seconds: How far it may be behind.
        source_seconds: The age of its source.
        ttl: Seconds left; None for no end.
        cost: Milliseconds that computing took.
        made: Seconds since it was computed.
        detail: Why it was no hit.
        misfit: In one word why it may not be stored, apart from its size and its look-up.
    """

    outcome: Outcome
    body: bytes | None
    etag: bytes
    seconds: float = 0.0
    source_seconds: float | None = None
    ttl: float | None = None
    cost: float = 0.0
    made: float = 0.0
    detail: str = ""
    misfit: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """What the units of one application share in one process.

    Attributes:
        metrics: Counts.
        patience: Seconds after which one who waits for another computes by itself.
        most: Bytes above which a value is not kept.
        flights: Who looks up or computes what.
        memory: Values that may be given without asking.
        puts: What is stored in the background.
        early: Keys that are computed before their life is over.
    """

    metrics: Metrics
    patience: float
    most: int
    flights: Flights[Value] = field(default_factory=Flights)
    memory: Memory = field(default_factory=Memory)
    puts: Puts = field(default_factory=Puts)
    early: set[bytes] = field(default_factory=set)

    def remembered(
        self, query: str, key: bytes, stale: float, etags: Sequence[bytes]
    ) -> Answered | None:
        """Return an answer from memory, counted; None where none is there.

        Args:
            query: Name for the figures.
            key: Of the value.
            stale: Seconds that it may be behind.
            etags: Digests of values that the client has.
        """
        kept = self.memory.get(key, stale)
        if kept is None:
            return None
        one, seconds = kept
        unchanged = one.etag in etags
        answered = Answered(
            "hit",
            None if unchanged else one.value,
            unchanged=unchanged,
            ttl=None if one.until is None else one.until - one.at - seconds,
            seconds=seconds,
            etag=one.etag.hex(),
        )
        self.metrics.answered(query, key, answered, one.cost, len(one.value), seconds)
        return answered

    def remember(self, subject: Subject, value: Value, at: float) -> None:
        """Keep in memory what equalled the live answer at a moment, where it may be behind."""
        # What time alone decides may be invalidated by a label, which memory would not see.
        if not subject.stale or subject.freshness is not None or subject.timed:
            return
        if value.body is None or value.seconds:
            return
        until = None if value.ttl is None else at + value.ttl
        self.memory.put(subject.key, Remembered(value.body, value.etag, at, until, value.cost))

    async def alone(self, query: str, compute: Compute, detail: str) -> Answered:
        """Compute an answer that neither a store nor anybody else is given."""
        computed = await compute()
        answered = Answered("bypass", computed=computed, detail=detail)
        answered.source_seconds = computed.source_seconds
        self.metrics.answered(query, b"", answered, 0.0, len(computed.value or b""))
        return answered

    def count(self, subject: Subject, value: Value, answered: Answered) -> Answered:
        """Count an answer, and return it."""
        size = 0 if value.body is None else len(value.body)
        self.metrics.answered(subject.query, subject.key, answered, value.cost, size, value.made)
        return answered


def given(value: Value, etags: Sequence[bytes], *, collapsed: bool = False) -> Answered:
    """Return the answer that gives a value to a client with these digests."""
    unchanged = value.body is None or value.etag in etags
    return Answered(
        value.outcome,
        value=None if unchanged else value.body,
        unchanged=unchanged,
        collapsed=collapsed,
        detail=value.detail,
        ttl=value.ttl,
        seconds=value.seconds,
        source_seconds=value.source_seconds,
        etag=value.etag.hex(),
    )
