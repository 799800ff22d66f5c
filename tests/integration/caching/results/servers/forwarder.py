"""Forwarder: one address on loopback, behind which is whichever server is chosen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress


class Forwarder:
    """Forwards each connection to the socket that ``choose`` returns as it is made.

    Attributes:
        choose: Returns the path of a PostgreSQL server's socket.
        port: Where it listens.
    """

    def __init__(self, choose: Callable[[], str]) -> None:
        self.choose = choose
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Address as an application has it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        far_reader, far_writer = await asyncio.open_unix_connection(self.choose())
        ways = (_copy(reader, far_writer), _copy(far_reader, writer))
        for way in ways:
            task = asyncio.get_running_loop().create_task(way)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cut every connection."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def forwarding(choose: Callable[[], str]) -> AsyncIterator[Forwarder]:
    """Listen on a free port of loopback."""
    forwarder = Forwarder(choose)
    server = await asyncio.start_server(forwarder.forward, "127.0.0.1", 0)
    forwarder.port = server.sockets[0].getsockname()[1]
    try:
        yield forwarder
    finally:
        server.close()
        await forwarder.stop()
