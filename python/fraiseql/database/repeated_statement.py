"""One prepared statement, run again and again on its own connection."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from fraiseql.database import messages
from fraiseql.database.connection import Connection
from fraiseql.database.messages import ERROR, HEADER, READY, ROW
from fraiseql.database.origin import Origin
from fraiseql.database.pool import Pool

_NAME: Final = b"repeated"

Values = Sequence[bytes | None]
"""Binary forms of the values of a row, or of parameters."""


class RepeatedStatement(asyncio.Protocol):
    """Runs a statement that usually has no row, without the driver.

    Uses the transport of a connection that the driver has opened. An answer without a row is
    recognised by its bytes. Any error of the server ends the connection.

    Args:
        connection: An idle connection, which nothing else uses until the end.
        sql: A statement of at most one row, on at least one parameter.
        answered: Called with the row of an answer, or None for no row.
        ended: Called at the end, whoever brings it about.
        released: Called with the connection at the end.
    """

    def __init__(
        self,
        connection: Connection,
        sql: str,
        answered: Callable[[Values | None], None],
        ended: Callable[[], None],
        released: Callable[[Connection], None],
    ) -> None:
        self._connection = connection
        self._answered = answered
        self._on_end = ended
        self._released = released
        self._prefix = messages.parse(_NAME, sql)
        self._message = b""
        self._running = self._ended = False
        self._buffer = bytearray()
        self._row: Values | None = None
        self._transport = connection.transport
        self._transport.set_protocol(self)

    @property
    def origin(self) -> Origin:
        """The server, and the initial settings of the connection."""
        return self._connection.origin

    def change(self, sql: str) -> None:
        """Use another statement from the next run on."""
        self._prefix = messages.close(_NAME) + messages.parse(_NAME, sql)

    def bind(self, values: Values) -> None:
        """Set the values of the parameters for the next runs."""
        self._message = messages.run_binary(_NAME, values) + messages.SYNC

    def run(self) -> None:
        """Run the statement; the run before has been answered."""
        self._running = True
        self._transport.write(self._prefix + self._message)
        self._prefix = b""

    def end(self) -> None:
        """End the connection, with a run in progress."""
        if self._running:
            self._transport.abort()
        else:
            self._end()

    # Receiving.

    def data_received(self, data: bytes) -> None:
        """Report the answer when all of it has come."""
        if data == messages.NO_ROW and not self._buffer:
            self._running = False
            self._answered(None)
            return
        self._buffer += data
        position = 0
        while len(self._buffer) - position >= HEADER:
            start, length = position, int.from_bytes(self._buffer[position + 1 : position + HEADER])
            position += 1 + length
            if position > len(self._buffer):
                position = start
                break
            self._take(self._buffer[start], self._buffer[start:position])
        del self._buffer[:position]

    def _take(self, kind: int, message: bytes | bytearray) -> None:
        if kind == ROW:
            self._row = messages.values(bytes(message))
        elif kind == ERROR:
            self._transport.abort()
        elif kind == READY and self._running and not self._transport.is_closing():
            row, self._row = self._row, None
            self._running = False
            self._answered(row)

    # The end.

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end, and return the lost connection."""
        self._connection.bound.connection_lost(exc)
        self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._transport.set_protocol(self._connection.bound)
        self._released(self._connection)
        self._on_end()


async def repeat(
    pool: Pool, sql: str, answered: Callable[[Values | None], None], ended: Callable[[], None]
) -> RepeatedStatement:
    """Return a statement that runs again and again, on a connection of a pool until its end.

    Args:
        pool: Connections on which unqualified names are PostgreSQL's own.
        sql: A statement of at most one row.
        answered: Called with the row of an answer, or None for no row.
        ended: Called at the end.

    Raises:
        DatabaseUnavailable: No connection was available.
    """
    connection = await pool.connections.acquire()
    return RepeatedStatement(connection, sql, answered, ended, pool.connections.discard)
