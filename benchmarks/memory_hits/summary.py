"""Medians and targets of hits from memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.memory_hits import names
from benchmarks.stored.summary import middle
from benchmarks.target import Target

Rows = Sequence[Mapping[str, Any]]
IN_PYTHON_US = 40
POSTGRES = {
    names.IDLE: {1: 0.9, 8: 0.2, 32: 0.05},
    names.SAME: {1: 1.2, 8: 0.4, 32: 0.1},
    names.OTHER: {1: 1.2, 8: 0.4, 32: 0.1},
}
"""PostgreSQL's processor time of a hit, as a share of a read by key's, by number of clients."""


def chosen(rows: Rows, **values: Any) -> Rows:
    """Return the rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def over_http(figures: Any, way: str, connections: int, name: str) -> float:
    """Return a figure of a way over HTTP without writers."""
    rows = chosen(figures["http"], way=way, connections=connections, writers=names.IDLE)
    return middle(rows, name)


def in_process(figures: Any, way: str, clients: int, name: str, table: str = names.IDLE) -> float:
    """Return a figure of a way in one process, or of pgbench."""
    return middle(chosen(figures["process"], way=way, clients=clients, writers=table), name)


def numbers(rows: Rows, name: str) -> list[int]:
    """Return the numbers of connections or clients, in order."""
    return sorted({row[name] for row in rows})


def many(number: int, noun: str) -> str:
    """Return a number and its noun."""
    return f"{number} {noun}{'s' if number > 1 else ''}"


def targets(figures: Any) -> Iterator[Target]:
    """Yield the targets."""
    yield from _against_live(figures)
    yield from _in_python(figures)
    yield from _postgres(figures)
    yield from _index(figures)


def cost(figures: Any, way: str, connections: int) -> float:
    """Return the processor time of a request over HTTP, of server and PostgreSQL, in µs."""
    return sum(over_http(figures, way, connections, name) for name in ("cpu_us", "postgres_us"))


def against_live(figures: Any) -> dict[int, float]:
    """Return the cost of hits over HTTP against that of live reads, by number of connections."""
    return {
        connections: cost(figures, names.HIT, connections) / cost(figures, names.LIVE, connections)
        for connections in numbers(figures["http"], "connections")
    }


def _against_live(figures: Any) -> Iterator[Target]:
    for connections, ratio in against_live(figures).items():
        step = "hit from memory, processor time against a live read"
        step = f"{step}, {many(connections, 'connection')}"
        yield Target(step, "≤ 1.0x", f"{ratio:.2f}x", ratio <= 1.0)


def _in_python(figures: Any) -> Iterator[Target]:
    for clients in numbers(chosen(figures["process"], way=names.HIT), "clients"):
        cpu = in_process(figures, names.HIT, clients, "cpu_us")
        step = f"hit from memory, processor time of the process without HTTP, {clients} at once"
        yield Target(step, f"≤ {IN_PYTHON_US} µs", f"{cpu:.1f} µs", cpu <= IN_PYTHON_US)


def _postgres(figures: Any) -> Iterator[Target]:
    for table, goals in POSTGRES.items():
        for clients, goal in goals.items():
            if not chosen(figures["process"], way=names.HIT, clients=clients, writers=table):
                continue
            hit = in_process(figures, names.HIT, clients, "postgres_us", table)
            ratio = hit / in_process(figures, names.PGBENCH, clients, "postgres_us")
            step = f"hit from memory, PostgreSQL's time against a read by key, {clients} at once"
            more = "" if table == names.IDLE else f", writers of {table}"
            yield Target(f"{step}{more}", f"≤ {goal}x", f"{ratio:.2f}x", ratio <= goal)


def _index(figures: Any) -> Iterator[Target]:
    for writers in numbers(figures["index"], "writers"):
        ratio = index_share(figures, writers)
        step = f"writes with the change log's index against none, {writers} at once"
        yield Target(step, "≥ 95 %", f"{ratio:.0%}", ratio >= 0.95)


def index_share(figures: Any, writers: int) -> float:
    """Return the rate of writers with the index as a share of that without."""
    with_index, without = (
        middle(chosen(figures["index"], mode=mode, writers=writers), "tps")
        for mode in (names.INDEX, names.NO_INDEX)
    )
    return with_index / without
