"""Result: one JSON file for each kind of measurement."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.bench import Bench
from benchmarks.places import CACHE, RESULTS

KINDS = ("transform", "serving", "first-sight", "memory")


def directory(*, quick: bool) -> Path:
    """Return where results go: those of quick runs are not committed."""
    return CACHE / "quick" if quick else RESULTS


def write(kind: str, bench: Bench, method: Mapping[str, Any], figures: Any) -> None:
    """Write a result with all that is needed to judge it."""
    path = directory(quick=bench.plan.quick) / f"{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "kind": kind,
        "quick": bench.plan.quick,
        **machine.description(bench.database.version),
    }
    path.write_text(json.dumps({**about, "method": method, "figures": figures}, indent=1) + "\n")


def read(kind: str, *, quick: bool) -> Any:
    """Return the result of ``kind``, or None if it was never measured."""
    path = directory(quick=quick) / f"{kind}.json"
    return json.loads(path.read_text()) if path.exists() else None
