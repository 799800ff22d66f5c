"""Start and stop of the service.

It starts with the server's lifespan or, since mounted applications receive no lifespan events, with
the first request.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.http.asgi import Receive, Send


class Startable(Protocol):
    """A service that is started and stopped."""

    async def start(self) -> None:
        """Prepare to serve."""

    async def stop(self) -> None:
        """Close everything that was opened."""


class Lifecycle:
    """Starts and stops a service and its background work.

    Args:
        service: Needed by requests.
        background: Work that requests do not need; started after the service, stopped before it.

    Attributes:
        started: Whether requests can be served now.
    """

    def __init__(self, service: Startable, background: Sequence[Startable] = ()) -> None:
        self.started = False
        self._background = background
        self._service = service
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the service unless it runs; safe to call concurrently and again after a failure.

        Raises:
            FraiseQLError: From the start of the service.
        """
        if self._starting is None or self._starting.done():
            self._starting = asyncio.get_running_loop().create_task(self._start_all())
        # Shielded: a disconnect of the first client must not cancel the start for the others.
        await asyncio.shield(self._starting)
        self.started = True

    async def ensure_started(self) -> None:
        """Start the service unless requests can be served.

        Raises:
            FraiseQLError: From the start of the service.
        """
        if not self.started:
            await self.start()

    async def stop(self) -> None:
        """Stop the service if it was started."""
        if self.started:
            self.started = False
            for work in reversed(self._background):
                await work.stop()
            await self._service.stop()

    async def _start_all(self) -> None:
        await self._service.start()
        for work in self._background:
            await work.start()

    async def run(self, receive: Receive, send: Send) -> None:
        """Handle the lifespan events of the server."""
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
        except Exception as error:  # noqa: BLE001 - the outermost handler: a server takes a raised
            # error for an application without lifespan support and would go on.
            logger.critical("The application could not start.", exc_info=error)
            message = repr(error)
        else:
            await send({"type": "lifespan.startup.complete"})
            return True
        await send({"type": "lifespan.startup.failed", "message": message})
        return False
