"""Writers beside the readers, at a fixed rate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.memory_hits.environment import Run
from benchmarks.memory_hits.names import IDLE, OTHER, SAME
from benchmarks.stored import pgbench
from benchmarks.stored.server import Bench, fetch

CLIENTS = 4
_BEFORE = 2
"""Seconds in which writers start and end around the readers."""
_SCRIPTS = {
    SAME: "UPDATE tb_user SET email = email WHERE id = :id;\n",
    OTHER: "UPDATE tb_comment SET likes = likes + 1 WHERE id = :id;\n",
}
_WRITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'"


@dataclass(slots=True)
class Written:
    """Transactions per second of the writers; 0 until they have ended."""

    tps: float = 0.0


def load(bench: Bench, table: str) -> pgbench.Load:
    """Return transactions that each update a row of users, or of comments."""
    drawn = f"\\set id random(1, {bench.plan.size.users})\n"
    return pgbench.Load(drawn + _SCRIPTS[table], CLIENTS)


@asynccontextmanager
async def beside(run: Run, table: str) -> AsyncIterator[Written]:
    """Write to a table while the block runs, which takes as long as a round."""
    written = Written()
    if table == IDLE:
        yield written
        return
    plan, script = run.plan, load(run.bench, table)
    writer = asyncio.create_task(
        pgbench.run_at(run.bench, run.url, script, plan.seconds + _BEFORE, plan.rate)
    )
    try:
        await _begun(run, writer)
        yield written
        written.tps = (await writer).tps
    finally:
        writer.cancel()
        await asyncio.wait([writer])


async def _begun(run: Run, writer: asyncio.Task[pgbench.Round]) -> None:
    """Wait until the writers are connected, or have failed."""
    while not writer.done():
        if (await fetch(run.url, _WRITING))[0][0] == CLIENTS:
            return
        await asyncio.wait([writer], timeout=0.02)
