"""Check: run every check that CI runs, then print one line for each and the total time.

`python scripts/check.py` runs all of CI's; names as arguments run those only. A check that passes
prints nothing but its line, except the test runners, which always print in full. Checks that
build run at the same time as pytest, whose tests often wait for servers; the others run two at a
time before it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"

COMPILES_AGAIN = "PYTHONDONTWRITEBYTECODE"
"""Container images set it; then each process that a test starts compiles the package again."""


@dataclass(frozen=True, slots=True)
class Check:
    """One command of the list.

    Attributes:
        name: What the command line calls it.
        command: Program and arguments.
        loud: Whether it prints in full even when it passes.
        builds: Whether it may run at the same time as pytest.
        extra: Whether it only runs when it is named.
    """

    name: str
    command: tuple[str, ...]
    loud: bool = False
    builds: bool = False
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended, and the seconds it took."""

    name: str
    passed: bool
    seconds: float


# A process that dies fails the test that it ran. Four on two cores, since tests also wait for
# clocks and children; three where the tests themselves load the machine.
RUN = ("python", "scripts/run_tests.py", "-q")
PYTEST = (*RUN, "-n4")

# One profile, so that the libraries are compiled once for both.
CARGO = ("--workspace", "--locked", "--profile=ci")

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
            *("cargo", "clippy", "--quiet", *CARGO, "--all-targets"),
            *("--", "-D", "warnings"),
        ),
        builds=True,
    ),
    Check(
        "cargo-test",
        # With the rules that the oracle of native hits leaves out, which a test runs.
        ("cargo", "test", "--quiet", *CARGO, "--features=fraiseql-runtime/mutants"),
        loud=True,
        builds=True,
    ),
    Check("stubtest", ("stubtest", "fraiseql_rs")),
    Check("reference", ("python", "scripts/write_reference.py", "--check")),
    Check("pytest", (*PYTEST, "--no-stress", "--durations=20"), loud=True),
    # `make check-rest`: the wheel, and the tests that the last one leaves out.
    Check("wheel", ("python", "scripts/try_wheel.py"), builds=True, extra=True),
    Check("pytest-rest", (*RUN, "-n3", "--server=rest"), loud=True, extra=True),
    # The same by PostgreSQL, for two machines; and shorter ones, for `make test`.
    Check("pytest-18", (*PYTEST, "--server=embedded"), loud=True, extra=True),
    Check("pytest-15", (*PYTEST, "--server=system", "--only-server"), loud=True, extra=True),
    Check("pytest-short", (*PYTEST, "--short"), loud=True, extra=True),
    Check("pytest-unit", ("pytest", "-q", "tests/architecture", "tests/unit"), extra=True),
)


def environment() -> Mapping[str, str]:
    """Return the environment of the checks: this Python's tools first, PyO3 bound to it."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    python = str(BIN / "python")
    variables = {name: text for name, text in os.environ.items() if name != COMPILES_AGAIN}
    return {**variables, "PATH": path, "PYO3_PYTHON": python, "MYPYPATH": str(ROOT / "python")}


def run(check: Check, *, concurrent: bool = False) -> Outcome:
    """Run one check; print its output if it failed or is loud, at its end if concurrent."""
    print(f"== {check.name}: {' '.join(check.command)}", flush=True)
    start = time.monotonic()
    streams = check.loud and not concurrent
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=environment(),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=None if streams else subprocess.PIPE,
        stderr=None if streams else subprocess.STDOUT,
    )
    if not streams and (done.returncode or check.loud):
        print(f"== {check.name} said:\n{done.stdout.decode(errors='replace')}", flush=True)
    return Outcome(check.name, done.returncode == 0, time.monotonic() - start)


def run_all(checks: list[Check]) -> list[Outcome]:
    """Run the quick checks, two at a time; then pytest, with those that build in another thread."""
    builds = [check for check in checks if check.builds]
    last = [check for check in checks if check.name.startswith("pytest")]
    if not last:
        builds = []
    with ThreadPoolExecutor(2) as threads:
        quick = [check for check in checks if check not in (*builds, *last)]
        outcomes = list(threads.map(partial(run, concurrent=True), quick))
    with ThreadPoolExecutor(1) as thread:
        builders = [thread.submit(run, check, concurrent=True) for check in builds]
        outcomes += [run(check) for check in last]
        return outcomes + [done.result() for done in builders]


def summary(outcomes: list[Outcome], total: float) -> str:
    """Return one line for each check and a last one with the total."""
    lines = [f"{'ok' if o.passed else 'FAILED':<7}{o.name:<14}{o.seconds:7.1f} s" for o in outcomes]
    failed = sum(not o.passed for o in outcomes)
    verdict = f"{failed} of {len(outcomes)} checks failed" if failed else "all checks passed"
    return "\n".join(["", *lines, f"{verdict}, {total:.1f} s in all"])


def main(names: list[str]) -> int:
    """Run the named checks, or all of them; return 1 when one failed."""
    known = {check.name: check for check in CHECKS}
    if unknown := [name for name in names if name not in known]:
        print(f"There is no check {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    start = time.monotonic()
    chosen = [known[name] for name in names] or [check for check in CHECKS if not check.extra]
    outcomes = run_all(chosen)
    print(summary(outcomes, time.monotonic() - start), flush=True)
    return int(any(not outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
