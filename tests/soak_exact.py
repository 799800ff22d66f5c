"""Soak of hits from memory: two processes, writers, DDL, GRANT, crashes, promotions, clock steps.

Each process asks without HTTP, up to 256 requests at a time. Counters only grow: writers record
each acknowledged count in memory that all processes share, and an answer must have at least the
counts that were there before its request, and no more than the live answer a little later.

``python -m tests.soak_exact --seconds 600``; with ``--native`` the processes ask native servers;
with ``--mutant no_floor`` a rule is left out, which
must be found.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.settings import Settings
from tests.integration.caching.results.memory import test_memory_rules as rules
from tests.soak_exact_app import MUTANTS as NATIVE
from tests.soak_exact_board import Board
from tests.soak_exact_mischief import KEYS, TABLES, Mischief, compact_always
from tests.soak_exact_native import PATIENCE, NativeReader
from tests.soak_exact_reader import Reader, service_of
from tests.soak_exact_servers import Replacements, Servers

MUTANTS = {
    mutant.__name__: mutant
    for mutant in (
        rules.joins_a_check_already_sent,
        rules.born_noted_late,
        rules.no_floor,
        rules.no_fingerprint,
        rules.survives_its_connection,
    )
}
BETWEEN = {"clock": 7.0, "crash": 40.0, "promotion": 90.0}
"""Seconds between two steps of the clock, crashes and promotions."""


async def prepare(url: str, board: Board) -> None:
    """Create the tables, apply the declarations, and record the first counts."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(service_of(url).schema, pool)
        async with open_admin(pool) as writer:
            await apply(writer, desired)
    finally:
        await pool.close()
    for key in range(1, KEYS + 1):
        board.write(key, 1)
    board.redefine(1)


async def disturb(
    servers: Servers, board: Board, seconds: float, scale: float, done: Counter[str]
) -> None:
    """Write, redefine, revoke, cut, crash, promote, step and compact; count how often."""
    until = time.monotonic() + seconds
    between = {kind: each * scale for kind, each in BETWEEN.items()}
    await asyncio.gather(
        *(Mischief(servers.url, seed, board, done).run(until) for seed in (1, 2)),
        Replacements(servers, 3, between, done).run(until),
        compact_always(servers.url, until),
    )


def read(chosen: argparse.Namespace) -> int:
    """Be one of the processes."""
    logging.disable(logging.CRITICAL)
    url, number, path = chosen.reader
    seed, board = int(number), Board(Path(path), KEYS)
    reader: Reader | NativeReader
    with pytest.MonkeyPatch.context() as patch:
        if chosen.native:
            reader = NativeReader(url, seed, board, chosen.mutant)
        else:
            if chosen.mutant:
                MUTANTS[chosen.mutant](patch)
            reader = Reader(url, seed, board)
        asyncio.run(reader.read(chosen.seconds))
    judge = reader.judge
    cpu = round(time.process_time())
    result = {
        "judged": judge.judged,
        "cpu_seconds": cpu,
        "errors": reader.errors,
        "wrong": judge.wrong[:3],
    }
    print(json.dumps(result), flush=True)
    return len(judge.wrong)


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_exact", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument(
        "--mutant", choices=[*MUTANTS, *NATIVE], default="", help="leave a rule out"
    )
    parser.add_argument("--native", action="store_true", help="ask native servers, over HTTP")
    parser.add_argument("--scale", type=float, default=1.0, help="of the time between crashes")
    parser.add_argument("--reader", nargs=3, metavar=("URL", "SEED", "BOARD"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak; return the number of processes that had wrong answers."""
    chosen = options(arguments)
    if chosen.reader:
        return read(chosen)
    with tempfile.TemporaryDirectory(prefix="soak") as directory:
        return asyncio.run(soak(Path(directory), chosen))


async def soak(directory: Path, chosen: argparse.Namespace) -> int:
    """Run readers and mischief; return the number of readers that had wrong answers."""
    path, done = directory / "board", Counter[str]()
    board = Board(path, KEYS)
    servers = Servers(directory, board)
    readers: list[asyncio.subprocess.Process] = []
    try:
        await prepare(servers.url, board)
        words = ["-m", "tests.soak_exact", "--seconds", str(chosen.seconds)]
        words += ["--mutant", chosen.mutant] if chosen.mutant else []
        words += ["--native"] if chosen.native else []
        for seed in ("11", "12"):
            more = ["--reader", servers.url, seed, str(path)]
            readers.append(await asyncio.create_subprocess_exec(sys.executable, *words, *more))
        # Native servers begin later; the mischief ends with the last reader.
        longest = chosen.seconds + (PATIENCE if chosen.native else 0.0)
        harm = asyncio.create_task(disturb(servers, board, longest, chosen.scale, done))
        await _until_one_is_wrong(readers, harm)
    finally:
        for reader in readers:
            if reader.returncode is None:
                await _end(reader)
        await servers.close()
    clock = "" if servers.clock.available else "; no C compiler, so no steps of the clock"
    print(f"{dict(done)}{clock}", flush=True)
    return sum(reader.returncode != 0 for reader in readers)


async def _end(reader: asyncio.subprocess.Process) -> None:
    """End a reader, which ends the native server that it started."""
    reader.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(reader.wait(), PATIENCE)
    except TimeoutError:
        reader.kill()
        await reader.wait()


async def _until_one_is_wrong(
    readers: Sequence[asyncio.subprocess.Process], harm: asyncio.Task[None]
) -> None:
    """Wait for all, or until a reader ends with an error; end the mischief then."""
    left = {asyncio.create_task(reader.wait()) for reader in readers}
    try:
        while left:
            ended, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            if any(task.result() for task in ended):
                return
        if harm.done():
            await harm
    finally:
        for task in (*left, harm):
            task.cancel()
        await asyncio.wait([*left, harm])


if __name__ == "__main__":
    sys.exit(main())
