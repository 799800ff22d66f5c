"""The worker with asynchronous projections: quiet if nothing is applied."""

import asyncio
from pathlib import Path

from fraiseql.caching.refresh.worker import Worker
from fraiseql.settings import Settings
from tests.integration.caching.ddl.env import applied, schema_of, sql
from tests.integration.caching.projection.declared import Person, drift, region, reset_database

Region = region(mode="async")


async def test_it_has_nothing_to_say_where_nothing_is_applied(
    database: str, server_log: Path
) -> None:
    await reset_database(database)
    before = len(await asyncio.to_thread(server_log.read_bytes))
    worker = Worker(schema_of(Region), Settings(database_url=database))
    await worker.start()
    await asyncio.sleep(1)
    await worker.stop()
    assert b"ERROR" not in (await asyncio.to_thread(server_log.read_bytes))[before:]


async def test_it_drains_what_is_applied(database: str) -> None:
    await reset_database(database)
    await applied(database, Region, Person)
    worker = Worker(schema_of(Region, Person), Settings(database_url=database))
    await worker.start()
    try:
        await sql(database, "UPDATE tb_team SET name = 'new' WHERE country = 'no'")
        async with asyncio.timeout(30):
            while await drift(database, Region):
                pass
    finally:
        await worker.stop()
