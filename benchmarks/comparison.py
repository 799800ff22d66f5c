"""Comparison: the page that sets the strategies side by side, made of the result files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks import markdown
from benchmarks.kept.summary import middle, operation
from benchmarks.plot import figure
from benchmarks.results_cache.names import GET, KEPT, LIVE, LOOK_UP, PLAIN

OPENING = """<!-- Written by `python -m benchmarks report` from benchmarks/results/: do not edit -->
# Which strategy?

The paper that this project began with compares seven ways to keep what a query answers, with
estimated times. Here are the same rows with measured ones. Times of different rows are of different
answers: compare each with its own live answer, in the same row. How each figure came about is in
[Benchmarks](benchmarks.md); the command behind a row measures it again.

## Performance

ms from sending the statement to the whole answer over a unix socket, one client, PostgreSQL on a
core of its own:
"""
FRESH = """## What they promise, and what they cost beside time

| strategy | an answer is | writers pay | set-up | upkeep | use it for |
|---|---|---|---|---|---|
| PostgreSQL's own buffers and plans | live | nothing | none | none | every query, first |
| [generated column](how-to/generated-columns.md) | live | computing the row's document | a declaration | none | wide rows read as documents |
| [projection](how-to/projections.md) | live, or of a known age | computing the documents a write touches | a declaration | none; `db verify` from a timer | objects with what belongs to them, read often and written seldom |
| [materialized view](how-to/materialized-views.md) | of a known age | a row in the change log | a declaration | a worker refreshes | aggregates over much, read all the time |
| [partial, rolling and GIN index](how-to/indexes.md) | live | upkeep of a small index | a declaration | rolling ones are moved on by the worker | filters known beforehand |
| [result cache](how-to/result-caches.md), `unlogged` | what the query would answer now, or within `stale` | a row in the change log | a declaration | none: bounded, nothing to vacuum | costly queries of few shapes; the same question asked often |
| result cache, `logged` | the same, also after a crash | the same, and storing is in the WAL | a declaration | none | where a cold start is too much |
| result cache, `redis` | the same | a row in the change log | a Redis server | that of Redis | bodies that the database should not hold |
| Redis by itself | as old as its invalidation is wrong | one more round trip, after the commit | a Redis server, code at every write | every write path, for ever | what no table knows |
"""
TREE = """## Which one?

- Is the query quick (below some ms)? Leave it live: PostgreSQL's buffers and an
  [index](how-to/indexes.md) do. A look-up in a result cache costs a multiple of a read by primary
  key, see above.
- Is it an object with lists inside, asked for by its key? A [projection](how-to/projections.md).
- Is it an aggregate over most of a table that is written all the time? A
  [materialized view](how-to/materialized-views.md): its age is bounded, and writers do not end it.
- Is it costly, and are the same questions asked again between two writes? A
  [result cache](how-to/result-caches.md). Where writes come more often than that: `stale=`, or tags
  of rows.
- Does it depend on no table at all? A result cache with `ttl=`; over several databases in Redis.
"""
MATRIX = """## Decision matrix

The paper's scenarios, its expectation, and what was measured for the nearest case:
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of either table: what it is about, the paper's figure, ours, and where it is from."""

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
    return (
        "\n".join(
            [
                OPENING,
                markdown.table(head, (row.cells() for row in _strategies(results))),
                *_notes(results),
                FRESH,
                TREE,
                MATRIX,
                markdown.table(matrix, (row.cells() for row in _scenarios(results))).rstrip("\n"),
            ]
        )
        + "\n"
    )


def _strategies(results: Mapping[str, Any]) -> Iterator[Row]:
    if found := results.get("kept-reads"):
        yield from _kept(found["figures"])
    if found := results.get("kept-indexes"):
        yield _index(found["figures"])
    if found := results.get("cache-hits"):
        yield from _hits(found["figures"])


def _kept(figures: Any) -> Iterator[Row]:
    one = operation(figures, "GeneratedColumn, 8 columns", "key")
    live = _ms(one, "live")
    yield Row("PostgreSQL's own: a row by its key", "0.1–0.5", live, live, "kept-reads")
    yield Row(
        "generated column: a row's document", "0.05–0.1", _ms(one, "kept"), live, "kept-reads"
    )
    for levels in ("2 levels", "3 levels"):
        one = operation(figures, f"Projection, text, {levels}", "key")
        kept, live = (_ms(one, kind) for kind in ("kept", "live"))
        yield Row(f"projection: a document of {levels}", "", kept, live, "kept-reads")
    one = operation(figures, "MaterializedView, dashboard", "all")
    kept, live = (_ms(one, kind) for kind in ("kept", "live"))
    yield Row("materialized view: a dashboard", "0.1–0.5", kept, live, "kept-reads")


def _ms(one: Any, kind: str) -> str:
    return figure(middle(one[kind], "ms"))


def _index(figures: Any) -> Row:
    times = figures["times"]["partial: latest 20 active"]
    with_index, without = (
        figure(times[kind]["auto"]["plan_ms"] + times[kind]["auto"]["run_ms"])
        for kind in ("statement for the index", "no index")
    )
    name = "partial index: 20 rows, without the way to the client"
    return Row(name, "0.05", with_index, without, "kept-indexes")


def _hits(figures: Any) -> Iterator[Row]:
    one = figures["hits"][0]
    live = figure(middle(figures["http"][COSTLY][LIVE], "postgres_ms"))
    costly = f"{live} (PostgreSQL's time for the costly query)"
    found = {way: figure(middle(rounds, "ms")) for way, rounds in one["rate"].items()}
    step = "cache-hits"
    size = f"{one['bytes'] // 1000} KB"
    name = f"UNLOGGED table, `unlogged`: a result of {size}, proved true"
    yield Row(name, "0.1–0.15", found[LOOK_UP], costly, step)
    name = "result cache table, `logged`: the same statement"
    yield Row(name, "0.1–0.2", found[LOOK_UP], costly, step)
    name = f"the same bytes by primary key, proved by nobody ({size})"
    yield Row(name, "", found[PLAIN], costly, step)
    yield Row(
        f"Redis GET of the same bytes, proved by nobody ({size})", "0.2", found[GET], costly, step
    )


COSTLY = "sums over 2,000 users' posts"
CHEAP = "user by id, 5 columns"


def _notes(results: Mapping[str, Any]) -> Iterator[str]:
    if (found := results.get("cache-hits")) is None:
        return
    figures = found["figures"]
    one = figures["hits"][0]
    ways = {way: median(each["ms"] for each in rounds) for way, rounds in one["asyncio"].items()}
    yield (
        "From Python, as an application sees it, ms: "
        + ", ".join(f"{way} {figure(ms)}" for way, ms in ways.items())
        + ". Storing 1 KB, ms: "
        + ", ".join(f"{name} {figure(ms)}" for name, ms in figures["puts"].items())
        + f". From the process's own memory, where `stale=` allows it:"
        f" {figures['memory']['p50_us'] / 1000:.4f} ms.\n"
    )


def _scenarios(results: Mapping[str, Any]) -> Iterator[Row]:
    if found := results.get("kept-reads"):
        figures = found["figures"]
        one = operation(figures, "GeneratedColumn, 8 columns", "key")
        kept, live = (_ms(one, kind) for kind in ("kept", "live"))
        yield Row("simple lookup: generated column", "0.1", kept, live, "kept-reads")
    if indexes := results.get("kept-indexes"):
        yield _list(indexes["figures"])
    if found := results.get("kept-reads"):
        one = operation(found["figures"], "MaterializedView, dashboard", "all")
        kept, live = (_ms(one, kind) for kind in ("kept", "live"))
        yield Row("complex aggregation: materialized view", "0.5", kept, live, "kept-reads")
    if found := results.get("cache-hits"):
        yield from _over_http(found["figures"]["http"])


def _list(figures: Any) -> Row:
    times = figures["times"]["GIN: a key of the document"]
    with_index, without = (
        figure(times[kind]["auto"]["plan_ms"] + times[kind]["auto"]["run_ms"])
        for kind in ("statement for the index", "no index")
    )
    return Row("list with filters: GIN index", "0.5", with_index, without, "kept-indexes")


def _over_http(operations: Mapping[str, Any]) -> Iterator[Row]:
    names = {
        COSTLY: ("expensive query: result cache, over HTTP", "0.2"),
        CHEAP: ("cheap query: not worth a result cache, over HTTP", ""),
    }
    for title, (name, expected) in names.items():
        kinds = operations[title]
        kept, live = (figure(middle(kinds[kind], "p50_ms")) for kind in (KEPT, LIVE))
        more = " with 16 connections"
        yield Row(name + more, expected, kept, live, "cache-hits")
