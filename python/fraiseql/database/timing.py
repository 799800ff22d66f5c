"""Durations of statements, for the events of their request."""

from collections.abc import Sequence
from contextlib import suppress
from operator import itemgetter
from time import perf_counter
from typing import Any, Final, Self

from asyncpg import Record

from fraiseql.database.bounding import UNBOUNDED, Budget
from fraiseql.database.connection import Connection
from fraiseql.events import current_request

_FIRST: Final = itemgetter(0)


async def timed_read(
    connection: Connection, sql: str, args: Sequence[Any], budget: Budget = UNBOUNDED
) -> list[Record]:
    """Run a statement of the framework, and report it to the request.

    Args:
        connection: Connection to run it on.
        sql: The statement, whose first column is the document.
        args: Values of its parameters.
        budget: Bytes that it may return.

    Raises:
        As ``Connection.read``.
    """
    request = current_request.get()
    if request is None:
        return await connection.read(sql, args, budget)
    start = perf_counter()
    try:
        rows = await connection.read(sql, args, budget)
    except BaseException:
        request.failed(sql, perf_counter() - start)
        raise
    request.ran(sql, args, perf_counter() - start, len(rows), _size_of(rows))
    return rows


def report_read(sql: str, args: Sequence[Any], seconds: float, rows: Sequence[Record]) -> None:
    """Report a statement of the framework to the request."""
    request = current_request.get()
    if request is None:
        return
    count = len(rows)
    if count == 1:
        # Most statements have one row: without a further call.
        document = rows[0][0]
        size = len(document) if type(document) is bytes else 0
    else:
        size = _size_of(rows)
    request.ran(sql, args, seconds, count, size)


def report_failure(connection: Connection, sql: str) -> None:
    """Report a statement to the request that failed or was cancelled on a connection."""
    request = current_request.get()
    if request is not None:
        request.failed(sql, perf_counter() - connection.since)


def _size_of(rows: Sequence[Record]) -> int:
    """Return the bytes of the documents, which are in the first column; NULL has none."""
    if not rows:
        return 0
    if type(rows[0][0]) is bytes:
        # A loop in Python takes four times as long.
        with suppress(TypeError):
            return sum(map(len, map(_FIRST, rows)))
    return sum(len(row[0]) for row in rows if type(row[0]) is bytes)


class StatementTimer:
    """Times a statement of a developer, as a context manager, and reports it to the request.

    Attributes:
        rows: Rows that it returned; the block sets it.
    """

    __slots__ = ("_request", "_sql", "_start", "rows")

    def __init__(self, sql: str) -> None:
        self.rows = 0
        self._sql = sql
        self._request = current_request.get()
        self._start = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        self._start = perf_counter()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """End."""
        if self._request is None:
            return
        seconds = perf_counter() - self._start
        if kind is None:
            self._request.ran(self._sql, (), seconds, self.rows, 0)
        else:
            self._request.failed(self._sql, seconds)
