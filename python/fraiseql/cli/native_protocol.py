"""Connections that the native server accepted and Python serves.

Imported only where uvicorn runs, as ``http_protocol``.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from fraiseql.cli.http_protocol import LimitedProtocol

_PATIENCE: Final = 2
"""Requests in a row that Python had to answer, until a connection stays in Python for longer."""

_MOST_STAYED: Final = 64
"""Most requests for which a connection then stays."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A connection that Python serves from now on.

    Attributes:
        received: Bytes that were received and not answered.
        unsent: The end of the last response, which is not sent yet.
        elapsed: Seconds since the request began to arrive, or the connection was opened.
        answered: Requests that were answered natively since Python had the connection.
    """

    received: bytes
    unsent: bytes
    elapsed: float
    answered: int


class Front(Protocol):
    """The native server, as a connection sees it."""

    @property
    def draining(self) -> bool:
        """Whether the process ends."""

    def give_back(self, number: int) -> None:
        """Take back a connection, after a response and before the next request."""

    def closed(self, number: int) -> None:
        """Forget a connection that is closed."""


class NativeProtocol(LimitedProtocol):
    """One connection, which goes back to the native server after a response.

    While it is there, nothing is read here, and no time limit runs here.
    """

    _front: Front
    _number: int
    _first: HandOver
    _misses = 0
    _stays = 0

    def begin(self, front: Front, number: int, first: HandOver) -> None:
        """Set the connection that will be made.

        Args:
            front: The native server.
            number: Its number of the connection.
            first: The connection.
        """
        self._front, self._number, self._first = front, number, first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with the bytes that were received already, before anything else is read."""
        super().connection_made(transport)
        self._continue(self._first)

    def take(self, connection: HandOver) -> None:
        """Serve the connection again."""
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self._continue(connection)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, here and in the native server."""
        super().connection_lost(exc)
        self._front.closed(self._number)

    def on_response_complete(self) -> None:
        """Give the connection back, unless it is kept."""
        super().on_response_complete()
        if self._stays:
            self._stays -= 1
        elif self._is_between_requests():
            # The response is sent before the next step of the loop.
            self.flow.pause_reading()
            self.loop.call_soon(self._give_back)

    def _continue(self, connection: HandOver) -> None:
        self._misses = 0 if connection.answered else self._misses + 1
        most = 2 ** (self._misses - _PATIENCE) if self._misses > _PATIENCE else 0
        self._stays = min(most, _MOST_STAYED)
        if connection.unsent:
            self._headers_since = 0.0
            self.transport.write(connection.unsent)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        if connection.received:
            self.data_received(connection.received)
        self._headers_since -= connection.elapsed if self._headers_since else 0.0
        self._body_since -= connection.elapsed if self._body_since else 0.0
        if self._front.draining and not self.transport.is_closing():
            self.shutdown()

    def _is_between_requests(self) -> bool:
        return not (
            self.transport.is_closing()
            or self.pipeline
            or not self.cycle.response_complete
            or self._headers_since
            or self._body_since
            or self._front.draining
            or self.parser.should_upgrade()
        )

    def _give_back(self) -> None:
        if self._is_between_requests() and not self.transport.get_write_buffer_size():
            self._unset_keepalive_if_required()
            self._front.give_back(self._number)
        elif not self.transport.is_closing():
            self.flow.resume_reading()
