"""An apply killed at every step and statement is completed by the next apply."""

import subprocess
import sys

from fraiseql.database.embedded import EmbeddedServer
from tests.architecture.source_tree import ROOT


def test_killed_at_every_point_the_outcome_is_the_same(server: EmbeddedServer, url: str) -> None:
    program = "tests.integration.caching.ddl.killed_program"
    done = subprocess.run(
        [sys.executable, "-m", program, server.binaries, url],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    trials = [line.split() for line in done.stdout.splitlines()]
    assert [trial for trial in trials if trial[-1] != "True"] == []
    assert sum(trial[0] == "killed" for trial in trials) > 40
