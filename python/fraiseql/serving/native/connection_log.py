"""Log of whether the native engine can connect to PostgreSQL."""

import asyncio
from collections.abc import Callable
from typing import Final

from fraiseql.events import logger

_PAUSE: Final = 1.0


class ConnectionLog:
    """Says once when the engine cannot connect, and once when it can again.

    Args:
        fault: Returns why the engine cannot connect; None while it can.
        pause: Seconds between two looks.
    """

    def __init__(self, fault: Callable[[], str | None], pause: float = _PAUSE) -> None:
        self._fault = fault
        self._pause = pause
        self._failed = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Stop looking."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(self._pause)

    def _look(self) -> None:
        fault = self._fault()
        if fault is not None and not self._failed:
            logger.warning(
                "The native server cannot connect to PostgreSQL: %s. Python answers all requests"
                " meanwhile, and requests make it try again. Check that PostgreSQL runs, and with"
                " `fraiseql doctor` that max_connections suffices.",
                fault,
            )
        elif fault is None and self._failed:
            logger.warning("The native server is connected to PostgreSQL again.")
        self._failed = fault is not None
