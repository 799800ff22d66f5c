"""Result files, one per kind of measurement."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.bench import Bench
from benchmarks.paths import CACHE, RESULTS

STORED = ("stored-reads", "stored-writes", "stored-refresh", "stored-indexes")
CACHE_KINDS = (
    "cache-hits",
    "cache-memory",
    "cache-writes",
    "cache-flight",
    "cache-ring",
)
KINDS = ("transform", "serving", "first-sight", "memory", *STORED, *CACHE_KINDS, "roads")
UNPUBLISHED = ("features",)
"""Measured by name only: no result of a full run is published."""


def directory(*, quick: bool) -> Path:
    """Return the directory of results; those of quick runs are not committed."""
    return CACHE / "quick" if quick else RESULTS


def write(kind: str, bench: Bench, method: Mapping[str, Any], figures: Any) -> None:
    """Write a result with its method and origin."""
    about = machine.description(bench.database.version)
    save(kind, about, method, figures, quick=bench.plan.quick)


def save(
    kind: str, about: Mapping[str, Any], method: Mapping[str, Any], figures: Any, *, quick: bool
) -> None:
    """Write a result and its origin."""
    path = directory(quick=quick) / f"{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    result = {"kind": kind, "quick": quick, **about, "method": method, "figures": figures}
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def read(kind: str, *, quick: bool) -> Any:
    """Return the result of ``kind``, or None if it was never measured."""
    path = directory(quick=quick) / f"{kind}.json"
    return json.loads(path.read_text()) if path.exists() else None
