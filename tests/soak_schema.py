"""Soak by schemathesis: operations made from the schema; see ``tests.soak``."""

import asyncio
import os
import subprocess
import tempfile
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Final

from tests.failure.traffic import complete
from tests.failure.traffic.application import TABLES
from tests.failure.traffic.clients import NOTES
from tests.failure.traffic.env import prepare, served

PROGRAM = Path(__file__).parent.parent / ".setup" / "soak" / "bin" / "schemathesis"
OF_CLIENTS: Final = (
    "BAD_CURSOR",
    "BAD_REQUEST",
    "BAD_USER_INPUT",
    "CHECK_VIOLATION",
    "EXCLUSION_VIOLATION",
    "FORBIDDEN",
    "FOREIGN_KEY_VIOLATION",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "NOT_NULL_VIOLATION",
    "ROW_NOT_FOUND",
    "TOO_COMPLEX",
    "TOO_MANY_ALIASES",
    "TOO_MANY_ROWS",
    "UNIQUE_VIOLATION",
    "VALUE_TOO_LONG",
    "WHERE_EMPTY",
)
"""Codes of errors that the operation causes. Its own check takes some of them for the server's."""

CHECK: Final = f"""
import schemathesis

OF_CLIENTS = {OF_CLIENTS!r}

@schemathesis.check
def no_fault(ctx, response, case):
    errors = response.json().get("errors", [])
    codes = [error["extensions"]["code"] for error in errors]
    with open("answers", "a") as file:
        print(response.status_code, *sorted(set(codes)), file=file)
    faults = [error for error in errors if error["extensions"]["code"] not in OF_CLIENTS]
    assert response.status_code < 500 and not faults, faults
"""
"""Check in the program's own environment: neither a status of 5xx nor another code."""


def soak_schema(arguments: Namespace, addresses: dict[str, str]) -> int:
    """Let it ask the program on each server for its share of the time; return the exit code."""
    if not PROGRAM.exists():
        print("NOT DONE: schemathesis is not installed (make .setup/soak)", flush=True)
        return 2
    seconds = max(1, round(arguments.seconds / len(addresses)))
    for server, url in addresses.items():
        with tempfile.TemporaryDirectory() as folder:
            code = asyncio.run(_run_server(url, Path(folder), seconds, arguments.seed))
        print(f"{server} schemathesis seed {arguments.seed}: exit {code}", flush=True)
        if code:
            return code
    return 0


async def _run_server(url: str, folder: Path, seconds: int, seed: int) -> int:
    """Let it ask an application with every form of read and write, then the hostile one."""
    (folder / "no_fault.py").write_text(CHECK)
    applications = (
        ("complete", complete.TABLES, "{ __typename }"),
        ("application", TABLES, NOTES[0]),
    )
    for module, tables, query in applications:
        await prepare(url, folder, tables, module)
        (folder / "answers").write_text("")
        async with served(url, folder, query) as (port, _):
            asking = await asyncio.to_thread(_run, folder, port, max(1, seconds // 2), seed)
        lines = asking.stdout.splitlines()
        # Faults are shown whole.
        print("\n".join(lines if asking.returncode else lines[-12:]), asking.stderr, flush=True)
        print(f"{module}: {_counts(folder / 'answers')}", flush=True)
        if asking.returncode:
            return asking.returncode
    return 0


def _counts(answers: Path) -> str:
    """Return how many answers had which status and codes."""
    lines = answers.read_text().splitlines()
    kinds = ", ".join(f"{count} of {kind}" for kind, count in Counter(lines).most_common())
    return f"{len(lines)} answers: {kinds}"


def _run(folder: Path, port: int, seconds: int, seed: int) -> subprocess.CompletedProcess[str]:
    words = ("run", f"http://127.0.0.1:{port}/graphql", "--checks", "no_fault", "--no-color")
    more = ("--max-time", str(seconds), "--seed", str(seed), "--header", "x-tenant: t0")
    # A busy machine makes operations slowly, which is no fault of the application.
    slow = ("--suppress-health-check", "too_slow")
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "no_fault", "PYTHONPATH": str(folder)}
    return subprocess.run(
        [PROGRAM, *words, *more, *slow],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
