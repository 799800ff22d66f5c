"""Isolated: run a module of ``benchmarks.inside`` in the benchmark's own environment."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks import interpreter
from benchmarks.bench import Bench
from benchmarks.places import ROOT


def run(bench: Bench, module: str, given: Mapping[str, Any]) -> Any:
    """Give ``given`` to the module, which has the server's core, and return what it prints."""
    cores = ",".join(map(str, sorted(bench.cores.server)))
    words = ["taskset", "--cpu-list", cores, str(interpreter.python())]
    done = subprocess.run(
        [*words, "-m", f"benchmarks.inside.{module}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **bench.environment},
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
