"""Soak of applications: rounds of the upheaval for as long as asked; see ``tests.soak``."""

import asyncio
import time
from argparse import Namespace
from collections import Counter
from itertools import count

from tests.integration.caching.upheaval.actors import ACTORS
from tests.integration.caching.upheaval.rounds import DEPLOY, Upheaval


def soak_upheaval(asked: Namespace, addresses: dict[str, str], seconds: float) -> int:
    """Run rounds until the time is over or an answer is wrong; return the exit code."""
    end, total = time.monotonic() + asked.seconds, Counter[str]()
    actors = asked.actors.split(",") if asked.actors else {*ACTORS, DEPLOY}
    for seed in count(asked.seed):
        for server, url in addresses.items():
            if time.monotonic() >= end:
                print(f"in all {dict(total)}, 0 wrong", flush=True)
                return 0
            seen = asyncio.run(Upheaval(url, seed, actors).run(min(seconds, asked.seconds)))
            total.update({"comparisons": seen.comparisons, "hits": seen.outcomes["hit"]})
            total.update(seen.changes)
            print(f"{server} upheaval seed {seed}: {dict(seen.changes)}, {dict(seen.outcomes)},"
                  f" {seen.comparisons} comparisons,"
                  f" {len(seen.wrong)} wrong", flush=True)  # fmt: skip
            if seen.wrong:
                print("\n".join(seen.wrong[:5]), flush=True)
                return 1
    raise AssertionError
