"""Database of the peers: the pool that each application opens when it starts."""

import os
from typing import Any

import asyncpg

CONNECTIONS = 16


def url() -> str:
    """Return the address that the runner gives to every application."""
    return os.environ["BENCH_DATABASE_URL"]


class Pool:
    """An asyncpg pool that opens at the first statement, as large as there are clients."""

    def __init__(self) -> None:
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run ``statement`` and return its rows."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                url(), min_size=1, max_size=CONNECTIONS, server_settings={"timezone": "UTC"}
            )
        return await self._pool.fetch(statement, *arguments)
