"""A read in a pipeline, with the requests that wait for it."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

import asyncpg

from fraiseql.database.latency import Latency

_TIMED_OUT: Final = "57014"


class _Diverted(Enum):
    """Answer to a read that a pipeline does not run."""

    DIVERTED = 0


DIVERTED: Final = _Diverted.DIVERTED

Answer = bytes | None | Literal[_Diverted.DIVERTED]
"""First value of the only row, None without a row, or ``DIVERTED``."""

StatementKey = tuple[str | None, str]
"""Role and text of a prepared statement: a plan may inline a function of only one role."""


@dataclass(slots=True)
class PipelineCounts:
    """Counts of a process since its start.

    Attributes:
        sent: Statements sent.
        shared: Reads that had the answer to an equal statement.
        diverted: Reads that had to run on a connection of their own.
    """

    sent: int = 0
    shared: int = 0
    diverted: int = 0


@dataclass(slots=True, eq=False)
class PipelinedRead:
    """A statement, sent once for all requests that wait for it.

    Attributes:
        key: Key of the prepared statement.
        latency: Latency of the statement.
        value: The received value.
        waiters: Futures of the requests; a request that is cancelled cancels only its own.
    """

    key: StatementKey
    latency: Latency
    value: bytes | None = None
    waiters: list[asyncio.Future[Answer]] = field(default_factory=list)

    @property
    def awaited(self) -> bool:
        """Whether any request still waits."""
        return not all(waiter.done() for waiter in self.waiters)

    def answer(self, answer: Answer) -> None:
        """Answer all requests."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)
        self.waiters = []

    def fail(self, error: asyncpg.PostgresError) -> None:
        """Answer with an error of the server.

        A connection of its own repeats the statement and reports the error, unless the statement
        has used up its time.
        """
        if error.sqlstate != _TIMED_OUT:
            self.answer(DIVERTED)
            return
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_exception(error)


@dataclass(slots=True, eq=False)
class ReadGroup:
    """Reads of one statement under one identity, which are one transaction.

    Other statements are never in it: a transaction with the locks of several statements could
    deadlock with changes of tables.

    Attributes:
        name: Name of the prepared statement.
        setting: Name of the statement that sets the identity; empty for none.
        prefix: Messages that set the identity; empty for none.
        reads: The reads, by the messages that run them.
    """

    name: bytes
    setting: bytes
    prefix: bytes
    reads: dict[bytes, PipelinedRead] = field(default_factory=dict)
