"""Test run: pytest, and once more the few tests that failed.

A test that fails beside others and passes alone is a fault of the test: the last line names it. A
test that compares answers is never run again, since a wrong answer may be seen once.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FAILED: Final = Path(".pytest_cache/v/cache/lastfailed")
MOST: Final = 4
"""More failed tests than these have a common cause."""

JUDGES: Final = (
    "tests/architecture/",
    "tests/property/",
    "tests/unit/",
    "/mutants/",
    "/memory/",
    "/oracle/",
    "/privileges/",
    "/recorded/",
    "/schedules/",
    "/storm",
    "/tenants/",
    "/upheaval/",
    "interleavings",
    "test_oracle",
)
"""Tests whose failure may be a wrong answer, or that have no other process to wait for."""


def main(arguments: Sequence[str]) -> int:
    """Run pytest with the arguments; return its exit code, 0 where all passed the second time."""
    # What an interrupted run left is not of this one.
    FAILED.unlink(missing_ok=True)
    code = subprocess.call(["pytest", *arguments])
    names = failed_tests() if code == 1 else []
    if not may_run_again(names):
        return code
    print(f"== again, alone: {len(names)} of the tests failed", flush=True)
    code = subprocess.call(["pytest", "-q", "--server=both", *names])
    verdict = "failed twice" if code else "PASSED ONLY ALONE, which is a fault to be mended"
    print(f"== {verdict}: {' '.join(names)}", flush=True)
    return code


def failed_tests() -> list[str]:
    """Return the names of the tests that failed, as pytest kept them."""
    return list(json.loads(FAILED.read_text())) if FAILED.exists() else []


def may_run_again(names: Sequence[str]) -> bool:
    """Whether tests failed that other load on the machine may have disturbed."""
    few = 0 < len(names) <= MOST
    return few and not any(part in name for name in names for part in JUDGES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
