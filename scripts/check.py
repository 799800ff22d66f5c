"""Check: run every check that CI runs, then print one line for each and the total time.

`python scripts/check.py` runs all; names as arguments run those only. A check that passes prints
nothing but its line, except the test runners, which always print in full.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
PYTHON_PATHS = ["python", "tests", "scripts", "benchmarks", "examples"]


@dataclass(frozen=True, slots=True)
class Check:
    """One command of the list; `loud` ones print in full even when they pass."""

    name: str
    command: tuple[str, ...]
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended, and the seconds it took."""

    name: str
    passed: bool
    seconds: float


CHECKS = (
    Check("ruff-format", ("ruff", "format", "--check", "--quiet", ".")),
    Check("ruff", ("ruff", "check", "--quiet", ".")),
    Check("mypy", ("mypy",)),
    # Its cache takes a module that came later than its importers for one that is not there.
    Check("layers", ("lint-imports", "--no-cache")),
    Check("prose", ("python", "scripts/prose.py")),
    Check("cargo-fmt", ("cargo", "fmt", "--all", "--check")),
    Check(
        "clippy",
        (
            "cargo",
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ),
    ),
    Check("cargo-test", ("cargo", "test", "--quiet", "--workspace", "--locked"), loud=True),
    Check("stubtest", ("stubtest", "fraiseql_rs")),
    Check("reference", ("python", "scripts/write_reference.py", "--check")),
    Check("wheel", ("python", "scripts/try_wheel.py")),
    # Most tests wait for a server. A file is one process's, since its tests share a database; a
    # process that dies fails the test that it ran.
    Check("pytest", ("pytest", "-q", "-n2", "--dist=loadfile", "--durations=20"), loud=True),
)


def environment() -> Mapping[str, str]:
    """Return the environment of the checks: this Python's tools first, PyO3 bound to it."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    python = str(BIN / "python")
    return {**os.environ, "PATH": path, "PYO3_PYTHON": python, "MYPYPATH": str(ROOT / "python")}


def run(check: Check) -> Outcome:
    """Run one check and print what it says when that matters."""
    print(f"== {check.name}: {' '.join(check.command)}", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=environment(),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=None if check.loud else subprocess.PIPE,
        stderr=None if check.loud else subprocess.STDOUT,
    )
    if done.returncode and not check.loud:
        print(done.stdout.decode(errors="replace"), flush=True)
    return Outcome(check.name, done.returncode == 0, time.monotonic() - start)


def summary(outcomes: list[Outcome]) -> str:
    """Return one line for each check and a last one with the total."""
    lines = [f"{'ok' if o.passed else 'FAILED':<7}{o.name:<14}{o.seconds:7.1f} s" for o in outcomes]
    failed = sum(not o.passed for o in outcomes)
    total = sum(o.seconds for o in outcomes)
    verdict = f"{failed} of {len(outcomes)} checks failed" if failed else "all checks passed"
    return "\n".join(["", *lines, f"{verdict}, {total:.1f} s in all"])


def main(names: list[str]) -> int:
    """Run the named checks, or all of them; return 1 when one failed."""
    known = {check.name: check for check in CHECKS}
    if unknown := [name for name in names if name not in known]:
        print(f"There is no check {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    outcomes = [run(known[name]) for name in names or known]
    print(summary(outcomes), flush=True)
    return int(any(not outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
