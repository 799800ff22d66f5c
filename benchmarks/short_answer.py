"""Short answer at the top of the page, with the figures of each part."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks import summary
from benchmarks.memory_hits import names
from benchmarks.memory_hits import summary as memory_hits
from benchmarks.plot import figure
from benchmarks.result_cache.names import COSTLY, LIVE, STORED
from benchmarks.roads import summary as roads
from benchmarks.roads.names import HIT, KEY, NATIVE, PYTHON
from benchmarks.stored.summary import middle, operation, share

Figures = Any

LARGEST_PROJECTION = "Projection, text, 3 levels"


def section(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence per part that was measured, and the picture."""
    parts: dict[str, Callable[[Any], str]] = {
        "roads": lambda result: _roads(result["figures"]),
        "serving": _serving,
        "stored-reads": lambda result: _stored_reads(result["figures"]),
        "stored-writes": lambda result: _stored_writes(result["figures"]["rounds"]),
        "cache-hits": lambda result: _cache(result["figures"]["http"]),
        "cache-memory": lambda result: _memory_hits(result["figures"]),
    }
    yield "## The short answer\n"
    if "roads" in results:
        yield "![Requests per second over HTTP](benchmarks/roads.svg)\n"
    sentences = [say(results[kind]) for kind, say in parts.items() if kind in results]
    yield "\n".join(f"- {sentence}" for sentence in [*sentences, _targets(results)]) + "\n"
    if "serving" in results:
        yield "![Processor time of the server per request](benchmarks/serving.svg)\n"
    if "cache-memory" in results:
        yield "![Requests per second of hits from memory](benchmarks/memory-hits.svg)\n"


def _roads(figures: Figures) -> str:
    base = roads.pgbench(figures)
    hits, reads, python = (
        roads.http(figures, server, operation, 16, "per_second")
        for server, operation in ((NATIVE, HIT), (NATIVE, KEY), (PYTHON, KEY))
    )
    return (
        f"**The native server** answers a read by key over HTTP at {reads / base:.2f} times the"
        f" rate of pgbench with the same read (the Python server: {python / base:.2f}), and exact"
        f" hits from memory at {hits / base:.2f} times that rate, with 16 connections each."
    )


def _serving(result: Mapping[str, Any]) -> str:
    table = summary.medians(result["figures"]["rounds"], result["method"]["foreign_limit"])
    row, many = (table[name] for name in ("Q1", "Q4"))
    names = result["figures"]["operations"]
    return (
        f"**Serving**: *{names['Q1']}* takes {_cpu(row, summary.OURS)} of the server's processor"
        f" time ({_peers(row)}); *{names['Q4']}* takes {_cpu(many, summary.OURS)}"
        f" ({_peers(many)}). The least that a Python server can do for the former is"
        f" {_cpu(row, summary.CEILING)}."
    )


def _cpu(row: Mapping[str, Mapping[str, float]], server: str) -> str:
    return f"{figure(row[server]['cpu_ms'])} ms"


def _peers(row: Mapping[str, Mapping[str, float]]) -> str:
    ours = row[summary.OURS]["cpu_ms"]
    ratios = [
        f"{peer.partition(',')[0]}: {row[peer]['cpu_ms'] / ours:.1f} times as much"
        for peer in summary.PYTHON_PEERS
        if peer in row
    ]
    return ", ".join(ratios)


def _stored_reads(figures: Figures) -> str:
    key, rows, view = (
        operation(figures, LARGEST_PROJECTION, "key"),
        operation(figures, LARGEST_PROJECTION, "100 rows"),
        operation(figures, "MaterializedView, dashboard", "all"),
    )
    return (
        f"**Stored documents**: a live answer of three levels takes {_slower(key)} times as much of"
        f" PostgreSQL's processor time as reading it from a projection, and 100 of them"
        f" {_slower(rows)} times as much. A dashboard from a materialized view takes"
        f" {figure(middle(view['stored'], 'ms'))} ms instead of"
        f" {figure(middle(view['live'], 'ms'))} ms."
    )


def _slower(result: Mapping[str, Any]) -> str:
    live, stored = (middle(result[kind], "postgres_ms") for kind in ("live", "stored"))
    return f"{live / stored:.1f}"


def _stored_writes(rounds: Mapping[str, Any]) -> str:
    busy, waiting = (
        share(rounds[name], "commit")
        for name in ("8 writers, 1 statement", "8 writers, 1 statement, 2 ms held")
    )
    return (
        f"**Writers of a projection** reach {busy:.0%} of their rate without one when they saturate"
        f" PostgreSQL's core, and {waiting:.0%} when each transaction also waits for 2 ms."
    )


def _cache(operations: Mapping[str, Any]) -> str:
    costly = operations[COSTLY]
    gain = middle(costly[STORED], "per_second") / middle(costly[LIVE], "per_second")
    return (
        f"**Result caches** answer {gain:.0f} times as many requests per second for a costly query"
        " with 16 connections."
    )


def _memory_hits(figures: Figures) -> str:
    costs = memory_hits.against_live(figures)
    most = max(costs)
    said = ", ".join(f"{cost:.2f} with {number}" for number, cost in costs.items())
    hit, live = (memory_hits.cost(figures, way, most) for way in (names.HIT, names.LIVE))
    postgres = memory_hits.over_http(figures, names.HIT, most, "postgres_us")
    return (
        "**Exact hits from memory** take these multiples of the processor time (server and"
        f" PostgreSQL) of a live read by key over HTTP, by number of connections: {said}. With"
        f" {most} that is {figure(hit)} µs instead of {figure(live)} µs, of which PostgreSQL takes"
        f" {figure(postgres)} µs."
    )


def _targets(results: Mapping[str, Any]) -> str:
    hits = [target.hit for target in summary.targets(results)]
    return f"{sum(hits)} of {len(hits)} targets are reached; the next section lists all of them."
