"""The page's section on result caches."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks import markdown
from benchmarks.memory_hits import page as memory_hits
from benchmarks.plot import figure
from benchmarks.result_cache.names import COSTLY, GET, LIVE, LOOK_UP, PLAIN, STORED
from benchmarks.result_cache.summary import size, slower
from benchmarks.roads import page as roads
from benchmarks.stored.page import shares
from benchmarks.stored.summary import middle

OPENING = """## Result caches

The cost of a hit, and its price for writers. PostgreSQL, and Redis where it is measured, share one
core and the clients use another. `python -m benchmarks cache report` measures this part
alone, in about eight minutes.
"""
RATE = """### Look-ups in the store

Answers per second by programs in C, and their ratio to the look-up's; processor time of the server
per answer, ms. The look-up also proves that the entry is valid.
"""
ASYNCIO = "The same in Python, one process, median ms from request to complete answer:\n"
HTTP = (
    "A costly query over HTTP, 16 connections; ms are medians, processor time for each request:\n"
)
WRITES = """### Writers

Transactions per second of 16 writers, and their share of those without any trigger. *Change log*
is the whole price of exactness for a writer; the others are how other caches are invalidated.
"""
FLIGHT = "### One cold key\n\nMany callers request one key that has no entry:\n"
RING = """### Bounds

Hit ratio for requests by a power law, compared with exact caches of the same bytes:
"""
STORM = "Maximal bytes on disk while entries are stored as fast as possible, against the limit:\n"


def section(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of the section that have results."""
    kinds = {
        "cache-memory": memory_hits.section,
        "cache-hits": _hits,
        "cache-writes": _writes,
        "cache-flight": _flight,
        "cache-ring": _ring,
        "roads": roads.section,
    }
    if kinds.keys() & results.keys():
        yield OPENING
    for kind, part in kinds.items():
        if result := results.get(kind):
            yield from part(result["figures"])
            if kind in {"cache-memory", "roads"}:
                yield memory_hits.note(result["method"])
            yield markdown.method(result["method"])


def _hits(figures: Mapping[str, Any]) -> Iterator[str]:
    yield RATE
    ways = (LOOK_UP, PLAIN, GET)
    yield markdown.table(
        ("", *ways, *(f"{way}, CPU ms" for way in ways)),
        ([size(row), *_rates(row), *_times(row)] for row in figures["hits"]),
    )
    yield ASYNCIO
    every = list(figures["hits"][0]["asyncio"])
    yield markdown.table(
        ("", *every, f"{LOOK_UP}, PostgreSQL's CPU ms"),
        ([size(row), *_waits(row["asyncio"])] for row in figures["hits"]),
    )
    puts = ", ".join(f"{name} {figure(ms)}" for name, ms in figures["puts"].items())
    yield f"Storing an entry of 1 KB, one after the other, ms: {puts}.\n"
    yield from _http(figures["http"])
    memory, quiet = figures["memory"], figures["quiet"]
    yield (
        f"From the process's memory, where `stale=` allows it: {memory['p50_us']:.1f} µs, 99th"
        f" percentile {memory['p99_us']:.1f} µs.\n"
    )
    yield f"Written by {figures['quiet_hits']:,} hits:\n"
    yield markdown.table(
        ("", "WAL bytes", "WAL records", "dead rows"),
        (
            [name, *(f"{row[each]:,}" for each in ("wal_bytes", "wal_records", "dead_rows"))]
            for name, row in quiet.items()
        ),
    )
    formats = ", ".join(
        f"{name} {figure(middle(rounds, 'postgres_ms'))}"
        for name, rounds in figures["formats"].items()
    )
    yield f"Processor time of PostgreSQL for a body of 120 KB by its format, ms: {formats}.\n"


def _rates(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{middle(row['rate'][LOOK_UP], 'tps'):,.0f}"
    for way in (PLAIN, GET):
        yield f"{middle(row['rate'][way], 'tps'):,.0f} ({slower(row, way):.1f}x)"


def _times(row: Mapping[str, Any]) -> Iterator[str]:
    for way in (LOOK_UP, PLAIN, GET):
        name = "redis_ms" if way == GET else "postgres_ms"
        yield figure(middle(row["rate"][way], name))


def _waits(ways: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterator[str]:
    for rounds in ways.values():
        yield figure(median(row["ms"] for row in rounds))
    yield figure(median(row["postgres_ms"] for row in ways[LOOK_UP]))


def _http(operations: Mapping[str, Any]) -> Iterator[str]:
    yield HTTP
    rows = []
    for title in (COSTLY,):
        kinds = operations[title]
        for kind in (LIVE, STORED):
            result = {name: middle(kinds[kind], name) for name in kinds[kind][0]}
            times = result["per_second"] / middle(kinds[LIVE], "per_second")
            rate = f"{result['per_second']:,.0f}" + (f" ({times:.1f}x)" if kind == STORED else "")
            cells = (figure(result[name]) for name in ("p50_ms", "p99_ms", "cpu_ms", "postgres_ms"))
            rows.append([f"{title}, {kind}", rate, *cells])
    head = ("", "per second", "ms", "99th percentile", "server's CPU ms", "PostgreSQL's CPU ms")
    yield markdown.table(head, rows)


def _writes(figures: Mapping[str, Any]) -> Iterator[str]:
    yield WRITES
    yield shares(figures)


def _flight(figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    yield FLIGHT
    yield markdown.table(
        ("", "computed", "seconds until all are answered"),
        (
            [
                way,
                " · ".join(f"{row['computed']:,}" for row in rounds),
                " · ".join(f"{row['seconds']:.2f}" for row in rounds),
            ]
            for way, rounds in figures.items()
        ),
    )


def _ring(figures: Mapping[str, Any]) -> Iterator[str]:
    yield RING
    yield markdown.table(
        ("Zipf exponent", "store", "LRU", "FIFO"),
        (
            [f"{row['skew']}", *(f"{row[name]:.1%}" for name in ("ring", "lru", "fifo"))]
            for row in figures["traces"]
        ),
    )
    yield STORM
    most = figures["storm_bytes"]
    yield markdown.table(
        ("", "writes", "MB at most", "of the limit"),
        (
            [
                name,
                f"{row['writes']:,}",
                f"{row['peak_bytes'] / 1e6:.1f}",
                f"{row['peak_bytes'] / most:.2f}x",
            ]
            for name, row in figures["storm"].items()
        ),
    )
