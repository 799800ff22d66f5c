"""uvicorn's HTTP connections with additional limits.

Imported only where uvicorn runs: the command line passes its name.
"""

import asyncio
import sys
from typing import Any, Final
from weakref import WeakKeyDictionary

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from fraiseql.cli.connection_limits import (
    SWEEP_SECONDS,
    ConnectionGuard,
    ConnectionLimits,
    SendProgress,
)
from fraiseql.http.endpoint import Application
from fraiseql.settings import Settings

if sys.platform != "win32":
    import fcntl
    import termios

_MAX_HEADER_BYTES: Final = 65_536
BUSY: Final = b"503 Service Unavailable"
_TOO_LARGE: Final = b"431 Request Header Fields Too Large"
_TOO_SLOW: Final = b"408 Request Timeout"

_guards: WeakKeyDictionary[ServerState, ConnectionGuard] = WeakKeyDictionary()


class LimitedProtocol(HttpToolsProtocol):
    """One connection, limited by the application's settings.

    A request is read in two phases, headers and body, each with a time limit. One timer of the
    process checks all connections, so a request needs no timer of its own.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._guard = guard_of(config, server_state, self.loop)
        self._progress = SendProgress(self._guard.limits.send_seconds)
        # Start of the current phase; 0 while no request is read.
        self._headers_since = 0.0
        self._body_since = 0.0
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or refuse the connection if too many are open."""
        super().connection_made(transport)
        self._headers_since = self.loop.time()
        if len(self.connections) > self._guard.limits.connections:
            self._guard.refused("all connections are in use (max_connections)", self.loop.time())
            self._answer_and_close(BUSY)

    def data_received(self, data: bytes) -> None:
        """Read, and count the bytes of headers, which the parser does not limit."""
        if self.transport.is_closing():
            return
        self._header_bytes += len(data)
        super().data_received(data)
        if self._headers_since and self._header_bytes > _MAX_HEADER_BYTES:
            self._answer_and_close(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to wait for headers: this is the first byte of a request."""
        self._headers_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go on to the body; refuse the request if slow clients hold too much."""
        self._headers_since, self._header_bytes = 0.0, 0
        self._body_since = self.loop.time()
        if self._guard.is_full:
            self._guard.refused("too many bytes are unsent (max_unsent_bytes)", self._body_since)
            self.app = service_unavailable
        super().on_headers_complete()
        self.app = self.config.loaded_app

    def on_message_complete(self) -> None:
        """Stop the time limit of the body, whose bytes are not headers of the next request."""
        self._body_since, self._header_bytes = 0.0, 0
        super().on_message_complete()

    @property
    def unsent(self) -> int:
        """Bytes that are written and not sent, or promised and not written."""
        cycle = self.cycle
        waiting = cycle is not None and cycle.response_started and not cycle.response_complete
        promised = cycle.expected_content_length if waiting else 0
        return self.transport.get_write_buffer_size() + promised

    def overdue(self, now: float) -> str:
        """Return why the connection must end, or nothing."""
        limits = self._guard.limits
        unsent = self.unsent
        if self._progress.stalled(unsent and unsent + self._sending(), now):
            return "it did not read the response (send_timeout)"
        if self.transport.is_closing():
            return ""
        if self._headers_since and now - self._headers_since > limits.header_seconds:
            return "it did not send the headers of a request (header_timeout)"
        if self._body_since and now - self._body_since > limits.body_seconds:
            return "it did not send the body of a request (request_timeout)"
        return ""

    def _sending(self) -> int:
        """Return the bytes that the kernel holds and the client has not acknowledged.

        The kernel buffers megabytes: without them a slow client would seem to have stopped.
        """
        if sys.platform == "win32":
            return 0
        try:
            queued = fcntl.ioctl(
                self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4)
            )
        except OSError:
            return 0  # not available for sockets on this system
        return int.from_bytes(queued, sys.byteorder)

    def end(self, reason: str) -> None:
        """Answer with an error if the client reads; otherwise abort the connection."""
        if self.transport.is_closing() or self.unsent:
            self.transport.abort()
        elif "request_timeout" in reason and self.cycle is not None and self.cycle.response_started:
            self.transport.close()
        else:
            self._answer_and_close(_TOO_SLOW)

    def _answer_and_close(self, status: bytes) -> None:
        self.transport.write(last_response(status))
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Do not log: any client can ask for an unsupported protocol."""


def last_response(status: bytes) -> bytes:
    """Return an empty response after which the connection is closed."""
    return b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def guard_of(
    config: Config,
    server_state: ServerState,
    loop: asyncio.AbstractEventLoop,
    *,
    files: int = 1,
) -> ConnectionGuard:
    """Return the process's guard; the first call starts it.

    Args:
        config: The server's configuration.
        server_state: The server's state.
        loop: The loop of the process.
        files: Open files that each connection needs.
    """
    guard = _guards.get(server_state)
    if guard is None:
        limits = ConnectionLimits.of(_settings_of(config.loaded_app), files=files)
        guard = _guards[server_state] = ConnectionGuard(limits)
        loop.call_later(SWEEP_SECONDS, _sweep, guard, server_state, loop)
    return guard


def _sweep(
    guard: ConnectionGuard, server_state: ServerState, loop: asyncio.AbstractEventLoop
) -> None:
    links = [link for link in server_state.connections if isinstance(link, LimitedProtocol)]
    guard.sweep(links, loop.time())
    loop.call_later(SWEEP_SECONDS, _sweep, guard, server_state, loop)


def _settings_of(app: Any) -> Settings:
    """Return the settings of the application inside of its middlewares."""
    while app is not None and not isinstance(app, Application):
        app = getattr(app, "app", None)
    return Settings() if app is None else app.settings
