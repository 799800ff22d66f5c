"""Description of machine, versions and commit."""

import datetime as dt
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import interpreter
from benchmarks.paths import ROOT


def description(postgresql: str) -> dict[str, Any]:
    """Describe the origin of a result of the benchmark's environment."""
    return {
        **place(),
        "python": interpreter.comparison(),
        "postgresql": postgresql,
        "packages": interpreter.versions(),
    }


def own_description(postgresql: str) -> dict[str, Any]:
    """Describe the origin of a result measured in this process."""
    own = interpreter.describe(sys.executable)
    return {
        **place(),
        "python": {"measured_with": own, "runner": own},
        "postgresql": postgresql,
        "packages": {name: version(name) for name in ("asyncpg", "graphql-core", "orjson")},
    }


def place() -> dict[str, Any]:
    """Return date, commit and machine."""
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
            "system": f"{platform.system()} {platform.release().partition('-')[0]}",
            "distribution": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        },
    }


def commit() -> str:
    """Return the short name of the commit, with ``+`` if files differ from it."""
    name = _git("rev-parse", "--short", "HEAD")
    # A run writes the results itself.
    results = ":!benchmarks/results"
    own = ("python", "crates", "benchmarks", "pyproject.toml", "Cargo.toml", results)
    return name + ("+" if _git("status", "--porcelain", "--untracked-files=no", "--", *own) else "")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.strip()


def _cpu_model() -> str:
    match = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return match[1] if match else platform.machine()
