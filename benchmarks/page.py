"""The benchmark page and its plots."""

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import markdown, plot, short_answer, summary
from benchmarks.memory_hits import page as memory_hits
from benchmarks.result_cache import page as cache
from benchmarks.roads import page as roads
from benchmarks.stored import page as stored

COLOURS = {
    "FraiseQL, documents": plot.OURS,
    "FraiseQL, live": plot.OURS,
    "shape": plot.OURS,
    "Python ceiling": plot.LIMIT,
    "Python ceiling, granian": plot.LIMIT,
}
TITLES = {
    "json": "json, generic walk",
    "orjson": "orjson, plan made beforehand",
    "shape": "fraiseql_rs.Shape",
}

OPENING = """<!-- Written by `python -m benchmarks report` from benchmarks/results/: do not edit -->
# Benchmarks

The cost of FraiseQL compared with two Python GraphQL servers and with the least that a Python
server can do, and the gains and costs of stored documents and result caches. `make bench` measures
everything again; `python -m benchmarks --quick` checks in a few minutes that it works, with rough
figures. Ratios and processor time per request are comparable across machines; absolute rates are
not.
"""


def plots(results: Mapping[str, Any]) -> dict[str, str]:
    """Return file name and SVG of each plot."""
    drawn = {}
    if result := results.get("serving"):
        table = _table(result)
        panels = {
            f"{name}: {result['figures']['operations'][name]}": {
                peer: row["cpu_ms"] for peer, row in peers.items()
            }
            for name, peers in table.items()
        }
        title = "Processor time of the server per request (log scale, less is better)"
        drawn["serving.svg"] = plot.bars(title, panels, "ms", COLOURS)
    if result := results.get("transform"):
        rates = summary.speeds(result["figures"])["1"]
        panel = {f"{result['figures']['documents']} documents of Q4": dict(rates)}
        title = "Transform: documents to response, input per second (log scale, more is better)"
        drawn["transform.svg"] = plot.bars(title, panel, "MB/s", COLOURS)
    if result := results.get("cache-memory"):
        drawn["memory-hits.svg"] = memory_hits.picture(result["figures"])
    if result := results.get("roads"):
        drawn["roads.svg"] = roads.picture(result["figures"])
    return drawn


def text(results: Mapping[str, Any]) -> str:
    """Return the page."""
    if not results:
        return OPENING + "\nNothing is measured yet.\n"
    parts = [OPENING, *short_answer.section(results), *_targets(results)]
    if result := results.get("serving"):
        parts += _serving(result)
    if result := results.get("transform"):
        parts += _transform(result)
    if result := results.get("first-sight"):
        parts += _first_sight(result)
    if result := results.get("memory"):
        parts += _memory(result)
    parts += stored.section(results)
    parts += cache.section(results)
    return "\n".join([*parts, *_origin(results)]) + "\n"


def _table(result: Mapping[str, Any]) -> summary.Table:
    return summary.medians(result["figures"]["rounds"], result["method"]["foreign_limit"])


def _targets(results: Mapping[str, Any]) -> Iterator[str]:
    yield "## Targets\n"
    rows = [
        (target.step, target.goal, target.figure, "hit" if target.hit else "**missed**")
        for target in summary.targets(results)
    ]
    yield markdown.table(("step", "target", "figure", ""), rows)


def _serving(result: Mapping[str, Any]) -> Iterator[str]:
    measured, names = _table(result), result["figures"]["operations"]
    peers = list(dict.fromkeys(peer for row in measured.values() for peer in row))
    yield "## Serving\n"
    yield " · ".join(f"**{name}** {title}" for name, title in names.items()) + "\n"
    yield "Processor time of the server process per request, ms (requests per second):\n"
    yield markdown.table(("", *names), (_cells(p, measured, _cpu) for p in peers))
    yield "Median and 99th percentile of the time from request to answer, ms:\n"
    yield markdown.table(("", *names), (_cells(p, measured, _latency) for p in peers))
    yield "Processor time of PostgreSQL per request, ms:\n"
    yield markdown.table(("", *names), (_cells(p, measured, _postgres) for p in peers))
    yield "Processor time as a multiple of the Python ceiling's:\n"
    yield markdown.table(("", *names), (_cells(p, measured, _ratio) for p in peers))
    yield PEERS
    yield markdown.method(result["method"])
    yield _rounds(measured)


PEERS = """The applications are in `benchmarks/peers/`, one file each. Their answers are equal,
which is checked before timing. Strawberry and Ariadne cache parsed and validated documents, and
their loaders run one tuned statement per relation. *Documents* are `tv_user` and `tv_post`, created
beforehand; *live* reads the base tables. The *ceiling* is not a GraphQL server: it reads the
request, runs one statement and sends the stored documents unchanged, which are more bytes than the
answer needs.
"""


def _cells(peer: str, measured: summary.Table, cell: Any) -> list[str]:
    return [peer, *(cell(row, peer) if peer in row else "" for row in measured.values())]


def _cpu(row: Mapping[str, Mapping[str, float]], peer: str) -> str:
    return f"{plot.figure(row[peer]['cpu_ms'])} ({row[peer]['per_second']:,.0f})"


def _latency(row: Mapping[str, Mapping[str, float]], peer: str) -> str:
    return f"{plot.figure(row[peer]['p50_ms'])} / {plot.figure(row[peer]['p99_ms'])}"


def _postgres(row: Mapping[str, Mapping[str, float]], peer: str) -> str:
    return plot.figure(row[peer]["postgres_ms"])


def _ratio(row: Mapping[str, Mapping[str, float]], peer: str) -> str:
    if summary.CEILING not in row:
        return ""
    return f"{row[peer]['cpu_ms'] / row[summary.CEILING]['cpu_ms']:.2f}x"


def _rounds(measured: summary.Table) -> str:
    rows = [row for peers in measured.values() for row in peers.values()]
    errors, dropped, disturbed = (
        int(sum(row[name] for row in rows)) for name in ("errors", "dropped", "disturbed")
    )
    said = f"Failed requests: {errors}. Rounds dropped because others used the machine: {dropped}."
    return said + (f" Used although disturbed: {disturbed}.\n" if disturbed else "\n")


def _transform(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    rates = summary.speeds(figures)
    yield "## Transform\n"
    yield (
        f"{figures['documents']} documents, {figures['bytes_in']:,} bytes in,"
        f" {figures['bytes_out']:,} bytes out.\n"
    )
    yield "![Transform](benchmarks/transform.svg)\n"
    yield "Median ms of a call (MB/s of input), the documents once, ten and a hundred times:\n"
    yield markdown.table(
        ("", *(f"{factor}x" for factor in rates)),
        [
            [
                TITLES[name],
                *(
                    f"{plot.figure(figures['times'][f][name]['median_ms'])} ({rates[f][name]:,.0f})"
                    for f in rates
                ),
            ]
            for name in TITLES
        ],
    )
    yield markdown.method(result["method"])


def _first_sight(result: Mapping[str, Any]) -> Iterator[str]:
    yield "## First sight of an operation\n"
    yield "Medians, ms. Steps are those of `Server-Timing`; the rest is HTTP and the pool.\n"
    steps = ("parse", "validate", "plan", "sql", "render")
    yield markdown.table(
        ("", "first", "later", *steps),
        [
            [
                name,
                f"{statistics.median(sample['first_ms'] for sample in samples):.2f}",
                f"{summary.later(samples):.2f}",
                *(
                    f"{statistics.median(sample['steps'].get(step, 0) for sample in samples):.2f}"
                    for step in steps
                ),
            ]
            for name, samples in result["figures"].items()
        ],
    )
    yield markdown.method(result["method"])


def _memory(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    yield "## Memory\n"
    loads = ", ".join(f"{name} {row['rss_mb']:.0f}" for name, row in figures["under_load"].items())
    yield f"Resident MB after start: {figures['start']['rss_mb']:.0f}; after a load of {loads}.\n"
    yield markdown.table(
        ("large response", "MB", "before", "at most", "after", "grown / size"),
        [
            [
                name,
                f"{row['response_mb']:.1f}",
                f"{row['before_mb']:.0f}",
                f"{row['peak_mb']:.0f}",
                f"{row['after_mb']:.0f}",
                f"{row['ratio']:.2f}x",
            ]
            for name, row in figures["large"].items()
        ],
    )
    yield markdown.method(result["method"])


def _origin(results: Mapping[str, Any]) -> Iterator[str]:
    yield "## Measured on\n"
    for kind, result in results.items():
        machine, python = result["machine"], result["python"]["measured_with"]
        yield (
            f"- {kind}: commit {result['commit']}, {result['date'][:10]}; {machine['cpu']},"
            f" {machine['cores']} cores, {machine['memory_gb']:.0f} GB, {machine['distribution']},"
            f" {machine['system']}; Python {python['version']}, PostgreSQL {result['postgresql']}"
        )
    latest = next(iter(results.values()))
    yield "\n" + _interpreters(latest["python"])
    compared = ("strawberry-graphql", "ariadne", "graphql-core", "asyncpg", "orjson", "uvicorn")
    more = ("uvloop", "httptools", "granian")
    packages = latest["packages"]
    named = [f"{name} {packages[name]}" for name in (*compared, *more) if name in packages]
    yield f"\nPackages: {', '.join(named)}."


def _interpreters(python: Mapping[str, Any]) -> str:
    measured, runner = python["measured_with"], python["runner"]
    said = " ".join(measured["switches"]) or "no switches"
    return (
        "All applications run on one interpreter, because one built without profile-guided"
        " optimisation slows pure-Python servers down most. A fixed loop in pure Python takes"
        f" {measured['pure_python_probe_ms']} ms on it and {runner['pure_python_probe_ms']} ms on"
        f" the Python {runner['version']} that runs the benchmark. Its switches are `{said}`;"
        " distributions also optimise without a switch, so the loop is the better evidence."
    )
