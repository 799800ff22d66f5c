"""Statistics of result caches, from the database."""
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

# The caller passes keys whose hits no process has flushed yet.
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
    """Statistics of one query, of all processes.

    Attributes:
        query: Name of the query.
        sums: Counters, by their names in ``QueryCounters``.
        oldest: Age of the oldest hit, in seconds.
        ratio: Share of hits among all answers; None without answers.
        reasons: Answers that were no hit, by reason.
        events: Other events, by kind.
    """

    query: str
    sums: Mapping[str, float]
    oldest: float
    ratio: float | None
    reasons: Mapping[str, int]
    events: Mapping[str, int]


async def query_stats(read: Read) -> list[QueryStats]:
    """Return the statistics of each query, ordered by hits.

    Raises:
        SourceError: Nothing was applied.
        DatabaseError: The tables belong to another role.
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
        DatabaseError: The tables belong to another role.
    """
    return [dict(row) for row in await read(_TOP, [count])]


async def log_stats(read: Read) -> Mapping[str, int]:
    """Return the number of ``rows`` in the change log, and of those ``forced`` out of it.

    The log drops rows when it is full and a long transaction is open; that costs valid entries.

    Raises:
        SourceError: Nothing was applied.
    """
    return dict((await read(_LOG, []))[0])


async def cache_stats(
    query_type: str, read: Read, metrics: Metrics, writer: StatsWriter
) -> dict[str, Any]:
    """Return the statistics of ``DatabaseCache.get_cache_stats``, with counts not flushed yet.

    ``entries_with_hits`` counts entries that are among the most frequent of any process, at most
    1,000 of each.

    Args:
        query_type: Name of the query, or of the kind of result.
        read: Runs a query.
        metrics: Counters of this process.
        writer: Their writer.

    Raises:
        SourceError: Nothing was applied.
        DatabaseError: The tables belong to another role.
    """
    name = readable(query_type)
    local = writer.counted.get(name, {}).get("hits", 0)
    hits = (await read(_HITS, [name, writer.process]))[0]["hits"]
    mine = [hits.key for hits in metrics.hot_keys if hits.query == name]
    row = (await read(_ENTRIES, [query_type, mine]))[0]
    return {
        "total_entries": row["entries"],
        "total_hits": hits + local,
        "avg_computation_ms": row["cost_ms"],
        "entries_with_hits": row["hit"],
    }
