"""Price of the change log's index for writers."""

from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

from benchmarks.memory_hits import declared, names
from benchmarks.memory_hits.plan import Plan
from benchmarks.stored import pgbench
from benchmarks.stored.declared import applied
from benchmarks.stored.server import Bench, run, settle

MODES = (names.NO_LOG, names.NO_INDEX, names.INDEX)
SCRIPT = "\\set id random(1, {users})\nUPDATE tb_user SET email = email WHERE id = :id;\n"


async def measure(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """Return a row for each mode, number of writers and round; modes take turns."""
    rows: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        urls = {}
        for number, mode in enumerate(MODES):
            urls[mode] = await stack.enter_async_context(bench.copy(f"memory_index_{number}"))
            await prepare(urls[mode], mode)
        for writers in plan.writers:
            load = pgbench.Load(SCRIPT.format(users=bench.plan.size.users), writers)
            for _ in range(plan.rounds):
                for mode, url in urls.items():
                    measured = await pgbench.measure(bench, url, load, plan.write_seconds)
                    rows.append({"mode": mode, "writers": writers, **asdict(measured)})
            rates = ", ".join(
                f"{row['mode']} {row['tps']:,.0f}" for row in rows if row["writers"] == writers
            )
            bench.say(f"{writers} writers per second: {rates}")
    return rows


async def prepare(url: str, mode: str) -> None:
    """Create the change log of a mode."""
    if mode != names.NO_LOG:
        await applied(url, declared.logged())
    if mode == names.NO_INDEX:
        await run(url, "DROP INDEX fraiseql.changes_xid, fraiseql.changes_floor_xid")
    await settle(url)
