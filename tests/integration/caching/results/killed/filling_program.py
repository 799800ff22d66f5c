"""Fills a store until it is killed: started with an address, a store's name, and Redis'."""

import asyncio
import random
import sys
from contextlib import suppress

from fraiseql.errors import FraiseQLError
from tests.integration.caching.results.oracle.cases import BLOG
from tests.integration.caching.results.oracle.env import opened


async def main(url: str, kind: str, redis_url: str) -> None:
    async with opened(url, BLOG, kind, redis_url) as env:
        print("begun", flush=True)
        while True:
            # A TRUNCATE of several tables and an answer may wait for each other.
            with suppress(FraiseQLError):
                await env.fill(random.choice(BLOG.questions))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
