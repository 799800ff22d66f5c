"""A connection that runs many reads by key, in pipeline mode."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from time import perf_counter, thread_time
from typing import Any, Final

import asyncpg

from fraiseql.database import messages
from fraiseql.database.connection import Connection
from fraiseql.database.identity import Identity
from fraiseql.database.latency import Latency
from fraiseql.database.messages import COMPLETE, ERROR, HEADER, READY, ROW
from fraiseql.database.pipeline_statements import PipelineStatements
from fraiseql.database.pipelined_read import (
    DIVERTED,
    Answer,
    PipelineCounts,
    PipelinedRead,
    ReadGroup,
)

_STALL: Final = 0.05
"""Seconds without an answer after which the reads behind a statement are diverted."""

_GRACE: Final = 0.005
"""Seconds more, in which a loop that was busy receives an answer that has already come."""


_MOST_RUNNING: Final = 32
"""Steps in progress from which more reads wait, to be sent together."""

_MOST_READS: Final = 16
"""Reads of a transaction: PostgreSQL sends their answers at its end."""


class _Step(Enum):
    """A step of a transaction that is not a read."""

    SETTING = 0
    END = 1


class Pipeline(asyncio.Protocol):
    """Sends statements without waiting for the answers to earlier ones.

    Uses the transport of a connection that the driver has opened. Each read has its own snapshot,
    which is younger than its request. Reads that arrive while others run are sent together as soon
    as those are answered, equal ones once. If one takes long, those behind it are diverted.

    Args:
        connection: An idle connection without identity, which nothing else uses until the end.
        max_bytes: Maximum bytes of an answer.
        prepared_bytes: Maximum bytes of SQL that stay prepared.
        counts: Counts to add to.
        ended: Called with the connection at the end.

    Attributes:
        connection: The connection.
        stalled: Whether a statement takes long, so that no others may wait behind it.
        closed: Whether the pipeline has ended.
    """

    def __init__(
        self,
        connection: Connection,
        max_bytes: int,
        prepared_bytes: int,
        counts: PipelineCounts,
        ended: Callable[[Connection], None],
    ) -> None:
        self.connection = connection
        self.stalled = False
        self.closed = False
        self._ending = False
        self._max_bytes = max_bytes
        self._statements = PipelineStatements(prepared_bytes)
        self._counts = counts
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[tuple[bytes, Identity], ReadGroup] = {}
        self._running: deque[PipelinedRead | _Step] = deque()
        self._scheduled = False
        self._buffer = bytearray()
        self._needed = 0
        self._mark = 0.0
        self._busy = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._suspected = 0.0
        self._transport = connection.transport
        self._transport.set_protocol(self)

    @property
    def full(self) -> bool:
        """Whether it prepares no more statements."""
        return self._statements.full

    def join(
        self, sql: str, args: Sequence[Any], identity: Identity, latency: Latency
    ) -> asyncio.Future[Answer] | None:
        """Run a statement; return its future answer, or None if a value cannot be sent.

        Args:
            sql: A statement of one bytea column and at most one row.
            args: Values of its parameters.
            identity: Role and session variables to run under.
            latency: Latency of the statement.
        """
        key = (identity.role, sql)
        name = self._statements.name(key)
        try:
            body = messages.run(name, args)
            group = None if body is None else self._group(name, identity)
        except UnicodeEncodeError:
            return None
        if body is None or group is None:
            return None
        read = group.reads.get(body)
        if read is None:
            read = group.reads[body] = PipelinedRead(key, latency)
        else:
            self._counts.shared += 1
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        read.waiters.append(waiter)
        if len(self._running) < _MOST_RUNNING and not self._scheduled:
            # After all that is ready now, so that concurrent requests go together.
            self._scheduled = True
            self._loop.call_soon(self._send_scheduled)
        return waiter

    def end(self) -> None:
        """Return the connection when all statements have ended; no other may join."""
        self._ending = True
        self._release_if_done()

    # Sending.

    def _group(self, name: bytes, identity: Identity) -> ReadGroup:
        group = self._waiting.get((name, identity))
        if group is None:
            setting, prefix = self._statements.identity(identity)
            group = self._waiting[name, identity] = ReadGroup(name, setting, prefix)
        return group

    def _send_scheduled(self) -> None:
        self._scheduled = False
        self._send()
        self._release_if_done()

    def _send(self) -> None:
        before = len(self._running)
        parts: list[bytes] = []
        for group in self._waiting.values():
            # A read is not sent if all its requests were cancelled.
            awaited = [item for item in group.reads.items() if item[1].awaited]
            for start in range(0, len(awaited), _MOST_READS):
                self._add(parts, group, awaited[start : start + _MOST_READS])
        self._waiting = {}
        if parts:
            if before == 0:
                self._mark, self._busy = perf_counter(), thread_time()
            self._transport.write(b"".join(parts))
            if self._timer is None:
                self._timer = self._loop.call_later(_STALL, self._watch)

    def _add(
        self, parts: list[bytes], group: ReadGroup, reads: Sequence[tuple[bytes, PipelinedRead]]
    ) -> None:
        """Add a transaction: set the identity, prepare the statement, run it for each read."""
        if group.prefix:
            parts += self._statements.parse(group.setting), group.prefix
            self._running.append(_Step.SETTING)
        parts.append(self._statements.parse(group.name))
        for body, read in reads:
            parts.append(body)
            self._running.append(read)
        parts.append(messages.SYNC)
        self._running.append(_Step.END)
        self._counts.sent += len(reads)

    # Receiving.

    def data_received(self, data: bytes) -> None:
        """Answer reads with the messages of the server."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        rest, answered = self._receive(data)
        if rest < len(data):
            self._buffer += data[rest:]
        if answered:
            self._measure(answered)
        if not self._running:
            self.stalled = False
        if self._waiting and len(self._running) < _MOST_RUNNING and not self._scheduled:
            self._send()
        self._release_if_done()

    def _receive(self, data: bytes) -> tuple[int, list[PipelinedRead]]:
        """Read all complete messages; return the position after them, and the answered reads."""
        position, end = 0, len(data)
        answered: list[PipelinedRead] = []
        running = self._running
        self._needed = 0
        while end - position >= HEADER:
            after = position + 1 + int.from_bytes(data[position + 1 : position + HEADER])
            if after > end:
                self._await(after - position)
                break
            kind = data[position]
            if kind == ROW:
                read = running[0]
                if isinstance(read, PipelinedRead):
                    read.value = messages.first_value(data[position:after])
            elif kind == COMPLETE:
                read = running.popleft()
                if isinstance(read, PipelinedRead):
                    read.answer(read.value)
                    answered.append(read)
            elif kind == READY:
                running.popleft()
            elif kind == ERROR and running:
                self._fail(messages.server_error(data[position:after]))
            position = after
        return position, answered

    def _fail(self, error: asyncpg.PostgresError) -> None:
        """End the reads of a failed transaction, whose end is still to come."""
        running, failed = self._running, self._running[0]
        while running[0] is not _Step.END:
            read = running.popleft()
            if isinstance(read, PipelinedRead):
                # It may not have been prepared, or its plan is invalid.
                self._statements.forget(read.key)
                self._counts.diverted += len(read.waiters)
                if read is failed:
                    read.latency.leave_pipelines(perf_counter())
                    read.fail(error)
                else:
                    read.answer(DIVERTED)

    def _await(self, size: int) -> None:
        """Wait for a long message; abort the connection if it is longer than allowed."""
        self._needed = size
        if size > self._max_bytes:
            for read in self._reads()[:1]:
                read.latency.leave_pipelines(perf_counter())
            self._transport.abort()

    def _measure(self, answered: list[PipelinedRead]) -> None:
        """Add the time that the loop waited for the answers, without that of its other work."""
        now, busy = perf_counter(), thread_time()
        seconds = (now - self._mark - (busy - self._busy)) / len(answered)
        self._mark, self._busy = now, busy
        # Once for all: a pause of the machine delays many answers.
        for latency in {read.latency for read in answered}:
            latency.add_pipelined(seconds, now)

    # Watching.

    def _watch(self) -> None:
        """Divert the reads behind a statement that takes long; end if nothing waits for it."""
        self._timer = None
        if not self._running:
            return
        if self.stalled:
            self._abandon()
            return
        left = _STALL - (perf_counter() - self._mark)
        if left > 0:
            self._timer = self._loop.call_later(left, self._watch)
        elif self._suspected != self._mark:
            self._suspected = self._mark
            self._timer = self._loop.call_later(_GRACE, self._watch)
        else:
            self._stall()

    def _stall(self) -> None:
        self.stalled = True
        reads = self._reads()
        for first in reads[:1]:
            first.latency.leave_pipelines(perf_counter())
        self._divert(reads[1:])
        self._divert_waiting()
        self._abandon()

    def _abandon(self) -> None:
        """Close the connection of a statement for which no request waits any more."""
        if any(read.awaited for read in self._reads()):
            self._timer = self._loop.call_later(_STALL, self._watch)
        else:
            self._transport.abort()

    def _reads(self) -> list[PipelinedRead]:
        return [read for read in self._running if isinstance(read, PipelinedRead)]

    def _divert(self, reads: Iterable[PipelinedRead]) -> None:
        for read in reads:
            self._counts.diverted += len(read.waiters)
            read.answer(DIVERTED)

    def _divert_waiting(self) -> None:
        for group in self._waiting.values():
            self._divert(group.reads.values())
        self._waiting = {}

    # The end.

    def connection_lost(self, exc: Exception | None) -> None:
        """Divert all requests, and return the lost connection."""
        self._divert(self._reads())
        self._running.clear()
        self._divert_waiting()
        self.connection.bound.connection_lost(exc)
        self._release()

    def _release_if_done(self) -> None:
        if self._ending and not self._running and not self._waiting:
            self._release()

    def _release(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._transport.set_protocol(self.connection.bound)
        self._ended(self.connection)
