"""Periodic check whether roles, memberships or settings changed."""

import asyncio
from contextlib import suppress
from typing import Final

from fraiseql.database.pool import Pool
from fraiseql.errors import FraiseQLError

_PAUSE: Final = 2.0


class SessionMonitor:
    """Keeps connections equal to new ones after changes of roles and settings.

    PostgreSQL replans a statement when a privilege or a policy changes, but not when a membership
    or an attribute of a role does; and connections keep their initial settings.

    Args:
        pool: Connections that serve requests.
        pause: Seconds between two checks.
    """

    def __init__(self, pool: Pool, pause: float = _PAUSE) -> None:
        self._pool = pool
        self._pause = pause
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop checking."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            # A failed check is repeated next time; requests report their own errors.
            with suppress(FraiseQLError):
                await self._pool.check()
            await asyncio.sleep(self._pause)
