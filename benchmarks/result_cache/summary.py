"""Summary: whether each target of result caches is hit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.result_cache.names import ALONE, LOG, LOOK_UP, TOGETHER
from benchmarks.stored.summary import middle, share
from benchmarks.target import Target


def targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield every target that ``results`` say something about."""
    for kind, found in (
        ("cache-hits", _hits),
        ("cache-writes", _writes),
        ("cache-flight", _flight),
        ("cache-ring", _ring),
    ):
        if kind in results:
            yield from found(results[kind]["figures"])


def _hits(figures: Mapping[str, Any]) -> Iterator[Target]:
    for one in figures["hits"]:
        if one["bytes"] == min(each["bytes"] for each in figures["hits"]):
            cpu = middle(one["rate"][LOOK_UP], "postgres_ms")
            step = f"result cache, hit of {size(one)}, PostgreSQL's processor time"
            yield Target(step, "≤ 0.1 ms", f"{cpu:.3f} ms", cpu <= 0.1)
    found = figures["memory"]["p50_us"]
    yield Target("result cache, answer from memory", "≤ 5 µs", f"{found:.1f} µs", found <= 5)
    quiet = figures["quiet"]["look-ups of the store"]
    said = f"{quiet['wal_bytes']:,} bytes, {quiet['dead_rows']} rows"
    step = f"WAL and dead rows of {figures['quiet_hits']:,} hits"
    nothing = not quiet["wal_bytes"] and not quiet["dead_rows"]
    yield Target(step, "0 bytes, 0 rows", said, nothing)


def size(one: Mapping[str, Any]) -> str:
    """Return what was asked for, in words."""
    clients = f"{one['clients']} client{'s' if one['clients'] > 1 else ''}"
    return f"{one['bytes'] // 1000} KB, {clients}"


def slower(one: Mapping[str, Any], other: str) -> float:
    """Return the rate of a read by key or of a GET as a multiple of the look-up's."""
    return middle(one["rate"][other], "tps") / middle(one["rate"][LOOK_UP], "tps")


def _writes(figures: Mapping[str, Any]) -> Iterator[Target]:
    for name, rounds in figures.items():
        if "held" in name:
            found = share(rounds, LOG)
            step = f"writers compared with none, result caches' change log, {name}"
            yield Target(step, "≥ 95 %", f"{found:.0%}", found >= 0.95)


def _flight(figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Target]:
    most = max(one["computed"] for one in figures[TOGETHER])
    callers = max(one["computed"] for one in figures[ALONE])
    step = f"computations of one cold key (without protection {callers:,})"
    yield Target(step, "1", f"{most}", most == 1)


def _ring(figures: Mapping[str, Any]) -> Iterator[Target]:
    for one in figures["traces"]:
        ring, lru, fifo = one["ring"], one["lru"], one["fifo"]
        step = f"share of hits, Zipf {one['skew']}"
        yield Target(f"{step}, compared with FIFO", f"≥ {fifo:.1%}", f"{ring:.1%}", ring >= fifo)
        wanted = lru - 0.03
        step = f"{step}, within 3 points of LRU"
        yield Target(step, f"≥ {wanted:.1%}", f"{ring:.1%}", ring >= wanted)
    peak = figures["storm"]["ring"]["peak_bytes"] / figures["storm_bytes"]
    yield Target("bytes on disk in a write storm", "≤ 1.15x", f"{peak:.2f}x", peak <= 1.15)
