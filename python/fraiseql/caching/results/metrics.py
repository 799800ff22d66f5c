"""Counters of result caches in one process, and their ``/metrics`` lines."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import Final

from fraiseql.caching.results.hot_keys import HotKeys
from fraiseql.events import RepeatedRuns
from fraiseql.exposition import escaped, head
from fraiseql.results import CacheResult

OTHER: Final = "other"
"""The name that counts whatever exceeds the limits below."""

NAMES: Final = 500
"""Query names that are counted separately; ``DatabaseCache`` takes any name."""

WORDS: Final = 50
"""Reasons, and kinds of events, that are counted separately for one query."""

LENGTH: Final = 200
"""Characters of a name."""

MEMORY: Final = "memory"
"""Detail of a hit from the process's memory."""

RECENT: Final = 20
"""Answers that were no hit whose reasons are remembered one by one."""

_HEAD: Final = "fraiseql_result_cache"


@dataclass(frozen=True, slots=True)
class NoHit:
    """An answer that was no hit.

    Attributes:
        at: Its time in seconds since 1970.
        query: Name of the query.
        outcome: ``miss``, ``stale`` or ``bypass``.
        why: The reason, one word.
    """

    at: float
    query: str
    outcome: str
    why: str


class QueryCounters:
    """Counters of one query since the process began; they only grow.

    Attributes:
        query: Name of the query, or ``OTHER``.
        hits: Answers from the cache.
        memory: Hits from the process's memory.
        behind: Hits that miss a committed write, as ``stale`` allows.
        misses: Answers computed because no entry existed.
        stale: Answers computed because the entry could no longer be used.
        bypassed: Answers computed without asking the cache.
        collapsed: Answers that waited for another request's computation.
        stored: Answers that were stored.
        saved_ms: Milliseconds that computing the hits had taken.
        size: Bytes of the hits.
        age: Sum of the ages of the hits, in seconds.
        oldest: Age of the oldest hit, in seconds.
        reasons: Answers that were no hit, by reason.
        events: Other events, by kind.
    """

    __slots__ = (
        "age",
        "behind",
        "bypassed",
        "collapsed",
        "events",
        "hits",
        "memory",
        "misses",
        "oldest",
        "query",
        "reasons",
        "saved_ms",
        "size",
        "stale",
        "stored",
    )

    def __init__(self, query: str) -> None:
        self.query = query
        self.hits = self.memory = self.behind = self.misses = self.stale = self.bypassed = 0
        self.collapsed = self.stored = self.size = 0
        self.saved_ms = self.age = self.oldest = 0.0
        self.reasons: dict[str, int] = {}
        self.events: dict[str, int] = {}

    def hit(self, result: CacheResult, size: int) -> None:
        """Count a hit."""
        self.hits += 1
        if result.detail == MEMORY:
            self.memory += 1
        self.saved_ms += result.cost_ms
        self.size += size
        self.age += result.age_seconds
        if result.age_seconds > self.oldest:  # noqa: PLR1730 - max() takes three times as long
            self.oldest = result.age_seconds
        if result.lag_seconds != 0.0:
            self.behind += 1

    def repeated(self, size: int, cost_ms: float, age: float, runs: RepeatedRuns) -> None:
        """Count hits from the memory of the native server.

        Args:
            size: Bytes of the value.
            cost_ms: Milliseconds that computing it had taken.
            age: Its age in seconds when it was offered.
            runs: The hits.
        """
        count = runs.count
        self.hits += count
        self.memory += count
        self.saved_ms += cost_ms * count
        self.size += size * count
        self.age += age * count + runs.ages
        self.oldest = max(self.oldest, age + runs.oldest)

    def no_hit(self, result: CacheResult) -> None:
        """Count an answer that was no hit."""
        if result.outcome == "miss":
            self.misses += 1
        elif result.outcome == "stale":
            self.stale += 1
        else:
            self.bypassed += 1
        if result.detail:
            count(self.reasons, result.detail)


def count(counters: dict[str, int], word: str) -> None:
    """Add one to the counter of ``word``; beyond ``WORDS`` words, to that of ``OTHER``."""
    value = counters.get(word)
    if value is None and len(counters) >= WORDS:
        word = OTHER
        value = counters.get(OTHER)
    counters[word] = (value or 0) + 1


class Metrics:
    """Counters of one application in one process; a hit writes nothing to any store.

    Only for the thread of the event loop: it takes no lock.

    Attributes:
        hot_keys: Keys with the most hits.
        recent: The last answers that were no hit.
        before_reading: Called before counters are read, to add counts of the native server.
    """

    __slots__ = ("_queries", "before_reading", "hot_keys", "recent")

    def __init__(self) -> None:
        self.hot_keys = HotKeys()
        self.recent: deque[NoHit] = deque(maxlen=RECENT)
        self.before_reading: Callable[[], None] | None = None
        self._queries: dict[str, QueryCounters] = {}

    @property
    def queries(self) -> Mapping[str, QueryCounters]:
        """Counters by name of the query."""
        if self.before_reading is not None:
            self.before_reading()
        return self._queries

    def answered(self, query: str, key: bytes, result: CacheResult, size: int) -> None:
        """Count one answer.

        Args:
            query: Name of the query, or the ``query_type`` of ``DatabaseCache``.
            key: Key of the entry; empty for a bypass without a key.
            result: The answer.
            size: Bytes of the value.
        """
        counters = self._queries.get(query) or self._counters(query)
        if result.outcome == "hit":
            counters.hit(result, size)
            self.hot_keys.hit(key, counters.query)
        else:
            counters.no_hit(result)
            self.recent.append(NoHit(time(), counters.query, result.outcome, result.detail))
        if result.collapsed:
            counters.collapsed += 1
        if result.stored:
            counters.stored += 1

    def repeated(  # noqa: PLR0917 - all of them are needed
        self, query: str, key: bytes, size: int, cost_ms: float, age: float, runs: RepeatedRuns
    ) -> None:
        """Count hits from the memory of the native server; see ``QueryCounters.repeated``."""
        counters = self._queries.get(query) or self._counters(query)
        counters.repeated(size, cost_ms, age, runs)
        self.hot_keys.hit(key, counters.query, runs.count)

    def event(self, query: str, kind: str) -> None:
        """Count an event.

        Args:
            query: Name of the query; empty for an event of no single query.
            kind: ``early``, ``too_large``, ``full``, ``busy``, ``refused``, ``invalid``,
                ``uncacheable``, ``store_error:<kind>``, ….
        """
        count((self._queries.get(query) or self._counters(query)).events, kind)

    def lines(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, in the text format of Prometheus."""
        return list(_lines(self.queries))

    def _counters(self, query: str) -> QueryCounters:
        """Return the counters of a new name; beyond ``NAMES`` names, those of ``OTHER``."""
        name = readable(query)
        if name not in self._queries and len(self._queries) >= NAMES:
            name = OTHER
        return self._queries.setdefault(name, QueryCounters(name))


def readable(query: str) -> str:
    """Return a name cut to ``LENGTH``, with only characters that PostgreSQL can store."""
    cut = query[:LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return cut.encode("utf-8", "replace").decode()


# The text format of Prometheus.


def process_lines(figures: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    """Yield the lines of figures of the process.

    Args:
        figures: Meaning and value by name; a name that ends in ``_total`` only grows.
    """
    for name, (meaning, value) in figures.items():
        metric = f"{_HEAD}_{name}"
        yield from head(metric, meaning, "counter" if name.endswith("_total") else "gauge")
        yield f"{metric} {value}"


_COUNTERS: Final[Sequence[tuple[str, str, Callable[[QueryCounters], float]]]] = (
    ("hits", "Answers from the cache", lambda query: query.hits),
    ("memory_hits", "Hits from the memory of the process", lambda query: query.memory),
    ("behind", "Hits behind a committed write, as declared", lambda query: query.behind),
    ("misses", "Answers computed because no entry existed", lambda query: query.misses),
    ("stale", "Answers computed because the entry was out of date", lambda query: query.stale),
    ("bypassed", "Answers computed without asking the cache", lambda query: query.bypassed),
    ("collapsed", "Answers that waited for another request", lambda query: query.collapsed),
    ("stored", "Answers that were stored", lambda query: query.stored),
    (
        "saved_seconds",
        "Time that computing the hits had taken",
        lambda query: query.saved_ms / 1_000,
    ),
    ("bytes", "Bytes of the hits", lambda query: query.size),
    ("age_seconds", "Sum of the ages of the hits", lambda query: query.age),
)


def _lines(queries: Mapping[str, QueryCounters]) -> Iterator[str]:
    for name, meaning, value in _COUNTERS:
        metric = f"{_HEAD}_{name}_total"
        yield from head(metric, meaning, "counter")
        for query, counters in queries.items():
            yield f'{metric}{{query="{escaped(query)}"}} {value(counters)}'
    yield from _by_word("not_hit", "reason", "Answers that were no hit", queries, _reasons)
    yield from _by_word("events", "kind", "Other events", queries, _events)
    metric = f"{_HEAD}_oldest_hit_seconds"
    yield from head(metric, "Age of the oldest hit", "gauge")
    for query, counters in queries.items():
        yield f'{metric}{{query="{escaped(query)}"}} {counters.oldest}'


def _by_word(
    name: str,
    label: str,
    meaning: str,
    queries: Mapping[str, QueryCounters],
    words_of: Callable[[QueryCounters], Mapping[str, int]],
) -> Iterator[str]:
    metric = f"{_HEAD}_{name}_total"
    yield from head(metric, meaning, "counter")
    for query, counters in queries.items():
        for word, value in words_of(counters).items():
            yield f'{metric}{{query="{escaped(query)}",{label}="{escaped(word)}"}} {value}'


def _reasons(counters: QueryCounters) -> Mapping[str, int]:
    return counters.reasons


def _events(counters: QueryCounters) -> Mapping[str, int]:
    return counters.events
