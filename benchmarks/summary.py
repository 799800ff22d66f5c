"""Medians of rounds, and targets."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.result_cache import summary as cache
from benchmarks.stored import summary as stored
from benchmarks.target import Target

OURS = "FraiseQL, documents"
CEILING = "Python ceiling"
PYTHON_PEERS = ("Strawberry, loaders", "Ariadne, loaders")
FIELDS = ("cpu_ms", "postgres_ms", "p50_ms", "p99_ms", "rss_mb", "bytes_each")

Table = Mapping[str, Mapping[str, Mapping[str, float]]]


def medians(rounds: Sequence[Mapping[str, Any]], limit: float) -> Table:
    """Return medians by operation and peer, over undisturbed rounds if any.

    ``per_second`` is the throughput, ``rounds`` and ``dropped`` are counts, ``errors`` a sum.
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for operation, peer in dict.fromkeys((row["operation"], row["peer"]) for row in rounds):
        every = [row for row in rounds if (row["operation"], row["peer"]) == (operation, peer)]
        used = [row for row in every if row["foreign"] <= limit] or every
        row = {name: statistics.median(row[name] for row in used) for name in FIELDS}
        row["per_second"] = statistics.median(row["requests"] / row["seconds"] for row in used)
        row["errors"] = sum(row["errors"] for row in every)
        row["dropped"] = len(every) - len(used)
        row["disturbed"] = sum(row["foreign"] > limit for row in used)
        table.setdefault(operation, {})[peer] = row
    return table


def speeds(figures: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return MB/s of input by factor and transform."""
    return {
        factor: {
            name: figures["bytes_in"] * int(factor) / time["median_ms"] / 1e3
            for name, time in times.items()
        }
        for factor, times in figures["times"].items()
    }


def targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield every target with a result."""
    if result := results.get("transform"):
        yield from _transform(result["figures"])
    if result := results.get("serving"):
        limit = result["method"]["foreign_limit"]
        yield from _serving(medians(result["figures"]["rounds"], limit))
    if result := results.get("first-sight"):
        yield from _first_sight(result["figures"])
    if result := results.get("memory"):
        yield from _memory(result["figures"])
    yield from stored.targets(results)
    yield from cache.targets(results)


def _transform(figures: Mapping[str, Any]) -> Iterator[Target]:
    rates = speeds(figures)
    once = rates["1"]
    for name, goal in (("json", 25), ("orjson", 5)):
        ratio = once["shape"] / once[name]
        yield Target(f"transform, against {name}", f"≥ {goal}x", f"{ratio:.1f}x", ratio >= goal)
    rate = once["shape"] / 1000
    yield Target("transform, input", "≥ 1.0 GB/s", f"{rate:.2f} GB/s", rate >= 1)
    shape = [rates[factor]["shape"] for factor in rates]
    spread = max(shape) / min(shape)
    said = f"{spread:.2f}x between slowest and fastest of {', '.join(f + 'x' for f in rates)}"
    yield Target("transform, linear in bytes", "≤ 1.25x", said, spread <= 1.25)


def _serving(table: Table) -> Iterator[Target]:
    for operation, row in table.items():
        if OURS not in row:
            continue
        ours = row[OURS]["cpu_ms"]
        if CEILING in row:
            ratio = ours / row[CEILING]["cpu_ms"]
            step = f"repeated operation, {operation}, CPU against the ceiling's"
            yield Target(step, "≤ 1.3x", f"{ratio:.2f}x", ratio <= 1.3)
        goal = {"Q1": 10, "Q4": 50}.get(operation)
        for peer in PYTHON_PEERS:
            if goal and peer in row:
                ratio = row[peer]["cpu_ms"] / ours
                step = f"peers, {operation}, CPU of {peer.partition(',')[0]} against ours"
                yield Target(step, f"≥ {goal}x", f"{ratio:.1f}x", ratio >= goal)


def _first_sight(figures: Mapping[str, Any]) -> Iterator[Target]:
    for operation, samples in figures.items():
        first = statistics.median(sample["first_ms"] for sample in samples)
        more = first - later(samples)
        planned = statistics.median(
            sum(sample["steps"][name] for name in ("parse", "validate", "plan"))
            for sample in samples
        )
        step = f"first sight, {operation}, parsed, validated and planned"
        yield Target(step, "≤ 3 ms", f"{planned:.2f} ms", planned <= 3)
        step = f"first sight, {operation}, the whole request"
        yield Target(step, "≤ 3 ms", f"{first:.2f} ms", first <= 3)
        step = f"first sight, {operation}, more than a later request"
        yield Target(step, "≤ 3 ms", f"{more:.2f} ms", more <= 3)


def later(samples: Sequence[Mapping[str, Any]]) -> float:
    """Return the median time of requests after the first."""
    return float(statistics.median(sample["later_ms"] for sample in samples))


def _memory(figures: Mapping[str, Any]) -> Iterator[Target]:
    most = max(result["rss_mb"] for result in figures["under_load"].values())
    yield Target("memory under load", "≤ 120 MB", f"{most:.0f} MB", most <= 120)
    for name, result in figures["large"].items():
        step = f"memory, response of {result['response_mb']:.0f} MB ({name})"
        yield Target(step, "≤ 2.5x its size", f"{result['ratio']:.2f}x", result["ratio"] <= 2.5)
