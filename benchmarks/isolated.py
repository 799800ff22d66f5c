"""Runs of ``benchmarks.inside`` in the benchmark's environment."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks import interpreter
from benchmarks.bench import Bench
from benchmarks.paths import ROOT


def run(bench: Bench, module: str, task: Mapping[str, Any]) -> Any:
    """Run the module with ``task`` on the server's core; return its output."""
    cores = ",".join(map(str, sorted(bench.cores.server)))
    words = ["taskset", "--cpu-list", cores, str(interpreter.python())]
    done = subprocess.run(
        [*words, "-m", f"benchmarks.inside.{module}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **bench.environment},
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
