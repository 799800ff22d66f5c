"""Medians and targets of the native server."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.roads import names
from benchmarks.stored.summary import middle
from benchmarks.target import Target

Rows = Sequence[Mapping[str, Any]]
HITS: Mapping[int, float] = {16: 1.8, 128: 3.0}
"""Rate of exact hits as a multiple of that of pgbench with 16 clients, by connections."""
READ, READ_US = 1.0, 16
"""Of a read by key: rate against pgbench's, and processor time in µs."""
PEERS: Mapping[tuple[str, str], float] = {
    (names.KEY, names.STRAWBERRY): 30,
    (names.NESTED, names.STRAWBERRY): 100,
    (names.KEY, names.ARIADNE): 20,
    (names.NESTED, names.ARIADNE): 70,
    (names.KEY, names.POSTGRAPHILE): 25,
}
"""Processor time of a peer as a multiple of ours."""


def chosen(rows: Rows, **values: Any) -> Rows:
    """Return the rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def numbers(rows: Rows) -> list[int]:
    """Return the numbers of connections, in order."""
    return sorted({row["connections"] for row in rows})


def http(figures: Any, server: str, operation: str, connections: int, name: str) -> float:
    """Return a figure of a server over HTTP."""
    rows = chosen(figures["http"], server=server, operation=operation, connections=connections)
    return middle(rows, name)


def pgbench(figures: Any, connections: int = 16) -> float:
    """Return the rate of pgbench's reads by key."""
    rows = chosen(figures["in_c"], server=names.PGBENCH, connections=connections)
    return middle(rows, "per_second")


def targets(figures: Any) -> Iterator[Target]:
    """Yield the targets."""
    at = numbers(figures["http"])
    for connections, goal in HITS.items():
        if connections in at:
            rate = http(figures, names.NATIVE, names.HIT, connections, "per_second")
            step = f"native, exact hit over HTTP, {connections} connections, rate against pgbench's"
            yield _at_least(step, goal, rate / pgbench(figures))
    rate = http(figures, names.NATIVE, names.KEY, 16, "per_second")
    yield _at_least("native, Q1 over HTTP, rate against pgbench's", READ, rate / pgbench(figures))
    cpu = http(figures, names.NATIVE, names.KEY, 16, "cpu_us")
    yield Target("native, Q1, processor time", f"≤ {READ_US} µs", f"{cpu:.1f} µs", cpu <= READ_US)
    measured = {row["server"] for row in figures["http"]}
    for (operation, peer), goal in PEERS.items():
        if peer not in measured:
            continue
        ours = http(figures, names.NATIVE, operation, 16, "cpu_us")
        step = f"native, {operation}, CPU of {peer.partition(',')[0]} against ours"
        yield _at_least(step, goal, http(figures, peer, operation, 16, "cpu_us") / ours)


def _at_least(step: str, goal: float, ratio: float) -> Target:
    return Target(step, f"≥ {goal:g}x", f"{ratio:.2f}x", ratio >= goal)
