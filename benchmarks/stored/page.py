"""The page's section on stored documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks import markdown
from benchmarks.plot import figure
from benchmarks.stored.summary import middle, share

OPENING = """## Stored documents

The gains for readers and the costs for writers. PostgreSQL has one core to itself and the clients
another, so that shares refer to one busy core; where the network or the disk makes transactions
wait, documents cost a smaller share. Documents are compared with the live ones before
reads are timed, and after all writes.
"""
READS = """### Reads

The same operation, answered from stored documents and live. *key* is one row by its key; the others
are lists. `live` in place of a ratio means that serving reads live, since the stored document would
not be cheaper.
"""
WRITES = """### Writes

Transactions per second, and their share of those without any trigger. The row trigger is the one
that many applications have; its documents are wrong under concurrent writers, as the last table
shows, and are listed for their speed only.
"""
BULK = "One statement that writes many rows, and its commit, ms:\n"
WAL = "WAL bytes of a transaction, by one writer, and how many times those of none:\n"
WRONG = "Documents that differ from the live ones afterwards:\n"
REFRESH = """### Refreshes and the change log

Refresh of a view with a row for each user, by the share of rows that changed since the last one:
"""
LOG = "Transactions per second of writers of a view's tables, and their share of none:\n"
INDEXES = """### Indexes

Planning + execution of the prepared statement, ms, by the kind of plan that PostgreSQL must
use; with *auto* it decides itself. ◦ marks a sequential scan of the table.
"""
SIZES = "Bytes on disk, and the share of the table's:\n"


def section(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of the section that have results."""
    kinds: dict[str, Callable[[Any], Iterator[str]]] = {
        "stored-reads": _reads,
        "stored-writes": _writes,
        "stored-refresh": _refresh,
        "stored-indexes": _indexes,
    }
    if kinds.keys() & results.keys():
        yield OPENING
    for kind, part in kinds.items():
        if result := results.get(kind):
            yield from part(result["figures"])
            yield markdown.method(result["method"])


def _reads(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield READS
    names = ("key", "20 rows", "100 rows", "all")
    yield "Processor time of PostgreSQL, stored / live, ms (ratio):\n"
    yield markdown.table(("", *names), (_row(row, names, _cpu) for row in figures))
    yield "Time of the statement over a unix socket, stored / live, ms (ratio):\n"
    yield markdown.table(("", *names), (_row(row, names, _time) for row in figures))
    yield "The whole operation in process, without HTTP, stored / live, ms (ratio):\n"
    yield markdown.table(("", *names), (_row(row, names, _request) for row in figures))


def _row(variant: Mapping[str, Any], names: Sequence[str], cell: Any) -> list[str]:
    by_name = {row["name"]: row for row in variant["operations"]}
    return [variant["name"], *(cell(by_name[name]) if name in by_name else "" for name in names)]


def _pair(stored: float, live: float, *, used: bool) -> str:
    return f"{figure(stored)} / {figure(live)} ({f'{live / stored:.1f}x' if used else 'live'})"


def _cpu(row: Mapping[str, Any]) -> str:
    stored, live = (middle(row[name], "postgres_ms") for name in ("stored", "live"))
    return _pair(stored, live, used=row["used"])


def _time(row: Mapping[str, Any]) -> str:
    stored, live = (middle(row[name], "ms") for name in ("stored", "live"))
    return _pair(stored, live, used=row["used"])


def _request(row: Mapping[str, Any]) -> str:
    stored, live = (row["request"][name]["ms"] for name in ("stored", "live"))
    return _pair(stored, live, used=row["used"])


def _writes(figures: Mapping[str, Any]) -> Iterator[str]:
    yield WRITES
    yield shares(figures["rounds"])
    yield "Processor time of PostgreSQL for a transaction, ms:\n"
    modes = list(next(iter(figures["rounds"].values())))
    yield markdown.table(
        ("", *modes),
        (
            [name, *(figure(middle(rounds[mode], "postgres_ms")) for mode in modes)]
            for name, rounds in figures["rounds"].items()
        ),
    )
    left = max(
        bulk["left_seconds"] for each in figures["rounds"].values() for bulk in each["async"]
    )
    yield f"After a round the worker of the async mode was done within {left:.1f} s at most.\n"
    yield BULK
    none = figures["bulk"]["none"]
    yield markdown.table(
        ("", "statement", "commit", "both"),
        (
            [
                mode,
                _times(bulk["statement_ms"], none["statement_ms"]),
                figure(bulk["commit_ms"]),
                _times(bulk["ms"], none["ms"]),
            ]
            for mode, bulk in figures["bulk"].items()
        ),
    )
    yield from _wal(figures["wal"])
    yield WRONG
    yield markdown.table(
        ("", "wrong documents"), ([mode, str(count)] for mode, count in figures["wrong"].items())
    )


def _times(rate: float, none: float) -> str:
    return f"{figure(rate)} ({rate / none:.2f}x)"


def shares(scenarios: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of transactions per second by scenario and mode."""
    modes = list(next(iter(scenarios.values())))
    return markdown.table(
        ("", *modes),
        (
            [
                name,
                *(
                    f"{middle(rounds[mode], 'tps'):,.0f}"
                    + ("" if mode == "none" else f" ({share(rounds, mode):.0%})")
                    for mode in modes
                ),
            ]
            for name, rounds in scenarios.items()
        ),
    )


def _wal(workloads: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    modes = list(dict.fromkeys(mode for rates in workloads.values() for mode in rates))
    yield WAL
    yield markdown.table(
        ("", *modes),
        (
            [name, *(_bytes(result, mode) if mode in result else "" for mode in modes)]
            for name, result in workloads.items()
        ),
    )


def _bytes(result: Mapping[str, Any], mode: str) -> str:
    size = result[mode]["bytes"]
    return f"{size:,.0f} ({size / result['none']['bytes']:.1f}x)"


def _refresh(figures: Mapping[str, Any]) -> Iterator[str]:
    yield REFRESH
    yield markdown.table(
        ("changed", "plain, ms", "concurrently, ms", "plain, WAL KB", "concurrently, WAL KB"),
        (
            [
                f"{row['share']:.1%}",
                *(f"{row[kind]['ms']:.0f}" for kind in ("plain", "concurrently")),
                *(f"{row[kind]['wal_bytes'] / 1e3:,.0f}" for kind in ("plain", "concurrently")),
            ]
            for row in figures["refresh"]
        ),
    )
    yield LOG
    yield shares(figures["log"])
    lag = figures["lag"]
    yield (
        f"Age that readers receive during writes, s: median {lag['p50_s']:.2f}, 99th"
        f" percentile {lag['p99_s']:.2f}, most {lag['max_s']:.2f}; target {lag['target_s']:g},"
        f" a refresh takes {lag['refresh_s']:.2f}; {lag['refreshes']} refreshes in all.\n"
    )


def _indexes(figures: Mapping[str, Any]) -> Iterator[str]:
    yield INDEXES
    plans = ("custom", "generic", "auto")
    yield markdown.table(
        ("", "statement", *plans),
        (
            [name, what, *(_planned(result[plan]) for plan in plans)]
            for name, kinds in figures["times"].items()
            for what, result in kinds.items()
        ),
    )
    yield SIZES
    table = figures["sizes"][0]["bytes"]
    yield markdown.table(
        ("", "", "MB", "of the table"),
        (
            [
                row["name"] if not row["declared"] else f"declared: {_definition(row)}",
                "",
                f"{row['bytes'] / 1e6:.2f}",
                f"{row['bytes'] / table:.1%}",
            ]
            for row in figures["sizes"]
        ),
    )


def _planned(result: Mapping[str, Any]) -> str:
    mark = " ◦" if "Seq Scan" in result["scans"] else ""
    return f"{figure(result['plan_ms'])} + {figure(result['run_ms'])}{mark}"


def _definition(row: Mapping[str, Any]) -> str:
    return str(row["definition"].partition(" USING ")[2].replace("|", "\\|"))
