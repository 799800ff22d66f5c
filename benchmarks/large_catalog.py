"""Time to load a catalog of 5,000 relations: ``python -m benchmarks.large_catalog``.

Prints the seconds of a load of all of them by the clock, and the longest pause of the event loop
in it, for three loads of an embedded server's tables.
"""

import asyncio
import gc
import tempfile
from pathlib import Path
from time import perf_counter

import asyncpg

from fraiseql.catalog.load import load_catalog
from fraiseql.database import open_pool
from fraiseql.database.embedded import start_embedded
from fraiseql.settings import Settings

TABLES = 5_000
LOADS = 3

_TABLES = """
DO $$ BEGIN FOR n IN {first}..{last} LOOP EXECUTE format(
  'CREATE TABLE t%1$s (id int PRIMARY KEY, a text NOT NULL, b text UNIQUE, c int, d numeric,'
  ' e timestamptz, f jsonb, g text[], t_id int REFERENCES t%1$s (id));'
  'CREATE INDEX ON t%1$s (t_id); COMMENT ON TABLE t%1$s IS ''number %1$s''', n);
END LOOP; END $$
"""


async def make_tables(url: str) -> None:
    """Make the tables, some hundreds in a transaction, since each takes locks."""
    connection = await asyncpg.connect(url)
    try:
        for first in range(1, TABLES + 1, 250):
            await connection.execute(_TABLES.format(first=first, last=first + 249))
        await connection.execute("ANALYZE pg_catalog.pg_attribute")
    finally:
        await connection.close()


async def longest_pause(running: asyncio.Task[object]) -> float:
    """Return the longest time between two turns of the loop until a task ends."""
    longest, before = 0.0, perf_counter()
    while not running.done():
        await asyncio.sleep(0.001)
        longest, before = max(longest, perf_counter() - before), perf_counter()
    return longest


async def main() -> None:
    """Make the tables, and load them."""
    with (
        tempfile.TemporaryDirectory(prefix="fraiseql-catalog-") as folder,
        start_embedded(Path(folder) / "data", durable=False) as server,
    ):
        await make_tables(server.url)
        pool = await open_pool(server.url, Settings())
        # As `fraiseql serve` after its start.
        gc.collect()
        gc.freeze()
        for _ in range(LOADS):
            start = perf_counter()
            load = asyncio.create_task(load_catalog(pool, [f"t{n}" for n in range(1, TABLES + 1)]))
            pause = await longest_pause(load)
            taken, count = perf_counter() - start, len((await load).relations)
            print(f"{count:,} relations: {taken:.2f} s, longest pause {pause * 1e3:.0f} ms")
        await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
