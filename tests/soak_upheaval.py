"""Soak of applications: rounds of the upheaval for as long as asked; see ``tests.soak``."""

import asyncio
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable
from itertools import count, product
from pathlib import Path

from tests.integration.caching.results.oracle.env import KINDS
from tests.integration.caching.upheaval.actors import ACTORS
from tests.integration.caching.upheaval.concurrent import Together
from tests.integration.caching.upheaval.rounds import DEPLOY, Seen, Upheaval
from tests.redis_server import RedisServer

ALL = frozenset({*ACTORS, DEPLOY})
TURNS = tuple(product((Upheaval, Together), KINDS))
"""Changes one by one, or while others write and ask; each with every store."""


def upheaval_round(upheaval: Upheaval, name: str, seconds: float) -> Seen:
    """Run one round, and print what it met."""
    seen = asyncio.run(upheaval.run(seconds))
    print(f"{name}: {dict(seen.changes)}, {dict(seen.outcomes)}, {seen.comparisons} comparisons,"
          f" {seen.unsure} unsure, {len(seen.wrong)} wrong", flush=True)  # fmt: skip
    if seen.wrong:
        print("\n".join(seen.wrong[:5]), flush=True)
    return seen


def soak_upheaval(arguments: Namespace, addresses: dict[str, str], seconds: float) -> int:
    """Run rounds until the time is over or an answer is wrong; return the exit code."""
    end, total = time.monotonic() + arguments.seconds, Counter[str]()
    actors: Iterable[str] = arguments.actors.split(",") if arguments.actors else ALL
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as redis:
        for seed in count(arguments.seed):
            kind, store = TURNS[seed % len(TURNS)]
            for server, url in addresses.items():
                if time.monotonic() >= end:
                    print(f"in all {dict(total)}, 0 wrong", flush=True)
                    return 0
                upheaval = kind(url, seed, actors, store, redis.url)
                name = f"{server} {kind.__name__} {store} seed {seed}"
                seen = upheaval_round(upheaval, name, min(seconds, arguments.seconds))
                total.update({"comparisons": seen.comparisons, "hits": seen.outcomes["hit"]})
                total.update(seen.changes)
                if seen.wrong:
                    return 1
    raise AssertionError
