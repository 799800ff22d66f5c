"""Soak of result caches: rounds of the snapshot oracle for as long as asked; see ``tests.soak``."""

import asyncio
import shutil
import tempfile
import time
from argparse import Namespace
from itertools import count, product
from pathlib import Path

from tests.integration.caching.results.oracle.cases import BLOG, OFFICE, Case
from tests.integration.caching.results.oracle.env import KINDS, Kind, opened, reset_database
from tests.integration.caching.results.oracle.rounds import Round, Running, Seen
from tests.integration.caching.upheaval.concurrent import Together
from tests.redis_server import RedisServer
from tests.soak_upheaval import ALL, upheaval_round


def soak_results(arguments: Namespace, addresses: dict[str, str], seconds: float) -> int:
    """Run rounds until the time is over or a hit is wrong; return the exit code."""
    end, hits = time.monotonic() + arguments.seconds, 0
    turns = list(product((BLOG, OFFICE, None), KINDS))
    lasting = min(seconds, arguments.seconds)
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as redis:
        for number in count():
            case, kind = turns[number % len(turns)]
            for server, url in addresses.items():
                if time.monotonic() >= end:
                    print(f"in all {hits} hits compared, 0 wrong", flush=True)
                    return 0
                chosen = Round(arguments.seed + number, lasting, 1)
                if case is None:
                    upheaval = Together(url, chosen.seed, ALL, kind, redis.url)
                    name = f"{server} all changes {kind} seed {chosen.seed}"
                    met = upheaval_round(upheaval, name, lasting)
                    hits, wrong = hits + met.outcomes["hit"], met.wrong
                else:
                    seen = asyncio.run(_round(url, redis.url, case, kind, chosen))
                    hits, wrong = hits + seen.outcomes["hit"], seen.wrong
                    print(f"{server} {case.name} {kind} seed {chosen.seed}: {seen.committed}"
                          f" committed, {dict(seen.outcomes)}, {len(wrong)} wrong",
                          *wrong[:5], sep="\n", flush=True)  # fmt: skip
                if wrong:
                    return 1
    raise AssertionError


async def _round(url: str, redis_url: str, case: Case, kind: Kind, chosen: Round) -> Seen:
    psql = shutil.which("psql")
    assert psql, "psql is not installed (Debian: postgresql-client)"
    await reset_database(url, case)
    async with opened(url, case, kind, redis_url) as env:
        return await Running(env, chosen, Path(psql)).run()
