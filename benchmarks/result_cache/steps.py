"""Measurements of result caches, each with its own result."""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import ModuleType
from typing import Any

from benchmarks import machine, result
from benchmarks.memory_hits import step as memory_hits
from benchmarks.result_cache import answers, coalescing, redis_server, ring, writers
from benchmarks.result_cache.plan import FULL, QUICK, Plan
from benchmarks.roads import step as roads
from benchmarks.stored import plan as stored_plan
from benchmarks.stored import server
from benchmarks.stored.server import Bench
from benchmarks.stored.steps import on

Measure = Callable[[Bench, Plan], Awaitable[tuple[dict[str, Any], Any]]]
_MODULES: tuple[ModuleType, ...] = (answers, memory_hits, writers, coalescing, ring, roads)
STEPS: Mapping[str, Measure] = {module.KIND: module.measure for module in _MODULES}


async def run(names: Collection[str], *, quick: bool) -> None:
    """Run the steps called ``names``, in order, and write their results."""
    plan = QUICK if quick else FULL
    async with server.bench(stored_plan.QUICK if quick else stored_plan.FULL) as bench:
        print(f"  PostgreSQL {bench.database.version}, embedded", flush=True)
        with on(bench.cores.server):
            for name in names:
                started = time.monotonic()
                print(name, flush=True)
                method, figures = await STEPS[name](bench, plan)
                about = machine.own_description(bench.database.version)
                about["packages"] |= redis_server.versions()
                result.save(name, about, method, figures, quick=quick)
                print(f"  {time.monotonic() - started:.0f} s", flush=True)
