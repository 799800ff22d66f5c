"""Run the benchmark: ``python -m benchmarks [--quick] [data|transform|serving|stored|cache|…]``.

``stored`` runs every measurement of stored documents, ``stored-reads`` and so on only one;
``cache`` runs those of result caches. ``peers`` compares features with Strawberry and PostGraphile;
only by name.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from benchmarks import first_sight, interpreter, memory, postgres, report, serving, transform
from benchmarks.bench import Bench
from benchmarks.features import step as features
from benchmarks.plan import FULL_PLAN, QUICK_PLAN, Plan
from benchmarks.processes import Cores
from benchmarks.result_cache import steps as cache
from benchmarks.stored import steps as stored

GROUPS = {"stored": tuple(stored.STEPS), "cache": tuple(cache.STEPS)}
STEPS: Mapping[str, Callable[[Bench], Awaitable[None]]] = {
    "transform": transform.run,
    "serving": serving.run,
    "first-sight": first_sight.run,
    "memory": memory.run,
}
NAMED: Mapping[str, Callable[[Bench], Awaitable[None]]] = {"peers": features.run}
"""Steps on the same server that run only when they are named."""
ALL = (*stored.STEPS, *cache.STEPS)
"""Steps with a server of their own."""


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "steps",
        nargs="*",
        metavar="STEP",
        help=f"{', '.join(('data', *STEPS, *NAMED, *ALL, *GROUPS))}, report; all if none",
    )
    parser.add_argument("--quick", action="store_true", help="little data, short rounds: < 2 min")
    parsed = parser.parse_args()
    for group, names in GROUPS.items():
        parsed.steps += names if group in parsed.steps else ()
    if unknown := set(parsed.steps) - {*STEPS, *NAMED, *ALL, *GROUPS, "data", "report"}:
        parser.error(f"there is no step {', '.join(sorted(unknown))}")
    return parsed


async def measure(steps: list[str], plan: Plan) -> None:
    """Prepare environment and data, then run ``steps`` in order."""
    print("environment", flush=True)
    interpreter.ensure()
    print("data", flush=True)
    async with postgres.database(plan.size) as database:
        print(f"  PostgreSQL {database.version}, embedded", flush=True)
        bench = Bench(plan, database, Cores.split())
        database.pin(set(bench.cores.others))
        for name, step in (*STEPS.items(), *NAMED.items()):
            if name in steps:
                started = time.monotonic()
                print(name, flush=True)
                await step(bench)
                print(f"  {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    """Run the chosen steps, then print the report."""
    options = arguments()
    if sys.platform != "linux":
        sys.exit("The benchmark reads processor time and memory from /proc: it runs on Linux only.")
    plan = QUICK_PLAN if options.quick else FULL_PLAN
    steps = options.steps or [*STEPS, *ALL, "report"]
    if {"data", *STEPS, *NAMED} & set(steps):
        asyncio.run(measure(steps, plan))
    if chosen := [name for name in stored.STEPS if name in steps]:
        print("stored documents", flush=True)
        asyncio.run(stored.run(chosen, quick=options.quick))
    if chosen := [name for name in cache.STEPS if name in steps]:
        print("result caches", flush=True)
        asyncio.run(cache.run(chosen, quick=options.quick))
    report.run(quick=options.quick, write="report" in steps and not options.quick)


if __name__ == "__main__":
    main()
