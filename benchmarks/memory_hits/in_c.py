"""Reads by key of clients in C, with the statement of the live answer."""

from dataclasses import replace
from typing import Any

from benchmarks.memory_hits import names
from benchmarks.memory_hits.declared import Stored
from benchmarks.memory_hits.environment import Run
from benchmarks.memory_hits.in_process import asked, service
from benchmarks.stored import pgbench
from benchmarks.stored.served import as_load, statement


async def measure(run: Run) -> list[dict[str, Any]]:
    """Return a row for each number of clients and round of pgbench."""
    async with service(run, Stored(None)) as live:
        load = as_load(await statement(live, asked(run)), run.plan.keys)
    rows = []
    for clients in sorted({*run.plan.clients, 16}):
        for _ in range(run.plan.rounds):
            measured = await pgbench.measure(
                run.bench, run.url, replace(load, clients=clients), run.plan.seconds
            )
            rows.append(_row(clients, measured))
    rates = ", ".join(f"{row['clients']} clients {row['per_second']:,.0f}/s" for row in rows)
    run.bench.say(f"{names.PGBENCH}: {rates}")
    return rows


def _row(clients: int, measured: pgbench.Round) -> dict[str, Any]:
    return {
        "way": names.PGBENCH,
        "clients": clients,
        "writers": names.IDLE,
        "per_second": measured.tps,
        "p50_ms": measured.ms,
        "postgres_us": measured.postgres_ms * 1e3,
        "foreign": measured.foreign,
    }
