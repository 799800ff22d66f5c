"""Page: the section on stored documents."""

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
    """Yield the parts of the section, for those results that are there."""
    kinds: dict[str, Callable[[Any], Iterator[str]]] = {
        "stored-reads": _reads,
        "stored-writes": _writes,
        "stored-refresh": _refresh,
        "stored-indexes": _indexes,
    }
    if kinds.keys() & results.keys():
        yield OPENING
    for kind, part in kinds.items():
        if found := results.get(kind):
            yield from part(found["figures"])
            yield markdown.method(found["method"])


def _reads(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield READS
    names = ("key", "20 rows", "100 rows", "all")
    yield "Processor time of PostgreSQL, stored / live, ms (ratio):\n"
    yield markdown.table(("", *names), (_row(one, names, _cpu) for one in figures))
    yield "Time of the statement over a unix socket, stored / live, ms (ratio):\n"
    yield markdown.table(("", *names), (_row(one, names, _time) for one in figures))
    yield "The whole operation in process, without HTTP, stored / live, ms (ratio):\n"
    yield markdown.table(("", *names), (_row(one, names, _request) for one in figures))


def _row(variant: Mapping[str, Any], names: Sequence[str], cell: Any) -> list[str]:
    found = {one["name"]: one for one in variant["operations"]}
    return [variant["name"], *(cell(found[name]) if name in found else "" for name in names)]


def _pair(stored: float, live: float, *, used: bool) -> str:
    return f"{figure(stored)} / {figure(live)} ({f'{live / stored:.1f}x' if used else 'live'})"


def _cpu(one: Mapping[str, Any]) -> str:
    stored, live = (middle(one[name], "postgres_ms") for name in ("stored", "live"))
    return _pair(stored, live, used=one["used"])


def _time(one: Mapping[str, Any]) -> str:
    stored, live = (middle(one[name], "ms") for name in ("stored", "live"))
    return _pair(stored, live, used=one["used"])


def _request(one: Mapping[str, Any]) -> str:
    stored, live = (one["request"][name]["ms"] for name in ("stored", "live"))
    return _pair(stored, live, used=one["used"])


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
    left = max(one["left_seconds"] for each in figures["rounds"].values() for one in each["async"])
    yield f"After a round the worker of the async mode was done within {left:.1f} s at most.\n"
    yield BULK
    none = figures["bulk"]["none"]
    yield markdown.table(
        ("", "statement", "commit", "both"),
        (
            [
                mode,
                _times(one["statement_ms"], none["statement_ms"]),
                figure(one["commit_ms"]),
                _times(one["ms"], none["ms"]),
            ]
            for mode, one in figures["bulk"].items()
        ),
    )
    yield from _wal(figures["wal"])
    yield WRONG
    yield markdown.table(
        ("", "wrong documents"), ([mode, str(count)] for mode, count in figures["wrong"].items())
    )


def _times(found: float, none: float) -> str:
    return f"{figure(found)} ({found / none:.2f}x)"


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
    modes = list(dict.fromkeys(mode for one in workloads.values() for mode in one))
    yield WAL
    yield markdown.table(
        ("", *modes),
        (
            [name, *(_bytes(found, mode) if mode in found else "" for mode in modes)]
            for name, found in workloads.items()
        ),
    )


def _bytes(found: Mapping[str, Any], mode: str) -> str:
    size = found[mode]["bytes"]
    return f"{size:,.0f} ({size / found['none']['bytes']:.1f}x)"


def _refresh(figures: Mapping[str, Any]) -> Iterator[str]:
    yield REFRESH
    yield markdown.table(
        ("changed", "plain, ms", "concurrently, ms", "plain, WAL KB", "concurrently, WAL KB"),
        (
            [
                f"{one['share']:.1%}",
                *(f"{one[kind]['ms']:.0f}" for kind in ("plain", "concurrently")),
                *(f"{one[kind]['wal_bytes'] / 1e3:,.0f}" for kind in ("plain", "concurrently")),
            ]
            for one in figures["refresh"]
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
            [name, what, *(_planned(found[plan]) for plan in plans)]
            for name, kinds in figures["times"].items()
            for what, found in kinds.items()
        ),
    )
    yield SIZES
    table = figures["sizes"][0]["bytes"]
    yield markdown.table(
        ("", "", "MB", "of the table"),
        (
            [
                one["name"] if not one["declared"] else f"declared: {_definition(one)}",
                "",
                f"{one['bytes'] / 1e6:.2f}",
                f"{one['bytes'] / table:.1%}",
            ]
            for one in figures["sizes"]
        ),
    )


def _planned(found: Mapping[str, Any]) -> str:
    mark = " ◦" if "Seq Scan" in found["scans"] else ""
    return f"{figure(found['plan_ms'])} + {figure(found['run_ms'])}{mark}"


def _definition(one: Mapping[str, Any]) -> str:
    return str(one["definition"].partition(" USING ")[2].replace("|", "\\|"))
