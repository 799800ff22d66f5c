"""Types of declarations in mypy and pyright."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAMPLE = HERE / "sample.py"
PACKAGE = HERE.parents[1] / "python"
# The package from the registry brings pyright's program; it must not look for a newer one.
ENVIRONMENT = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "MYPYPATH": str(PACKAGE)}


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=HERE,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.stdout


def expected_lines() -> set[int]:
    lines = SAMPLE.read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if "# expect: " in line}


def test_the_sample_has_mistakes_to_find() -> None:
    assert len(expected_lines()) == 18


def test_mypy_strict_flags_the_mistakes_and_nothing_else() -> None:
    out = run("mypy", "--strict", "--config-file=", "--no-error-summary", SAMPLE.name)
    flagged = {int(line) for line in re.findall(r"^sample\.py:(\d+): error", out, re.MULTILINE)}
    assert flagged == expected_lines(), out


@pytest.mark.skipif(shutil.which("node") is None, reason="pyright runs on node")
def test_pyright_strict_flags_the_mistakes_and_nothing_else() -> None:
    out = run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", ".")
    diagnostics = json.loads(out)["generalDiagnostics"]
    errors = [entry for entry in diagnostics if entry["severity"] == "error"]
    assert {Path(entry["file"]).name for entry in errors} == {SAMPLE.name}, out
    flagged = {entry["range"]["start"]["line"] + 1 for entry in errors}
    assert flagged == expected_lines(), out
