"""Fills a store until it is killed: started with an address, a store's name, and Redis'."""

import asyncio
import random
import sys

from tests.integration.caching.results.oracle.cases import BLOG
from tests.integration.caching.results.oracle.ground import opened


async def main(url: str, kind: str, redis_url: str) -> None:
    async with opened(url, BLOG, kind, redis_url) as ground:
        print("begun", flush=True)
        while True:
            await ground.fill(random.choice(BLOG.questions))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
