"""Computations of one cold key with many concurrent callers."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from time import perf_counter
from typing import Any

from benchmarks.paths import ROOT
from benchmarks.result_cache import callers
from benchmarks.result_cache.names import ALONE, TOGETHER
from benchmarks.result_cache.plan import Plan
from benchmarks.stored import declared as stored_types
from benchmarks.stored.server import Bench, method, settle
from fraiseql.schema import build_schema

KIND = "cache-flight"


async def measure(bench: Bench, plan: Plan) -> tuple[dict[str, Any], Any]:
    """Return the method, and computations and seconds by way and round."""
    ways = (TOGETHER, ALONE)
    figures: dict[str, list[Any]] = {way: [] for way in ways}
    for _ in range(plan.rounds):
        for way in ways:
            figures[way].append(await _round(bench, plan, way))
    each = plan.callers // plan.processes
    how = {
        **method(bench),
        "callers": f"{each * plan.processes:,} in {plan.processes} processes, which have"
        f" {callers.CONNECTIONS} connections for the cache and as many for all else",
        "key": "one, of which nothing is stored; a new database for each round",
        "computing": callers.STATEMENT,
        TOGETHER: "requests to an application in each process, without a socket",
        ALONE: "the same store; who finds nothing computes and stores",
    }
    return how, figures


async def _round(bench: Bench, plan: Plan, way: str) -> dict[str, Any]:
    async with bench.copy("cache_flight") as url:
        await stored_types.applied(url, build_schema(queries=[callers.report]))
        await settle(url)
        each = plan.callers // plan.processes
        processes = [await _start(url, each, way) for _ in range(plan.processes)]
        try:
            counts = await _go(processes)
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    bench.say(f"{way}: computed {counts['computed']} times, {counts['seconds']:.2f} s")
    return counts


async def _start(url: str, each: int, way: str) -> Process:
    words = [sys.executable, "-m", "benchmarks.result_cache.callers", url, str(each), way]
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    await _line(process)
    return process


async def _go(processes: list[Process]) -> dict[str, Any]:
    started = perf_counter()
    for process in processes:
        if process.stdin is not None:
            process.stdin.write(b"go\n")
    said = [json.loads(await _line(process)) for process in processes]
    took = perf_counter() - started
    for process in processes:
        await process.wait()
    return {"computed": sum(counts["computed"] for counts in said), "seconds": took}


async def _line(process: Process) -> bytes:
    line = b"" if process.stdout is None else await process.stdout.readline()
    if not line:
        raise RuntimeError("A process of callers ended.")
    return line
