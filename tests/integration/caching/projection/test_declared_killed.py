"""Readers see correct documents after an apply is killed at any step."""

import subprocess
import sys

from fraiseql.database.embedded import EmbeddedServer
from tests.architecture.source_tree import ROOT


def test_killed_anywhere_nothing_is_misled_and_the_next_apply_ends_it(
    server: EmbeddedServer, database: str
) -> None:
    program = "tests.integration.caching.projection.declared_killed_program"
    done = subprocess.run(
        [sys.executable, "-m", program, server.binaries, database],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    trials = [line.split() for line in done.stdout.splitlines()]
    assert [trial for trial in trials if trial[-2:] != ["True", "True"]] == []
    assert sum(trial[0] == "killed" for trial in trials) > 9
