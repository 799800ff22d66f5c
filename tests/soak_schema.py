"""Soak by schemathesis: operations made from the schema; see ``tests.soak``."""

import asyncio
import subprocess
import tempfile
from argparse import Namespace
from pathlib import Path

from tests.failure.traffic import complete
from tests.failure.traffic.application import TABLES
from tests.failure.traffic.clients import NOTES
from tests.failure.traffic.env import prepare, served

PROGRAM = Path(__file__).parent.parent / ".setup" / "soak" / "bin" / "schemathesis"


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
    applications = (
        ("complete", complete.TABLES, "{ __typename }"),
        ("application", TABLES, NOTES[0]),
    )
    for module, tables, query in applications:
        await prepare(url, folder, tables, module)
        async with served(url, folder, query) as (port, _):
            asking = await asyncio.to_thread(_run, port, max(1, seconds // 2), seed)
        print("\n".join(asking.stdout.splitlines()[-40:]), flush=True)
        if asking.returncode:
            return asking.returncode
    return 0


def _run(port: int, seconds: int, seed: int) -> subprocess.CompletedProcess[str]:
    words = ("run", f"http://127.0.0.1:{port}/graphql", "--checks", "not_a_server_error")
    more = ("--max-time", str(seconds), "--seed", str(seed), "--header", "x-tenant: t0")
    return subprocess.run(
        [PROGRAM, *words, *more, "--no-color"], capture_output=True, text=True, check=False
    )
