"""Targets of result caches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.memory_hits import summary as memory_hits
from benchmarks.result_cache.names import ALONE, LOG, LOOK_UP, TOGETHER
from benchmarks.roads import summary as roads
from benchmarks.stored.summary import middle, share
from benchmarks.target import Target


def targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield every target with a result."""
    for kind, result in (
        ("cache-memory", memory_hits.targets),
        ("cache-hits", _hits),
        ("cache-writes", _writes),
        ("cache-flight", _flight),
        ("cache-ring", _ring),
        ("roads", roads.targets),
    ):
        if kind in results:
            yield from result(results[kind]["figures"])


def _hits(figures: Mapping[str, Any]) -> Iterator[Target]:
    for row in figures["hits"]:
        if row["bytes"] == min(each["bytes"] for each in figures["hits"]):
            cpu = middle(row["rate"][LOOK_UP], "postgres_ms")
            step = f"result cache, hit of {size(row)}, PostgreSQL's processor time"
            yield Target(step, "≤ 0.1 ms", f"{cpu:.3f} ms", cpu <= 0.1)
    microseconds = figures["memory"]["p50_us"]
    yield Target(
        "result cache, answer from memory", "≤ 5 µs", f"{microseconds:.1f} µs", microseconds <= 5
    )
    quiet = figures["quiet"]["look-ups of the store"]
    said = f"{quiet['wal_bytes']:,} bytes, {quiet['dead_rows']} rows"
    step = f"WAL and dead rows of {figures['quiet_hits']:,} hits"
    nothing = not quiet["wal_bytes"] and not quiet["dead_rows"]
    yield Target(step, "0 bytes, 0 rows", said, nothing)


def size(row: Mapping[str, Any]) -> str:
    """Return a description of the requests."""
    clients = f"{row['clients']} client{'s' if row['clients'] > 1 else ''}"
    return f"{row['bytes'] // 1000} KB, {clients}"


def slower(row: Mapping[str, Any], other: str) -> float:
    """Return the rate of a read by key or of a GET as a multiple of the look-up's."""
    return middle(row["rate"][other], "tps") / middle(row["rate"][LOOK_UP], "tps")


def _writes(figures: Mapping[str, Any]) -> Iterator[Target]:
    for name, rounds in figures.items():
        if "held" in name:
            rate = share(rounds, LOG)
            step = f"writers compared with none, result caches' change log, {name}"
            yield Target(step, "≥ 95 %", f"{rate:.0%}", rate >= 0.95)


def _flight(figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Target]:
    most = max(row["computed"] for row in figures[TOGETHER])
    callers = max(row["computed"] for row in figures[ALONE])
    step = f"computations of one cold key (without protection {callers:,})"
    yield Target(step, "1", f"{most}", most == 1)


def _ring(figures: Mapping[str, Any]) -> Iterator[Target]:
    for row in figures["traces"]:
        ring, lru, fifo = row["ring"], row["lru"], row["fifo"]
        step = f"share of hits, Zipf {row['skew']}"
        yield Target(f"{step}, compared with FIFO", f"≥ {fifo:.1%}", f"{ring:.1%}", ring >= fifo)
        goal = lru - 0.03
        step = f"{step}, within 3 points of LRU"
        yield Target(step, f"≥ {goal:.1%}", f"{ring:.1%}", ring >= goal)
    peak = figures["storm"]["ring"]["peak_bytes"] / figures["storm_bytes"]
    yield Target("bytes on disk in a write storm", "≤ 1.15x", f"{peak:.2f}x", peak <= 1.15)
