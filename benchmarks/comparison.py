"""Page that compares the strategies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from string import Template
from typing import Any

from benchmarks import markdown
from benchmarks.memory_hits import names
from benchmarks.memory_hits import summary as memory_hits
from benchmarks.paths import HERE
from benchmarks.plot import figure
from benchmarks.result_cache.names import COSTLY, GET, LIVE, LOOK_UP, PLAIN, STORED
from benchmarks.stored.summary import middle, operation

TEMPLATE = Template((HERE / "comparison.md").read_text())
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the subject, the paper's figure, ours, and its source."""

    name: str
    estimated: str
    measured: str
    live: str
    step: str

    def cells(self) -> list[str]:
        """Return the cells."""
        command = f"`python -m benchmarks {self.step} report`"
        return [self.name, self.estimated, self.measured, self.live, command]


def text(results: Mapping[str, Any]) -> str:
    """Return the page."""
    head = ("strategy", "paper's estimate", "measured", "the same answer live", "command")
    matrix = ("scenario", "paper's expectation", "measured", "live", "command")
    return TEMPLATE.substitute(
        strategies=markdown.table(head, (row.cells() for row in _strategies(results))),
        notes="".join(_notes(results)),
        scenarios=markdown.table(matrix, (row.cells() for row in _scenarios(results))),
    )


def _strategies(results: Mapping[str, Any]) -> Iterator[Row]:
    if result := results.get("stored-reads"):
        yield from _stored(result["figures"])
    if result := results.get("stored-indexes"):
        yield _index(result["figures"])
    if result := results.get("cache-hits"):
        yield from _hits(result["figures"])


def _stored(figures: Any) -> Iterator[Row]:
    row = operation(figures, "GeneratedColumn, 8 columns", "key")
    live = _ms(row, "live")
    yield Row("PostgreSQL's own: a row by its key", "0.1 to 0.5", live, live, "stored-reads")
    yield Row(
        "generated column: a row's document",
        "0.05 to 0.1",
        _ms(row, "stored"),
        live,
        "stored-reads",
    )
    for levels in ("2 levels", "3 levels"):
        row = operation(figures, f"Projection, text, {levels}", "key")
        stored, live = (_ms(row, kind) for kind in ("stored", "live"))
        yield Row(f"projection: a document of {levels}", "", stored, live, "stored-reads")
    row = operation(figures, "MaterializedView, dashboard", "all")
    stored, live = (_ms(row, kind) for kind in ("stored", "live"))
    yield Row("materialized view: a dashboard", "0.1 to 0.5", stored, live, "stored-reads")


def _ms(row: Any, kind: str) -> str:
    return figure(middle(row[kind], "ms"))


def _index(figures: Any) -> Row:
    times = figures["times"]["partial: latest 20 active"]
    with_index, without = (
        figure(times[kind]["auto"]["plan_ms"] + times[kind]["auto"]["run_ms"])
        for kind in ("statement for the index", "no index")
    )
    name = "partial index: 20 rows, in PostgreSQL alone"
    return Row(name, "0.05", with_index, without, "stored-indexes")


def _hits(figures: Any) -> Iterator[Row]:
    row = figures["hits"][0]
    live = figure(middle(figures["http"][COSTLY][LIVE], "postgres_ms"))
    result = {way: figure(middle(rounds, "ms")) for way, rounds in row["rate"].items()}
    size = f"{row['bytes'] // 1000} KB"
    rows = (
        (f"UNLOGGED table: a result of {size} in the store `unlogged`", "0.1 to 0.15", LOOK_UP),
        ("result cache table: the same statement over the store `logged`", "0.1 to 0.2", LOOK_UP),
        ("the same bytes by primary key, without a proof of validity", "", PLAIN),
        ("Redis: GET of the same bytes, without a proof of validity", "0.2", GET),
    )
    for name, estimated, way in rows:
        yield Row(name, estimated, result[way], f"{live} (PostgreSQL, costly query)", "cache-hits")


def _notes(results: Mapping[str, Any]) -> Iterator[str]:
    if (result := results.get("cache-hits")) is None:
        return
    figures = result["figures"]
    row = figures["hits"][0]
    ways = {way: median(each["ms"] for each in rounds) for way, rounds in row["asyncio"].items()}
    yield (
        "From Python, as an application sees it, ms: "
        + ", ".join(f"{way} {figure(ms)}" for way, ms in ways.items())
        + ". Storing 1 KB, ms: "
        + ", ".join(f"{name} {figure(ms)}" for name, ms in figures["puts"].items())
        + f". From the process's own memory, where `stale=` allows it:"
        f" {figures['memory']['p50_us'] / 1000:.4f} ms.\n"
    )


def _scenarios(results: Mapping[str, Any]) -> Iterator[Row]:
    if result := results.get("stored-reads"):
        figures = result["figures"]
        row = operation(figures, "GeneratedColumn, 8 columns", "key")
        stored, live = (_ms(row, kind) for kind in ("stored", "live"))
        yield Row("simple lookup: generated column", "0.1", stored, live, "stored-reads")
    if indexes := results.get("stored-indexes"):
        yield _list(indexes["figures"])
    if result := results.get("stored-reads"):
        row = operation(result["figures"], "MaterializedView, dashboard", "all")
        stored, live = (_ms(row, kind) for kind in ("stored", "live"))
        yield Row("complex aggregation: materialized view", "0.5", stored, live, "stored-reads")
    if result := results.get("cache-hits"):
        yield _over_http(result["figures"]["http"])
    if result := results.get("cache-memory"):
        yield _from_memory(result["figures"])


def _list(figures: Any) -> Row:
    times = figures["times"]["GIN: a key of the document"]
    with_index, without = (
        figure(times[kind]["auto"]["plan_ms"] + times[kind]["auto"]["run_ms"])
        for kind in ("statement for the index", "no index")
    )
    return Row("list with filters: GIN index", "0.5", with_index, without, "stored-indexes")


def _over_http(operations: Mapping[str, Any]) -> Row:
    kinds = operations[COSTLY]
    stored, live = (figure(middle(kinds[kind], "p50_ms")) for kind in (STORED, LIVE))
    name = f"expensive query: result cache, over HTTP with {CONNECTIONS} connections"
    return Row(name, "0.2", stored, live, "cache-hits")


def _from_memory(figures: Any) -> Row:
    stored, live = (
        figure(memory_hits.over_http(figures, way, CONNECTIONS, "p50_ms"))
        for way in (names.HIT, names.LIVE)
    )
    name = f"cheap query: exact hit from memory, over HTTP with {CONNECTIONS} connections"
    return Row(name, "", stored, live, "cache-memory")
