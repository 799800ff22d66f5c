"""Reports: what result caches did and hold, as the database tells it."""
# ruff: noqa: S608 - names are constants

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.metrics import Metrics, readable
from fraiseql.caching.results.sql.stats import COUNTERS, KEYS_TABLE, SUMMED
from fraiseql.caching.results.sql.views import ENTRIES, STATS
from fraiseql.caching.results.stats import Read, StatsWriter

_STATS: Final = f"SELECT * FROM {STATS} ORDER BY hits DESC, query"

_TOP: Final = f"""\
SELECT encode(key, 'hex') AS key, min(query) AS query, sum(hits)::bigint AS hits
FROM {KEYS_TABLE} GROUP BY {KEYS_TABLE}.key ORDER BY 3 DESC, 1 LIMIT $1"""

_HITS: Final = f"""\
SELECT coalesce(sum(f.hits), 0)::bigint AS hits FROM {COUNTERS} f
WHERE f.query = $1 AND f.process <> $2"""

# Of a key that has been hit so lately that no process has written it yet the caller knows.
_ENTRIES: Final = f"""\
SELECT count(*) AS entries, coalesce(avg(e.cost_ms), 0) AS cost_ms,
  count(*) FILTER (WHERE decode(e.key, 'hex') = ANY ($2)
    OR EXISTS (SELECT FROM {KEYS_TABLE} k WHERE k.key = decode(e.key, 'hex'))) AS hit
FROM {ENTRIES} e WHERE e.query = $1 AND (e.expires IS NULL OR e.expires > clock_timestamp())"""


_LOG: Final = f"""\
SELECT (SELECT count(*) FROM {LOG}) AS rows,
  (SELECT coalesce(sum(f.forced), 0)::bigint FROM {FLOOR} f) AS forced"""


@dataclass(frozen=True, slots=True)
class QueryStats:
    """What result caches did for one query, in all processes.

    Attributes:
        query: Its name.
        sums: Counters by the names that ``Tally`` has for them.
        oldest: Seconds since the oldest hit was computed.
        ratio: Share of hits among all answers; None where there was none.
        reasons: Answers that were no hit, by reason.
        events: What else happened, by kind.
    """

    query: str
    sums: Mapping[str, float]
    oldest: float
    ratio: float | None
    reasons: Mapping[str, int]
    events: Mapping[str, int]


async def query_stats(read: Read) -> list[QueryStats]:
    """Return what each query's cache did, those with the most hits first.

    Raises:
        SourceError: Nothing was applied.
        DatabaseError: The figures are another role's.
    """
    return [_stats(row) for row in await read(_STATS, [])]


def _stats(row: Mapping[str, Any]) -> QueryStats:
    sums = {name: row[name] for name in SUMMED}
    words = (json.loads(row["reasons"]), json.loads(row["events"]))
    return QueryStats(row["query"], sums, row["oldest"], row["ratio"], *words)


async def top_keys(read: Read, count: int) -> Sequence[Mapping[str, Any]]:
    """Return ``key`` in hexadecimal, ``query`` and ``hits`` of the keys with the most hits.

    Raises:
        SourceError: Nothing was applied.
        DatabaseError: The figures are another role's.
    """
    return [dict(row) for row in await read(_TOP, [count])]


async def log_stats(read: Read) -> Mapping[str, int]:
    """Return the ``rows`` of the change log, and how many were ``forced`` out of it.

    Those were lost for want of room while a transaction was open for long: they cost entries that
    were true.

    Raises:
        SourceError: Nothing was applied.
    """
    return dict((await read(_LOG, []))[0])


async def cache_stats(
    query_type: str, read: Read, metrics: Metrics, figures: StatsWriter
) -> dict[str, Any]:
    """Return what ``DatabaseCache.get_cache_stats`` does; what is not flushed yet counts.

    ``entries_with_hits`` counts entries whose hits are among the most frequent ones of some
    process: at most 1,000 for each.

    Args:
        query_type: Name of the query, or of the kind of entries.
        read: Asks the database.
        metrics: The counters of this process.
        figures: Their writer.

    Raises:
        SourceError: Nothing was applied.
        DatabaseError: The figures or entries are another role's.
    """
    name = readable(query_type)
    local = figures.counted.get(name, {}).get("hits", 0)
    hits = (await read(_HITS, [name, figures.process]))[0]["hits"]
    mine = [hits.key for hits in metrics.hot_keys if hits.query == name]
    row = (await read(_ENTRIES, [query_type, mine]))[0]
    return {
        "total_entries": row["entries"],
        "total_hits": hits + local,
        "avg_computation_ms": row["cost_ms"],
        "entries_with_hits": row["hit"],
    }
