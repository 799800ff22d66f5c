"""Connection pool of the peers."""

import os
from typing import Any

import asyncpg

CONNECTIONS = 16


def url() -> str:
    """Return the runner's database address."""
    return os.environ["BENCH_DATABASE_URL"]


class Pool:
    """An asyncpg pool with a connection per client, opened at the first statement."""

    def __init__(self) -> None:
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run ``statement`` and return its rows."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                url(), min_size=1, max_size=CONNECTIONS, server_settings={"timezone": "UTC"}
            )
        return await self._pool.fetch(statement, *arguments)
