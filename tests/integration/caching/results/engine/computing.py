"""Computing: a process of its own that asks for one key; run by tests as a program.

``python -m tests.integration.caching.results.engine.computing URL CALLERS SECONDS``
"""

import asyncio
import sys

import asyncpg

from fraiseql.results import ComputedValue
from tests.integration.caching.results.engine.cache_fixture import cache_fixture, value_of


async def main(url: str, callers: int, seconds: float) -> None:
    """Ask with many callers for what takes long to compute; each computation leaves a row."""

    async def compute() -> ComputedValue:
        connection = await asyncpg.connect(url)
        await connection.execute("INSERT INTO computations DEFAULT VALUES")
        await connection.close()
        print("computing", flush=True)
        await asyncio.sleep(seconds)
        return await here.read()

    async with cache_fixture(url) as here:
        cached = here.cached(text=b"processes")
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        answers = await asyncio.gather(*(here.ask(cached, compute) for _ in range(callers)))
        await here.settled()
    values = {value_of(answer) for answer in answers}
    print(f"answered {len(answers)} {len(values)}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
