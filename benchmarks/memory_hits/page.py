"""The page's section on hits from memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks import markdown, plot
from benchmarks.memory_hits import names
from benchmarks.memory_hits.summary import Rows, chosen, in_process, index_share, many, numbers
from benchmarks.plot import figure
from benchmarks.stored.summary import middle

OPENING = """### Hits from memory

Everything in this section comes from one run. A hit from memory is exact: a freshness check, which
all requests of a process that wait at the same moment share, has confirmed it
([why it cannot be stale](concepts/result-caches.md#hits-from-memory)).

Requests per second over HTTP, and their ratio to the live read of the same rows:
"""
TIMES = "Median and 99th percentile of the time from request to answer, ms:\n"
CPU = "Processor time for each request, server + PostgreSQL, µs:\n"
WRITERS = """Beside writers of the table that the answers are read from, and of another one in the
change log: requests per second, share of them that were hits from memory, and server + PostgreSQL,
µs. With row tags (`tags=("tb_user.id={id}",)`) a write ends the answers about one row, without them
all of its table:
"""
PROCESS = """Requests without HTTP, next to a read by key of pgbench (the live statement), of
asyncpg, and a Redis GET: per second; median and 99th percentile, ms; process + PostgreSQL or Redis,
µs. pgbench says the mean in place of the median:
"""
INDEX = """Transactions per second of writers, and PostgreSQL's time for each, µs. The index is
that of freshness checks; with it, writers reach %s of their rate without:
"""
IN_PICTURE = (names.CONSTANT, names.HIT, names.LIVE, names.REDIS_HIT)
REASONS = """Reasons of missed targets. Over HTTP, the constant answer, which reads nothing, is
the limit of a server in Python. Without HTTP, most of a hit's time is the event loop, the look-up
of the plan and the response's text. Beside writers, every check sees another snapshot: then
definitions and privileges are confirmed by a statement too, one for each field and role, and the
entries that were written are computed again.
"""
_LISTS = {names.LIVE_LIST, names.HIT_LIST}


def picture(figures: Any) -> str:
    """Draw the requests per second over HTTP, by number of connections."""
    rows = chosen(figures["http"], writers=names.IDLE)
    panels = {
        many(number, "connection"): {
            way: middle(chosen(rows, way=way, connections=number), "per_second")
            for way in IN_PICTURE
        }
        for number in numbers(rows, "connections")
    }
    title = "Requests per second over HTTP (log scale, more is better)"
    return plot.bars(title, panels, "/s", {names.HIT: plot.OURS, names.CONSTANT: plot.LIMIT})


def note(method: Mapping[str, Any]) -> str:
    """Return what the load of the machine means for the figures."""
    return (
        "The machine also did other work: its load average was"
        f" {method['load_average']} before and after. Rounds of the same requests then differ by a"
        " factor of two, and ratios between two runs by half: run it on an idle machine for more"
        " than the order of magnitude.\n"
    )


def section(figures: Any) -> Iterator[str]:
    """Yield the parts of the section."""
    rows = chosen(figures["http"], writers=names.IDLE)
    ways = list(dict.fromkeys(row["way"] for row in rows))
    heads = [many(number, "connection") for number in numbers(rows, "connections")]
    for text, cell in ((OPENING, _rate), (TIMES, _times), (CPU, _cpu)):
        yield text
        yield markdown.table(("", *heads), ([way, *_cells(rows, way, cell)] for way in ways))
    yield WRITERS
    beside = [row for row in figures["http"] if row["writers"] != names.IDLE]
    heads = [many(number, "connection") for number in numbers(beside, "connections")]
    yield markdown.table(("", "written", *heads), _beside(beside))
    yield from _process(figures)
    yield _footprint(figures["footprint"])
    yield from _index(figures)
    yield REASONS


def _cells(rows: Rows, way: str, cell: Any) -> Iterator[str]:
    for connections in numbers(rows, "connections"):
        at = chosen(rows, connections=connections)
        yield cell(chosen(at, way=way), at, way)


def _rate(rows: Rows, at: Rows, way: str) -> str:
    base = names.LIVE_LIST if way in _LISTS else names.LIVE
    rate = middle(rows, "per_second")
    live = middle(chosen(at, way=base), "per_second")
    return f"{rate:,.0f}" + ("" if way == base else f" ({rate / live:.2f}x)")


def _times(rows: Rows, _at: Rows = (), _way: str = "") -> str:
    return f"{figure(middle(rows, 'p50_ms'))} / {figure(middle(rows, 'p99_ms'))}"


def _cpu(rows: Rows, _at: Rows = (), _way: str = "", own: str = "cpu_us") -> str:
    other = middle(rows, "postgres_us")
    if rows[0]["way"] == names.GET:
        other = middle(rows, "redis_us")
    return f"{figure(middle(rows, own))} + {figure(other)}"


def _beside(rows: Rows) -> Iterator[Sequence[str]]:
    for table in (names.SAME, names.OTHER):
        for way in dict.fromkeys(row["way"] for row in rows):
            mine = chosen(rows, way=way, writers=table)
            yield [way, table, *_cells(mine, way, _hits)]


def _hits(rows: Rows, _at: Rows, _way: str) -> str:
    cached = "" if rows[0]["way"] == names.LIVE else f"{middle(rows, 'memory_hits'):.0%}, "
    return f"{middle(rows, 'per_second'):,.0f} ({cached}{_cpu(rows)})"


def _process(figures: Any) -> Iterator[str]:
    yield PROCESS
    rows = chosen(figures["process"], writers=names.IDLE)
    clients = numbers(chosen(rows, way=names.HIT), "clients")
    head = ("", *(f"{number} at once" for number in clients))
    ways = dict.fromkeys(row["way"] for row in rows)
    yield markdown.table(head, ([way, *_in_process(rows, way, clients)] for way in ways))
    yield "PostgreSQL's time of a hit from memory as a share of pgbench's read by key:\n"
    tables = (names.IDLE, names.SAME, names.OTHER)
    yield markdown.table(
        ("writers of", *head[1:]),
        ([table, *(_share(figures, table, number) for number in clients)] for table in tables),
    )


def _in_process(rows: Rows, way: str, clients: Sequence[int]) -> Iterator[str]:
    for number in clients:
        at = chosen(rows, way=way, clients=number)
        rate = f"{middle(at, 'per_second'):,.0f}"
        if way == names.PGBENCH:
            ms, cpu = (figure(middle(at, name)) for name in ("p50_ms", "postgres_us"))
        else:
            ms, cpu = _times(at), _cpu(at)
        yield f"{rate}; {ms}; {cpu}"


def _share(figures: Any, table: str, clients: int) -> str:
    hit = in_process(figures, names.HIT, clients, "postgres_us", table)
    return f"{hit / in_process(figures, names.PGBENCH, clients, 'postgres_us'):.2f}x"


def _footprint(measured: Any) -> str:
    grown = (measured["after_mb"] - measured["before_mb"]) * 1e6 / measured["entries"]
    return (
        f"Memory: {measured['entries']:,} entries with responses of"
        f" {measured['body_bytes']:,.0f} bytes make a process grow from"
        f" {measured['before_mb']:.0f} to {measured['after_mb']:.0f} MB, {grown:,.0f} bytes for"
        f" each; `memory_max_bytes` counts {measured['counted_mb']:.0f} MB.\n"
    )


def _index(figures: Any) -> Iterator[str]:
    rows = figures["index"]
    writers = numbers(rows, "writers")
    shares = " and ".join(f"{index_share(figures, number):.0%}" for number in writers)
    yield INDEX % shares
    modes = dict.fromkeys(row["mode"] for row in rows)
    yield markdown.table(
        ("", *(many(number, "writer") for number in writers)),
        (
            [mode, *(_written(chosen(rows, mode=mode, writers=n)) for n in writers)]
            for mode in modes
        ),
    )


def _written(rows: Rows) -> str:
    return f"{middle(rows, 'tps'):,.0f} ({figure(middle(rows, 'postgres_ms') * 1e3)})"
