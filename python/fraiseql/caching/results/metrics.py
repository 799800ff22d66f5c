"""Metrics: what result caches did, counted in the process; a hit writes nothing anywhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from fraiseql.caching.results.hot_keys import Top
from fraiseql.exposition import escaped, head
from fraiseql.results import Answered

OTHER: Final = "other"
"""The name under which is counted what there is no more room for."""

NAMES: Final = 500
"""Names of queries that are counted apart: those of ``DatabaseCache`` are anybody's."""

WORDS: Final = 50
"""Reasons, and kinds of events, that are counted apart for one query."""

LENGTH: Final = 200
"""Characters of a name."""

_HEAD: Final = "fraiseql_result_cache"


class Tally:
    """Counters of one query since the process began; none of them ever falls.

    Attributes:
        query: Its name, or ``OTHER``.
        hits: Answers that were given from what is kept.
        behind: Those of them that lacked a committed write, as ``stale`` allows.
        misses: Computed, since there was no entry.
        stale: Computed, since the entry could not be given any more.
        bypassed: Computed without a look at what is kept.
        collapsed: Answers for which another request's computation was waited for.
        stored: Answers that are kept since.
        saved_ms: Milliseconds that computing the hits had taken.
        size: Bytes of the hits.
        age: Seconds since the hits were computed, all together.
        oldest: Seconds since the oldest hit was computed.
        reasons: Why there was no hit: by word.
        events: What else happened: by kind.
    """

    __slots__ = (
        "age",
        "behind",
        "bypassed",
        "collapsed",
        "events",
        "hits",
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
        self.hits = self.behind = self.misses = self.stale = self.bypassed = 0
        self.collapsed = self.stored = self.size = 0
        self.saved_ms = self.age = self.oldest = 0.0
        self.reasons: dict[str, int] = {}
        self.events: dict[str, int] = {}

    def hit(self, cost_ms: float, size: int, made: float) -> None:
        """Count an answer that was given from what is kept."""
        self.hits += 1
        self.saved_ms += cost_ms
        self.size += size
        self.age += made
        if made > self.oldest:  # noqa: PLR1730 - max() takes three times as long
            self.oldest = made

    def other(self, answered: Answered) -> None:
        """Count an answer that was no hit."""
        if answered.outcome == "miss":
            self.misses += 1
        elif answered.outcome == "stale":
            self.stale += 1
        else:
            self.bypassed += 1
        if answered.detail:
            count(self.reasons, answered.detail)


def count(counters: dict[str, int], word: str) -> None:
    """Add one to the counter of ``word``, or of the others where there are too many words."""
    found = counters.get(word)
    if found is None and len(counters) >= WORDS:
        word = OTHER
        found = counters.get(OTHER)
    counters[word] = (found or 0) + 1


class Metrics:
    """The counters of one process, for one application.

    Only for the thread of the event loop: there is no lock.

    Attributes:
        top: The keys with the most hits.
    """

    __slots__ = ("_tallies", "top")

    def __init__(self) -> None:
        self.top = Top()
        self._tallies: dict[str, Tally] = {}

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """Counters by name of the query."""
        return self._tallies

    def answered(  # noqa: PLR0917 - keywords would cost as much as the counting
        self,
        query: str,
        key: bytes,
        answered: Answered,
        cost_ms: float,
        size: int,
        made: float = 0.0,
    ) -> None:
        """Count one answer.

        Args:
            query: Name of the query, or the ``query_type`` of ``DatabaseCache``.
            key: Of the entry; empty where there was none to be made, as for a bypass.
            answered: How it was answered.
            cost_ms: Milliseconds that computing the value took, for a hit when it was kept.
            size: Bytes of the value.
            made: Seconds since the value was computed, for a hit.
        """
        tally = self._tallies.get(query) or self._tally(query)
        if answered.outcome == "hit":
            tally.hit(cost_ms, size, made)
            if answered.seconds != 0.0:
                tally.behind += 1
            self.top.hit(key, tally.query)
        else:
            tally.other(answered)
        if answered.collapsed:
            tally.collapsed += 1
        if answered.stored:
            tally.stored += 1

    def event(self, query: str, kind: str) -> None:
        """Count what happened beside an answer.

        Args:
            query: Name of the query; empty for what concerns no single one.
            kind: ``early``, ``too_large``, ``full``, ``unguarded``, ``refused:<reason>``,
                ``forgiven:<SQLSTATE or class>``, ``compaction``, ….
        """
        count((self._tallies.get(query) or self._tally(query)).events, kind)

    def lines(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, in the text format of Prometheus."""
        return list(_lines(self._tallies))

    def _tally(self, query: str) -> Tally:
        """Return the counters of a name that is new, or of all others where there are too many."""
        name = readable(query)
        if name not in self._tallies and len(self._tallies) >= NAMES:
            name = OTHER
        return self._tallies.setdefault(name, Tally(name))


def readable(query: str) -> str:
    """Return a name as it is counted: one that PostgreSQL can hold, and not a long one."""
    cut = query[:LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return cut.encode("utf-8", "replace").decode()


# The text format of Prometheus.

_COUNTERS: Final[Sequence[tuple[str, str, Callable[[Tally], float]]]] = (
    ("hits", "Answers given from what is kept", lambda one: one.hits),
    ("behind", "Hits that lacked a committed write, as declared", lambda one: one.behind),
    ("misses", "Answers computed because nothing was kept", lambda one: one.misses),
    (
        "stale",
        "Answers computed because what was kept was not true any more",
        lambda one: one.stale,
    ),
    ("bypassed", "Answers computed without a look at what is kept", lambda one: one.bypassed),
    ("collapsed", "Answers that waited for another request", lambda one: one.collapsed),
    ("stored", "Answers that were kept", lambda one: one.stored),
    ("saved_seconds", "Time that computing the hits had taken", lambda one: one.saved_ms / 1_000),
    ("bytes", "Bytes of the hits", lambda one: one.size),
    ("age_seconds", "Age of the hits, all together", lambda one: one.age),
)


def _lines(tallies: Mapping[str, Tally]) -> Iterator[str]:
    for name, meaning, value in _COUNTERS:
        metric = f"{_HEAD}_{name}_total"
        yield from head(metric, meaning, "counter")
        for query, tally in tallies.items():
            yield f'{metric}{{query="{escaped(query)}"}} {value(tally)}'
    yield from _worded("not_hit", "reason", "Answers that were no hit", tallies, _reasons)
    yield from _worded("events", "kind", "What happened beside answers", tallies, _events)
    metric = f"{_HEAD}_oldest_hit_seconds"
    yield from head(metric, "Age of the oldest hit", "gauge")
    for query, tally in tallies.items():
        yield f'{metric}{{query="{escaped(query)}"}} {tally.oldest}'


def _worded(
    name: str,
    label: str,
    meaning: str,
    tallies: Mapping[str, Tally],
    counters: Callable[[Tally], Mapping[str, int]],
) -> Iterator[str]:
    metric = f"{_HEAD}_{name}_total"
    yield from head(metric, meaning, "counter")
    for query, tally in tallies.items():
        for word, found in counters(tally).items():
            yield f'{metric}{{query="{escaped(query)}",{label}="{escaped(word)}"}} {found}'


def _reasons(tally: Tally) -> Mapping[str, int]:
    return tally.reasons


def _events(tally: Tally) -> Mapping[str, int]:
    return tally.events
