"""Report on the terminal, and pages of full runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks import comparison, page, plot, result, summary
from benchmarks.features import step as features
from benchmarks.paths import COMPARISON, PAGE


def run(*, quick: bool, write: bool) -> None:
    """Print targets and figures; write the page when ``write`` is set."""
    results = {
        kind: figures
        for kind in (*result.KINDS, *result.UNPUBLISHED)
        if (figures := result.read(kind, quick=quick))
    }
    if results:
        print(*console(results), sep="\n")
    else:
        print("Nothing is measured yet.")
    if write:
        for name, drawing in page.plots(results).items():
            path = PAGE.parent / "benchmarks" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(drawing)
        PAGE.write_text(page.text(results))
        COMPARISON.write_text(comparison.text(results))
        print("Written:", ", ".join([PAGE.name, COMPARISON.name, *page.plots(results)]))


def console(results: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines for the terminal."""
    for kind in ("serving", "features"):
        if result := results.get(kind):
            yield from _serving(result)
    yield ""
    rows = [
        (target.step, target.goal, target.figure, "hit" if target.hit else "MISSED")
        for target in summary.targets(results)
    ]
    yield from columns([("target", "wanted", "found", ""), *rows])
    commits = {result["commit"] for result in results.values()}
    yield f"\ncommit {', '.join(sorted(commits))}{' · quick run' if found_quick(results) else ''}"


def found_quick(results: Mapping[str, Any]) -> bool:
    """Return whether any result comes from a quick run."""
    return any(result["quick"] for result in results.values())


def _serving(result: Mapping[str, Any]) -> Iterable[str]:
    table = summary.medians(result["figures"]["rounds"], result["method"]["foreign_limit"])
    for operation, peers in table.items():
        yield f"\n{operation}: {result['figures']['operations'][operation]}"
        ours = (peers.get(summary.OURS) or peers.get(features.OURS, {})).get("cpu_ms")
        ceiling = peers.get(summary.CEILING, {}).get("cpu_ms")
        head = ("", "CPU ms", "req/s", "p50 ms", "p99 ms", "PG ms", "RSS MB", "ceiling", "ours", "")
        yield from columns([head, *(_row(n, r, ceiling, ours) for n, r in peers.items())])


def _row(name: str, row: Mapping[str, float], ceiling: float | None, ours: float | None) -> Any:
    notes = [f"{row['errors']:.0f} errors"] if row["errors"] else []
    notes += [f"{row['disturbed']:.0f} disturbed"] if row["disturbed"] else []
    figures = (row["cpu_ms"], row["per_second"], row["p50_ms"], row["p99_ms"], row["postgres_ms"])
    return (
        name,
        *map(plot.figure, figures),
        f"{row['rss_mb']:.0f}",
        f"{row['cpu_ms'] / ceiling:.2f}x" if ceiling else "",
        f"{row['cpu_ms'] / ours:.2f}x" if ours else "",
        ", ".join(notes),
    )


def columns(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield ``rows`` as lines with aligned columns, the first to the left."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        first, *others = (cell.ljust(w) for cell, w in zip(row, widths, strict=True))
        yield "  ".join([first, *(o.strip().rjust(len(o)) for o in others[:-1]), others[-1]])
