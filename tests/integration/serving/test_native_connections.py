"""Connections of the native engine: faults are told, and clients that leave cost none."""

import asyncio
import logging
from typing import Any

import asyncpg
import pytest

from tests.integration.serving.native_answers import Answers
from tests.integration.serving.test_native_plans import BY_KEY, roads

ALLOW = "UPDATE pg_database SET datallowconn = $1 WHERE datname = current_database()"


async def ready(both: Answers) -> Any:
    return (await both.client.get("/ready")).json()


async def test_a_server_that_refuses_connections_is_told_once(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "fraiseql")
    connection = await asyncpg.connect(database)
    name = await connection.fetchval("SELECT current_database()")
    async with roads(database) as both:
        await both.first(BY_KEY, {"id": 1})
        assert await ready(both) == {"status": "ready"}
        await connection.execute(ALLOW, False)
        try:
            assert await both.native(both.post(BY_KEY, {"id": 1})) is None
            assert f'database "{name}" is not currently accepting connections' in str(
                both.engine.fault()
            )
            assert await ready(both) == {"status": "ready", "native": "not connected"}
            await asyncio.sleep(2.5)
        finally:
            await connection.execute(ALLOW, True)
        (record,) = [record for record in caplog.records if "cannot connect" in record.message]
        assert "Python answers all requests" in record.message
        for _ in range(100):
            await both.native(both.post(BY_KEY, {"id": 1}))
            if both.engine.fault() is None:
                break
            await asyncio.sleep(0.1)
        assert await ready(both) == {"status": "ready"}
        await asyncio.sleep(1.1)
        assert "connected to PostgreSQL again" in caplog.text
    await connection.close()
