"""Native server of one process, and its connections that Python serves.

Imported only where uvicorn runs, as ``http_protocol``.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

from uvicorn.config import Config
from uvicorn.server import ServerState

from fraiseql.cli.client_addresses import Address, ClientAddresses
from fraiseql.cli.connection_limits import ConnectionGuard
from fraiseql.cli.http_protocol import BUSY, guard_of, last_response
from fraiseql.cli.native_protocol import HandOver, NativeProtocol
from fraiseql.native import Engine, Server

_FILES: Final = 2
"""Open files of a connection: one for each of the two that may serve it."""

_PATIENCE: Final = 1.0
"""Seconds after which a client counts as slow, so that Python serves it."""

_UNSENT_BYTES: Final = 16_777_216
_BELL_BYTES: Final = 4_096
_PAUSE: Final = 0.02

_access_logger = logging.getLogger("uvicorn.access")


class NativeFront:
    """Accepts connections in Rust, and serves those that it hands over.

    Args:
        config: Configuration of the server.
        state: State of the server.
        app_state: State of the application.
        answers: Path of GraphQL, and the engine that answers its requests.
        failed: Called if the native server has ended by itself.

    Attributes:
        draining: Whether no more connections are accepted.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        app_state: dict[str, Any],
        answers: tuple[str, Engine],
        failed: Callable[[], None],
    ) -> None:
        self.draining = False
        self._config, self._state, self._app_state = config, state, app_state
        self._failed = failed
        self._addresses = ClientAddresses(config)
        self._loop = asyncio.get_running_loop()
        self._protocols: dict[int, NativeProtocol] = {}
        self._opening: set[asyncio.Task[Any]] = set()
        self._guard = guard_of(config, state, self._loop, files=_FILES)
        self._native = _server(config, self._guard, *answers)
        self._guard.report = self._native.pause
        self._bell = socket.socket(fileno=self._native.bell)

    def start(self, listener: socket.socket) -> None:
        """Accept the connections of a bound socket."""
        listener.listen(self._config.backlog)
        socket.send_fds(self._bell, [b"\0"], [listener.fileno()])
        self._loop.add_reader(self._bell, self._answer_bell)
        self._native.start()

    async def drain(self, seconds: float, hurry: Callable[[], bool]) -> None:
        """Accept no more connections, and wait until none is served natively."""
        self.draining = True
        self._native.drain()
        await asyncio.sleep(_PAUSE)
        deadline = self._loop.time() + seconds
        # The native server does not say when the last one has ended.
        while self._native.connections and self._loop.time() < deadline and not hurry():  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        self._answer_bell()
        if self._opening:
            await asyncio.wait(self._opening)

    def stop(self) -> None:
        """End the native server."""
        self._native.stop()
        self._loop.remove_reader(self._bell)
        self._bell.close()

    def give_back(self, number: int) -> None:
        """Take back a connection, after a response and before the next request."""
        self._native.give_back(number)

    def closed(self, number: int) -> None:
        """Forget a connection that is closed."""
        self._protocols.pop(number, None)
        self._native.closed(number)

    def _answer_bell(self) -> None:
        with suppress(BlockingIOError):  # taken already
            self._bell.recv(_BELL_BYTES)
        handed, gone, answered, refused, failed = self._native.take()
        for number, file, received, unsent, elapsed, answers in handed:
            self._take(number, file, HandOver(received, unsent, elapsed, answers))
        for number in gone:
            if number in self._protocols:
                self._protocols[number].transport.close()
        for client, forwarded, line, status in answered:
            _log(self._addresses.of(client, forwarded), line.decode("ascii"), status)
        if refused:
            reason = "all connections are in use (max_connections)"
            self._guard.refused(reason, self._loop.time())
        if failed:
            self._failed()

    def _take(self, number: int, file: int, connection: HandOver) -> None:
        if file < 0:
            # If it has ended, the native server learns it.
            if number in self._protocols:
                self._protocols[number].take(connection)
            return
        protocol = NativeProtocol(self._config, self._state, self._app_state)
        protocol.begin(self, number, connection)
        self._protocols[number] = protocol
        task = self._loop.create_task(self._open(protocol, number, socket.socket(fileno=file)))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, protocol: NativeProtocol, number: int, link: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, link)
        except OSError:
            # The client has gone.
            link.close()
            self.closed(number)


def _server(config: Config, guard: ConnectionGuard, path: str, engine: Engine) -> Server:
    return Server(
        engine,
        quote(path).encode(),
        connections=guard.limits.connections,
        busy=last_response(BUSY),
        idle=config.timeout_keep_alive,
        patience=_PATIENCE,
        unsent=min(_UNSENT_BYTES, guard.limits.unsent_bytes),
        access_log=config.access_log,
    )


def _log(client: Address | None, line: str, status: int) -> None:
    """Log a request as uvicorn does."""
    method, _, target = line.partition(" ")
    address = f"{client[0]}:{client[1]}" if client else ""
    _access_logger.info('%s - "%s %s HTTP/%s" %d', address, method, target, "1.1", status)
