"""One prepared statement, run again and again on its own connection."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from fraiseql.database import messages
from fraiseql.database.connection import Connection
from fraiseql.database.messages import ERROR, HEADER, READY, ROW
from fraiseql.database.origin import Origin
from fraiseql.database.pool import Pool

_PROBE, _STATEMENT = b"probe", b"repeated"

_BEFORE_ROW: Final = len(messages.BOUND)

Values = Sequence[bytes | None]
"""Binary forms of the values of a row, or of parameters."""


class StatementPair(NamedTuple):
    """A statement, and a cheaper one to run where it had no row.

    Attributes:
        probe: A statement that has a row if and only if ``statement`` has one.
        statement: A statement of at most one row, with the same parameters, at least one.
    """

    probe: str
    statement: str


class RepeatedStatement(asyncio.Protocol):
    """Runs a statement that often has no row, without the driver.

    Uses the transport of a connection that the driver has opened. Usual answers are recognised by
    their bytes. Any error of the server ends the connection.

    PostgreSQL prepares every part of a statement to run, even those that it does not need. So where
    the last run had no row, a probe that is cheaper asks first whether there is one now.

    Args:
        connection: An idle connection, which nothing else uses until the end.
        pair: The statements.
        answered: Called with the row of an answer, or None for no row.
        ended: Called at the end, whoever brings it about.
        released: Called with the connection at the end.
    """

    def __init__(
        self,
        connection: Connection,
        pair: StatementPair,
        answered: Callable[[Values | None], None],
        ended: Callable[[], None],
        released: Callable[[Connection], None],
    ) -> None:
        self._connection = connection
        self._answered = answered
        self._on_end = ended
        self._released = released
        self._prefix = _parse(pair)
        self._messages: dict[bytes, bytes] = {}
        self._next = _STATEMENT
        self._running = self._ended = False
        self._buffer = bytearray()
        self._row: Values | None = None
        self._transport = connection.transport
        self._transport.set_protocol(self)

    @property
    def origin(self) -> Origin:
        """The server, and the initial settings of the connection."""
        return self._connection.origin

    @property
    def address(self) -> str | None:
        """Address of the server for other connections, as JSON; None where there are none."""
        return self._connection.endpoint.address

    def change(self, pair: StatementPair) -> None:
        """Use other statements from the next run on."""
        self._prefix = messages.close(_PROBE) + messages.close(_STATEMENT) + _parse(pair)
        self._next = _STATEMENT

    def bind(self, values: Values) -> None:
        """Set the values of the parameters for the next runs."""
        bound = messages.bound(values)
        for name in (_PROBE, _STATEMENT):
            self._messages[name] = messages.run_binary(name, bound) + messages.SYNC

    def run(self) -> None:
        """Run the statement; the run before has been answered."""
        self._running = True
        self._send()

    def _send(self) -> None:
        message = self._messages[self._next]
        if self._prefix:
            message, self._prefix = self._prefix + message, b""
        self._transport.write(message)

    def end(self) -> None:
        """End the connection, with a run in progress."""
        if self._running:
            self._transport.abort()
        else:
            self._end()

    # Receiving.

    def data_received(self, data: bytes) -> None:
        """Report the answer when all of it has come."""
        if self._running and not self._buffer:
            if data == messages.NO_ROW:
                self._answer(None)
                return
            end = len(data) - len(messages.AFTER_ROW)
            if data.startswith(messages.BOUND) and messages.is_row(data, _BEFORE_ROW, end):
                self._answer(messages.values(data[_BEFORE_ROW:end]))
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
            self._answer(row)

    def _answer(self, row: Values | None) -> None:
        if row is not None and self._next is _PROBE:
            self._next = _STATEMENT
            self._send()
            return
        self._next = _PROBE if row is None else _STATEMENT
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


def _parse(pair: StatementPair) -> bytes:
    return messages.parse(_PROBE, pair.probe) + messages.parse(_STATEMENT, pair.statement)


async def repeat(
    pool: Pool,
    pair: StatementPair,
    answered: Callable[[Values | None], None],
    ended: Callable[[], None],
) -> RepeatedStatement:
    """Return a statement that runs again and again, on a connection of a pool until its end.

    Args:
        pool: Connections on which unqualified names are PostgreSQL's own.
        pair: The statements.
        answered: Called with the row of an answer, or None for no row.
        ended: Called at the end.

    Raises:
        DatabaseUnavailable: No connection was available.
    """
    connection = await pool.connections.acquire()
    return RepeatedStatement(connection, pair, answered, ended, pool.connections.discard)
