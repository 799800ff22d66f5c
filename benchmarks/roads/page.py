"""The page's section on the native server."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import markdown, plot
from benchmarks.memory_hits.summary import many
from benchmarks.plot import figure
from benchmarks.roads import names
from benchmarks.roads.summary import Rows, chosen, numbers, pgbench
from benchmarks.stored.summary import middle

OPENING = """### The native server

Everything in this section comes from one run. `fraiseql serve` answers repeated operations in Rust;
`--no-native` is the same application on the Python server. The peers have a connection pool of the
same size, and data loaders. The constant answer reads nothing, so Python gives it on both servers.
Requests per second over HTTP, and their ratio to the reads by key of pgbench with 16 clients:
"""
CPU = """Processor time for each request, server + PostgreSQL, µs. PostgreSQL's is that of the
sessions at the end of a round: too low where connections were replaced before it.
"""
TIMES = "Median and 99th percentile of the time from request to answer, ms:\n"
MEMORY = "Resident memory of the server after the rounds, MB:\n"
IN_C = "Clients in C, requests per second, and processor time of the server for each, µs:\n"


def picture(figures: Any) -> str:
    """Draw the requests per second with 16 connections, by operation."""
    rows = chosen(figures["http"], connections=16)
    panels = {
        operation: {
            server: middle(chosen(rows, operation=operation, server=server), "per_second")
            for server in dict.fromkeys(row["server"] for row in chosen(rows, operation=operation))
        }
        for operation in (names.HIT, names.KEY, names.NESTED)
    }
    panels[names.KEY][names.PGBENCH] = pgbench(figures)
    title = "Requests per second over HTTP, 16 connections (log scale, more is better)"
    colours = {names.NATIVE: plot.OURS, names.PYTHON: plot.OURS, names.PGBENCH: plot.LIMIT}
    return plot.bars(title, panels, "/s", colours)


def section(figures: Any) -> Iterator[str]:
    """Yield the parts of the section."""
    rows = figures["http"]
    base = pgbench(figures)
    yield OPENING
    yield _table(rows, lambda row: f"{row['per_second']:,.0f} ({row['per_second'] / base:.2f}x)")
    yield CPU
    yield _table(rows, lambda row: f"{figure(row['cpu_us'])} + {figure(row['postgres_us'])}")
    yield TIMES
    yield _table(rows, lambda row: f"{figure(row['p50_ms'])} / {figure(row['p99_ms'])}")
    yield MEMORY
    yield _table(rows, lambda row: f"{row['rss_mb']:.0f}")
    yield IN_C
    yield _in_c(figures["in_c"])


def _table(rows: Rows, cell: Any) -> str:
    heads = [many(number, "connection") for number in numbers(rows)]
    lines = dict.fromkeys((row["operation"], row["server"]) for row in rows)
    return markdown.table(
        ("operation", "server", *heads),
        ([*line, *(cell(_middle(rows, line, n)) for n in numbers(rows))] for line in lines),
    )


def _middle(rows: Rows, line: tuple[str, str], connections: int) -> Mapping[str, float]:
    operation, server = line
    mine = chosen(rows, operation=operation, server=server, connections=connections)
    wanted = ("per_second", "cpu_us", "postgres_us", "p50_ms", "p99_ms", "rss_mb")
    return {name: middle(mine, name) for name in wanted}


def _in_c(rows: Rows) -> str:
    heads = [many(number, "client") for number in numbers(rows)]
    servers = dict.fromkeys(row["server"] for row in rows)
    return markdown.table(
        ("", *heads),
        (
            [
                server,
                *(
                    f"{middle(mine, 'per_second'):,.0f} ({figure(middle(mine, 'postgres_us'))})"
                    for n in numbers(rows)
                    if (mine := chosen(rows, server=server, connections=n))
                ),
            ]
            for server in servers
        ),
    )
