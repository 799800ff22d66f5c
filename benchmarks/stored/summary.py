"""Medians and targets of stored documents."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.target import Target

PG_IVM = {
    "8 writers, 1 statement": (305, 2149),
    "8 writers, 4 statements": (105, 1238),
    "8 writers, 1 statement, 2 ms held": (92, 1237),
}
"""Transactions per second with pg_ivm 1.15 and with no trigger, as the design notes measured them:
PostgreSQL 15, 8 writers, 1,000 parents, a count and a maximum stored. It is an extension with a
preload, which this benchmark does not have."""
FOREIGN_LIMIT = 0.15


def middle(rounds: Sequence[Mapping[str, Any]], name: str) -> float:
    """Return the median over the undisturbed rounds, or over all if there are none."""
    calm = [row for row in rounds if row["foreign"] <= FOREIGN_LIMIT] or rounds
    return float(statistics.median(row[name] for row in calm))


def disturbed(rounds: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether others used the machine in every round."""
    return all(row["foreign"] > FOREIGN_LIMIT for row in rounds)


def share(rounds: Mapping[str, Sequence[Mapping[str, Any]]], mode: str) -> float:
    """Return the transactions per second of a mode as a share of those with none."""
    return middle(rounds[mode], "tps") / middle(rounds["none"], "tps")


def targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield every target with a result."""
    for kind, result in (
        ("stored-reads", _reads),
        ("stored-writes", _writes),
        ("stored-refresh", _refresh),
        ("stored-indexes", _indexes),
    ):
        if kind in results:
            yield from result(results[kind]["figures"])


def operation(figures: Sequence[Mapping[str, Any]], variant: str, name: str) -> Any:
    """Return the figures of one operation of a variant, or None."""
    for row in figures:
        if row["name"] == variant:
            return next((each for each in row["operations"] if each["name"] == name), None)
    return None


def _reads(figures: Sequence[Mapping[str, Any]]) -> Iterator[Target]:
    for variant in figures:
        for row in variant["operations"]:
            if row["name"] in ("key", "all"):
                cpu = middle(row["stored"], "postgres_ms")
                what = "by key" if row["name"] == "key" else "as a whole"
                step = f"stored read {what}, {variant['name']}, PostgreSQL's processor time"
                yield Target(step, "≤ 0.1 ms", f"{cpu:.3f} ms", cpu <= 0.1)
    for level in ("2 levels", "3 levels"):
        pair = [
            operation(figures, f"{name}, {level}", "100 rows")
            for name in ("Projection", "Projection, text")
        ]
        if all(pair):
            plain, text = (middle(row["stored"], "postgres_ms") for row in pair)
            step = f"100 documents of {level}, jsonb against text, PostgreSQL's processor time"
            yield Target(step, "≥ 2.5x", f"{plain / text:.1f}x", plain / text >= 2.5)


def _writes(figures: Mapping[str, Any]) -> Iterator[Target]:
    for name, rounds in figures["rounds"].items():
        if name.startswith("8 writers"):
            rate = share(rounds, "commit")
            step = f"writes, commit mode against none, {name}"
            yield Target(step, "≥ 40 %", f"{rate:.0%}", rate >= 0.4)
    for name, (pg_ivm, none) in PG_IVM.items():
        ratio = share(figures["rounds"][name], "commit") / (pg_ivm / none)
        step = f"writes, commit mode against pg_ivm by shares of none (its from the notes), {name}"
        yield Target(step, "≥ 3x", f"{ratio:.1f}x", ratio >= 3)
    bulk = figures["bulk"]
    ratio = bulk["commit"]["statement_ms"] / bulk["none"]["statement_ms"]
    yield Target("large INSERT … SELECT, its capture", "≤ 1.3x", f"{ratio:.2f}x", ratio <= 1.3)
    stored = [mode for mode in ("statement", "commit", "async") if mode in figures["wrong"]]
    wrong = sum(figures["wrong"][mode] for mode in stored)
    yield Target(f"wrong documents afterwards, {', '.join(stored)}", "0", f"{wrong}", wrong == 0)


def _refresh(figures: Mapping[str, Any]) -> Iterator[Target]:
    for name, rounds in figures["log"].items():
        lag_seconds = share(rounds, "log")
        yield Target(
            f"writes with the change log, {name}",
            "≥ 95 %",
            f"{lag_seconds:.0%}",
            lag_seconds >= 0.95,
        )
    lag = figures["lag"]
    most = lag["target_s"] + lag["refresh_s"]
    lag_seconds = lag["p99_s"]
    yield Target(
        "reported age, p99", f"≤ {most:.2f} s", f"{lag_seconds:.2f} s", lag_seconds <= most
    )


def _indexes(figures: Mapping[str, Any]) -> Iterator[Target]:
    for name, times in figures["times"].items():
        planned = times["statement for the index"]["auto"]
        planning_share = planned["plan_ms"] / (planned["plan_ms"] + planned["run_ms"])
        step = f"planning's share of the time, {name}"
        yield Target(step, "≤ 10 %", f"{planning_share:.0%}", planning_share <= 0.1)
        used = times["statement for the index"]["generic"]["scans"]
        step = f"generic plan without a sequential scan, {name}"
        yield Target(step, "yes", ", ".join(used), "Seq Scan" not in used)
