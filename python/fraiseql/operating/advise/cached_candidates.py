"""Candidates that cache results: exact ones, and those that may lag."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from fraiseql.operating.advise.candidate import CacheTraffic, Candidate, Kind, Prediction
from fraiseql.operating.advise.choice import AdviceProposal
from fraiseql.operating.advise.examined import ExaminedStatement
from fraiseql.operating.advise.predicting import prediction
from fraiseql.operating.advise.situation import Situation, Times
from fraiseql.schema.definitions import QueryDefinition

_FACTOR: Final = 2.0
_LOW_RATIO: Final = 0.5
"""Hit ratio below which a cache that may lag is tried."""

_STALE: Final = 10.0
_CACHE_FLOORS: Final = 3.0
"""A hit, or a miss with the storage of its result, in round trips: measured hits took 2 to 4."""

_LOG_US: Final = 5.0


def hit_ratio(shares: Sequence[float], asks: float, writes: float, stale: float = 0.0) -> float:
    """Return the share of requests that a result cache answers.

    Args:
        shares: Share of the requests that each key has.
        asks: Requests per second.
        writes: Writes per second that invalidate every key.
        stale: Seconds for which an entry is returned after a write.
    """
    rate = 0.0 if not writes else 1 / (stale + 1 / writes)
    return sum(
        share * (share * asks) / (share * asks + rate) for share in shares if share * asks > 0
    )


class CachedCandidates:
    """Makes candidates of the queries of an application.

    Args:
        situation: The application, its trace and its database.
        now: Milliseconds of each statement after the indexes that are advised.
    """

    def __init__(self, situation: Situation, now: Times) -> None:
        self._situation = situation
        self._now = now

    def of_root(self, root: str, examined: Sequence[ExaminedStatement]) -> Iterator[AdviceProposal]:
        """Yield the proposals for a root field with its statements."""
        query = self._situation.schema.queries.get(root)
        if query is None or (query.cache is not None and query.cache.stale is not None):
            return
        for candidate, ratio, why in self._variants(query, examined):
            predictions = {
                each.statement.id: self._prediction(each, ratio, why) for each in examined
            }
            lag = f"Answers may lag up to {_STALE:.0f} s behind writes."
            notes = (lag,) if candidate.kind == "stale" else ()
            yield AdviceProposal(candidate, predictions, _LOG_US, notes=notes)

    def _variants(
        self, query: QueryDefinition, examined: Sequence[ExaminedStatement]
    ) -> Iterator[tuple[Candidate, float, str]]:
        """Yield caches with their hit ratios and the figures of these."""
        shares, basis = self._shares(examined)
        asks = max(each.statement.calls for each in examined) / self._situation.workload.seconds
        tables = [name for each in examined for name in each.tables]
        writes = self._situation.writes(tables, asks)
        filled = self._filled(examined, shares)
        exact = hit_ratio(shares, asks, writes) * filled
        if query.cache is None:
            figures = f"hit ratio {exact:.2f} at {asks:.2f} requests/s, {writes:.2f} writes/s"
            candidate = _candidate(query, "result cache", "fraiseql.Cache()", examined)
            calls = max(each.statement.calls for each in examined)
            traffic = CacheTraffic(calls, writes / asks if asks else 0.0)
            yield replace(candidate, traffic=traffic), exact, f"{figures}, {basis}"
        if exact < _LOW_RATIO and writes:
            ratio = hit_ratio(shares, asks, writes, _STALE) * filled
            text = f'fraiseql.Cache(stale="{_STALE:.0f}s")'
            figures = f"hit ratio {ratio:.2f}, {exact:.2f} without stale, {basis}"
            yield _candidate(query, "stale", text, examined), ratio, figures

    def _prediction(self, examined: ExaminedStatement, ratio: float, why: str) -> Prediction:
        statement, floor = examined.statement, self._situation.times.floor
        now = self._now[statement.id]
        after = _CACHE_FLOORS * floor + (1 - ratio) * now
        return prediction(statement.mean_ms, after, _FACTOR, why)

    def _shares(self, examined: Sequence[ExaminedStatement]) -> tuple[list[float], str]:
        """Return the share of each key, and where it comes from."""
        statement = max(
            (each.statement for each in examined), key=lambda each: len(each.param_types)
        )
        if not statement.param_types:
            return [1.0], "one key"
        samples = Counter(str(sorted(each.items())) for each in statement.samples)
        if samples:
            whole = sum(samples.values())
            return [count / whole for count in samples.values()], f"{len(samples)} sampled keys"
        keys = max(self._keys(examined), 1.0)
        number = round(min(keys, float(statement.calls) * 10))
        return [1 / number] * number, f"{keys:,.0f} keys by the statistics"

    def _keys(self, examined: Sequence[ExaminedStatement]) -> float:
        """Return the number of keys: values of the columns that parameters are compared with."""
        keys = 1.0
        for each in examined:
            for scan in each.scans:
                facts = self._situation.facts.tables.get(scan.name)
                for comparison in scan.comparisons:
                    if facts and comparison.operand.startswith(("$", "($")):
                        values = facts.distinct_values(comparison.item.column)
                        keys *= max(values, 1.0) if comparison.sort == "equal" else 100.0
        return keys

    @staticmethod
    def _filled(examined: Sequence[ExaminedStatement], shares: Sequence[float]) -> float:
        """Return the share of the traced requests that are not the first of their key."""
        calls = max(each.statement.calls for each in examined)
        first = sum(1 - (1 - share) ** calls for share in shares)
        return max(1 - first / calls, 0.0)


def _candidate(
    query: QueryDefinition, kind: Kind, text: str, examined: Sequence[ExaminedStatement]
) -> Candidate:
    names = [name for each in examined for name in each.statement.operations]
    return Candidate(
        kind,
        query.name,
        min(examined[0].tables, default=""),
        "cache",
        text,
        operations=tuple(dict.fromkeys(names)),
        statements=tuple(each.statement.id for each in examined),
        lock="SHARE ROW EXCLUSIVE on the tables that it reads, for a moment",
    )


def by_root(
    examined: Sequence[ExaminedStatement],
) -> Iterator[tuple[str, list[ExaminedStatement]]]:
    """Yield each root field with its statements."""
    roots: dict[str, list[ExaminedStatement]] = {}
    for each in examined:
        roots.setdefault(each.statement.root, []).append(each)
    yield from roots.items()
