"""Lifecycle: starts the service once, by the server's lifespan or by the first request.

A mounted application is not told of the server's lifespan, hence the second way.
"""

import asyncio
from typing import Protocol

from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.http.asgi import Receive, Send


class Startable(Protocol):
    """What is started and stopped: the service of one application."""

    async def start(self) -> None:
        """Make ready to serve."""

    async def stop(self) -> None:
        """Give back everything that was opened."""


class Lifecycle:
    """Starts and stops one service, and what runs beside it.

    Args:
        service: What requests need.
        background: What they do not need: started after the service, stopped before it.

    Attributes:
        started: Whether requests can be served now.
    """

    def __init__(self, service: Startable, background: Startable | None = None) -> None:
        self.started = False
        self._background = background
        self._service = service
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the service unless it runs; many may ask at once, a failed start is tried again.

        Raises:
            FraiseQLError: What the service's own start raises.
        """
        if self._starting is None or self._starting.done():
            self._starting = asyncio.get_running_loop().create_task(self._start_all())
        # Shielded: the first client's leaving must not abort the start that others wait for.
        await asyncio.shield(self._starting)
        self.started = True

    async def stop(self) -> None:
        """Stop the service if it was started."""
        if self.started:
            self.started = False
            if self._background is not None:
                await self._background.stop()
            await self._service.stop()

    async def _start_all(self) -> None:
        await self._service.start()
        if self._background is not None:
            await self._background.start()

    async def run(self, receive: Receive, send: Send) -> None:
        """Follow the server's lifespan from its start-up to its shutdown."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if not await self._start_up(send):
                    return
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _start_up(self, send: Send) -> bool:
        try:
            await self.start()
        except FraiseQLError as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - an outermost gate: a server takes a raised
            # error for an application without lifespan, and would serve requests that fail.
            logger.critical("The application could not start.", exc_info=error)
            message = repr(error)
        else:
            await send({"type": "lifespan.startup.complete"})
            return True
        await send({"type": "lifespan.startup.failed", "message": message})
        return False
