"""Tab of result caches: answers of each query and their reasons."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fraiseql.caching.results.admin.reports import query_stats
from fraiseql.caching.results.metrics import Metrics, QueryCounters
from fraiseql.database import Pool
from fraiseql.errors import FraiseQLError
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents, rounded
from fraiseql.serving import Service

_COLUMNS: Final[Columns] = {
    "query": "text",
    "hits": "number",
    "misses": "number",
    "stale": "number",
    "bypassed": "number",
    "hits %": "number",
    "saved s": "number",
    "stored": "number",
    "reasons of answers that were no hit": "text",
}
_SUMS: Final = ("hits", "misses", "stale", "bypassed")
_RECENT: Final[Columns] = {"at (UTC)": "text", "query": "text", "outcome": "text", "reason": "text"}
_ALL: Final = (
    "Of all processes since the statistics began; each process writes its counts every ten seconds."
)
_OWN: Final = "Of this process only, since it started."
_WORDS: Final = "docs/how-to/cache-metrics.md explains the reasons."


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of one query, of all processes or of this one."""

    query: str
    sums: Mapping[str, Any]
    reasons: Mapping[str, int]


async def cache_contents(service: Service, counters: Metrics) -> TabContents:
    """Return the contents of the tab.

    Args:
        service: The running service.
        counters: Counts of this process.
    """
    counts, note = await _counts(lambda: service.pool, counters)
    queries = PageTable("Queries", _COLUMNS, [_row(each) for each in counts], note, action="purge")
    recent = PageTable(
        "Why was this not a hit?",
        _RECENT,
        [
            [f"{datetime.fromtimestamp(each.at, UTC):%H:%M:%S}", each.query, each.outcome, each.why]
            for each in reversed(counters.recent)
        ],
        "The last twenty answers of this process that were no hit.",
    )
    memory = PageTable(
        "Memory of this process",
        {"": "text", "value": "number"},
        [[name.replace("_", " "), value] for name, value in _memory(service.metrics())],
        f"At most {service.settings.memory_max_bytes:,} bytes (memory_max_bytes).",
    )
    return TabContents([queries, recent, memory], [_WORDS])


async def _counts(pool: Callable[[], Pool], counters: Metrics) -> tuple[list[_Counts], str]:
    try:
        stats = await query_stats(pool().inspect)
    except FraiseQLError:
        # Nothing was applied, or the role may not read it.
        stats = []
    if not stats:
        return [_own(each) for each in counters.queries.values()], _OWN
    return [_Counts(each.query, each.sums, each.reasons) for each in stats], _ALL


def _own(counters: QueryCounters) -> _Counts:
    names = (*_SUMS, "saved_ms", "stored")
    return _Counts(
        counters.query, {name: getattr(counters, name) for name in names}, counters.reasons
    )


def _row(counts: _Counts) -> list[Cell]:
    numbers = [counts.sums[name] for name in _SUMS]
    answers = sum(numbers)
    reasons = sorted(counts.reasons.items(), key=lambda pair: -pair[1])
    return [
        counts.query,
        *numbers,
        rounded(100 * numbers[0] / answers) if answers else None,
        rounded(counts.sums["saved_ms"] / 1_000),
        counts.sums["stored"],
        ", ".join(f"{word} {count:,}" for word, count in reasons),
    ]


def _memory(lines: Iterable[str]) -> Iterable[tuple[str, Cell]]:
    head = "fraiseql_result_cache_memory_"
    for line in lines:
        if line.startswith(head) and "{" not in line:
            name, _, value = line.removeprefix(head).partition(" ")
            yield name, int(float(value))
