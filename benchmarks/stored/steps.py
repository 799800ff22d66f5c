"""Measurements of stored documents, each with its own result."""

import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from benchmarks import machine, result
from benchmarks.stored import indexes, reads, refresh, server, writes
from benchmarks.stored.plan import FULL, QUICK
from benchmarks.stored.server import Bench

Measure = Callable[[Bench], Awaitable[tuple[dict[str, Any], Any]]]
_MODULES: tuple[ModuleType, ...] = (reads, writes, refresh, indexes)
STEPS: Mapping[str, Measure] = {module.KIND: module.measure for module in _MODULES}


async def run(names: Collection[str], *, quick: bool) -> None:
    """Run the steps called ``names``, in order, and write their results."""
    async with server.bench(QUICK if quick else FULL) as bench:
        print(f"  PostgreSQL {bench.database.version}, embedded", flush=True)
        with on(bench.cores.server):
            for name in names:
                started = time.monotonic()
                print(name, flush=True)
                method, figures = await STEPS[name](bench)
                about = machine.own_description(bench.database.version)
                result.save(name, about, method, figures, quick=quick)
                print(f"  {time.monotonic() - started:.0f} s", flush=True)


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Pin this process to ``cores`` while the block runs."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
