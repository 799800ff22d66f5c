"""Paths of statements through a decision tree, with their figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.operating.advise.candidate import INDEX_KINDS, Advice
from fraiseql.operating.advise.examined import ExaminedStatement
from fraiseql.operating.advise.situation import Situation

SLOW_MS: Final = 10.0
SLOW_SHARE: Final = 0.05
_WHOLE: Final = 0.5

BUILT_IN: Final = "PostgreSQL as it is, and partial indexes"
VIEW: Final = "a materialized view"
CACHE: Final = "a result cache"
OPTIMIZE: Final = "indexes and generated columns"
STILL_SLOW: Final = "a cache outside of the database"
_LEAVES: Final = {
    **dict.fromkeys(INDEX_KINDS, OPTIMIZE),
    "generated column": OPTIMIZE,
    "materialized view": VIEW,
    "result cache": CACHE,
    "stale": CACHE,
    "projection": "a projection",
    "drop index": "one index less",
}


@dataclass(frozen=True, slots=True)
class DecisionEdge:
    """A question, the figure that answers it, and the answer."""

    question: str
    figure: str
    answer: bool


@dataclass(frozen=True, slots=True)
class DecisionPath:
    """The way of a statement to a leaf of the tree.

    Attributes:
        examined: The statement.
        edges: The questions on the way.
        leaf: The tree's answer.
        best: The predicted best, or None for leaving it as it is.
    """

    examined: ExaminedStatement
    edges: tuple[DecisionEdge, ...]
    leaf: str
    best: Advice | None

    @property
    def differs(self) -> bool:
        """Whether the predicted best is another than the tree's answer."""
        if self.best is None:
            return self.leaf != BUILT_IN
        own = _LEAVES.get(self.best.candidate.kind)
        partial = self.leaf == BUILT_IN and self.best.candidate.kind == "partial index"
        return not partial and own != self.leaf


def decision_paths(
    situation: Situation, examined: Sequence[ExaminedStatement], advice: Sequence[Advice]
) -> list[DecisionPath]:
    """Return the path of each statement, the one with the most time first."""
    return [_path(situation, each, advice) for each in examined]


def _path(
    situation: Situation, examined: ExaminedStatement, advice: Sequence[Advice]
) -> DecisionPath:
    helping = [each for each in advice if examined.statement.id in each.predictions]
    best = max(helping, key=lambda each: each.predictions[examined.statement.id].gain, default=None)
    edges = list(_edges(situation, examined, helping))
    return DecisionPath(examined, tuple(edges), _leaf([edge.answer for edge in edges]), best)


def _leaf(answers: Sequence[bool]) -> str:
    """Return the leaf that the answers of slow, aggregate, lag and still slow lead to."""
    leaves = (BUILT_IN, VIEW, CACHE, STILL_SLOW)
    ends = (False, True, True, True)
    for answer, end, leaf in zip(answers, ends, leaves, strict=False):
        if answer == end:
            return leaf
    return OPTIMIZE


def _edges(
    situation: Situation, examined: ExaminedStatement, helping: Sequence[Advice]
) -> Iterator[DecisionEdge]:
    statement = examined.statement
    share = situation.workload.share(statement)
    slow = statement.mean_ms > SLOW_MS or share > SLOW_SHARE
    yield DecisionEdge("slow", f"{statement.mean_ms:.2f} ms, {share:.0%} of the time", slow)
    if not slow:
        return
    whole, figure = _aggregate(situation, examined)
    yield DecisionEdge("aggregate", figure, whole)
    if whole:
        return
    lag = _declared_lag(situation, examined)
    yield DecisionEdge("may answers be old", lag or "nothing declared", bool(lag))
    if lag:
        return
    optimized = [each for each in helping if each.candidate.kind in INDEX_KINDS]
    times = [each.predictions[statement.id].after_ms for each in optimized]
    after = min(times, default=statement.mean_ms)
    means = "with the index below" if times else "no index helps"
    yield DecisionEdge("still slow", f"{after:.2f} ms, {means}", after > SLOW_MS)


def _aggregate(situation: Situation, examined: ExaminedStatement) -> tuple[bool, str]:
    """Return whether most of a table goes into an aggregate, with the figure."""
    largest = max(examined.scans, key=lambda scan: scan.rows, default=None)
    if largest is None:
        return False, "it reads no table"
    for scan in examined.scans:
        facts = situation.facts.tables.get(scan.name)
        if facts and scan.aggregated and scan.rows > _WHOLE * facts.rows > 1:
            return True, f"{scan.rows:,.0f} of {facts.rows:,.0f} rows of {scan.table}"
    facts = situation.facts.tables.get(largest.name)
    rows = f" of {facts.rows:,.0f}" if facts else ""
    return False, f"{largest.rows:,.0f}{rows} rows of {largest.table}"


def _declared_lag(situation: Situation, examined: ExaminedStatement) -> str:
    query = situation.schema.queries.get(examined.statement.root)
    if query is None or query.cache is None or query.cache.stale is None:
        return ""
    return f"stale={query.cache.stale!r}"
