"""Limits on the connections of one serving process."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from fraiseql.events import logger
from fraiseql.serving.native.native_connections import most_connections
from fraiseql.settings import Settings

if sys.platform != "win32":
    import resource

SWEEP_SECONDS: Final = 1.0
"""Seconds between two checks of all connections."""

_RESERVED_FILES: Final = 40
"""Open files reserved for logs, libraries and listening sockets."""

_LEAST_CONNECTIONS: Final = 16
_LOG_PAUSE: Final = 10.0
"""Seconds in which one line of each kind is logged, however many clients cause it."""

_MIN_RATE: Final = 1024.0
"""Bytes per second that a client must read while the process holds a response for it."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of one process.

    Attributes:
        connections: Most open connections.
        header_seconds: Seconds in which a client must send the headers of a request.
        body_seconds: Seconds in which it must send the body.
        send_seconds: Seconds after which a client that does not read is disconnected.
        unsent_bytes: Most bytes of responses that wait for slow clients.
    """

    connections: int
    header_seconds: float
    body_seconds: float
    send_seconds: float
    unsent_bytes: int

    @classmethod
    def of(cls, settings: Settings, *, files: int = 1) -> "ConnectionLimits":
        """Return the limits of ``settings``, lowered to the limit of open files.

        Args:
            settings: The settings.
            files: Open files that each connection needs.
        """
        return cls(
            _connections(settings, files),
            settings.header_timeout,
            settings.request_timeout,
            settings.send_timeout,
            settings.max_unsent_bytes,
        )


def _connections(settings: Settings, files_each: int) -> int:
    # Two more for the freshness checks of memory and for the trace.
    reserved = _RESERVED_FILES + settings.pool_size + settings.cache_connections + 2
    reserved += most_connections(settings)
    files = _allow_files(reserved + files_each * settings.max_connections)
    allowed = max(_LEAST_CONNECTIONS, (files - reserved) // files_each)
    if allowed >= settings.max_connections:
        return settings.max_connections
    logger.warning(
        "At most %d connections are served at a time, not %d (max_connections): the process may"
        " open %d files. Raise the limit (ulimit -n).",
        allowed,
        settings.max_connections,
        files,
    )
    return allowed


def _allow_files(count: int) -> int:
    """Return how many files the process may open, raised to ``count`` if the system allows it."""
    if sys.platform == "win32":
        return count
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return count
    raised = count if hard == resource.RLIM_INFINITY else min(count, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):
        return soft  # macOS allows fewer than it says
    return raised


class Limited(Protocol):
    """A connection, as the sweeper sees it."""

    @property
    def unsent(self) -> int:
        """Bytes of a response that the client has not read yet."""

    def overdue(self, now: float) -> str:
        """Return why the connection must end, or nothing."""

    def end(self, reason: str) -> None:
        """End the connection."""


class ConnectionGuard:
    """Watches the connections of one process.

    Attributes:
        limits: The enforced limits.
        report: Called after each check with whether new requests are refused.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.report: Callable[[bool], None] = _ignore
        self._unsent = 0
        self._logged: dict[str, float] = {}

    @property
    def is_full(self) -> bool:
        """Whether unsent bytes exceed their limit, so that new requests are refused."""
        return self._unsent > self.limits.unsent_bytes

    def sweep(self, connections: Iterable[Limited], now: float) -> None:
        """End the connections whose time is over, then the largest while too much is unsent."""
        self._end_overdue(connections, now)
        self.report(self.is_full)

    def _end_overdue(self, connections: Iterable[Limited], now: float) -> None:
        left = []
        for connection in connections:
            reason = connection.overdue(now)
            if reason:
                self._end(connection, reason, now)
            else:
                left.append((connection.unsent, connection))
        self._unsent = sum(size for size, _ in left)
        left.sort(key=lambda pair: pair[0], reverse=True)
        for size, connection in left:
            if not self.is_full or not size:
                return
            self._unsent -= size
            self._end(connection, "the process holds too many unsent bytes", now)

    def refused(self, reason: str, now: float) -> None:
        """Log that a client was refused; each reason is logged once per interval."""
        if now - self._logged.get(reason, -_LOG_PAUSE) >= _LOG_PAUSE:
            self._logged[reason] = now
            logger.warning("A client was disconnected or refused: %s.", reason)

    def _end(self, connection: Limited, reason: str, now: float) -> None:
        self.refused(reason, now)
        connection.end(reason)


def _ignore(_full: bool) -> None:
    """Nothing else serves connections."""


class SendProgress:
    """Progress of a client that reads its response.

    Args:
        seconds: Seconds that it may read slower than a kilobyte a second.
    """

    __slots__ = ("_left", "_seconds", "_since")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = 0.0
        self._left = 0

    def stalled(self, unsent: int, now: float) -> bool:
        """Return whether the client has read too little for too long."""
        read_enough = self._left - unsent >= _MIN_RATE * (now - self._since)
        # More is unsent than before: another piece was written, so the one before it was read.
        if unsent == 0 or self._left == 0 or unsent > self._left or read_enough:
            self._left, self._since = unsent, now
            return False
        return now - self._since > self._seconds
