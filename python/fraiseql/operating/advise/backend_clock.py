"""Processor time of the backends of a local server."""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from fraiseql.database import Transaction


class BackendClock:
    """Reads the processor time that a backend has taken.

    Other programs on the machine change how long a statement takes; they hardly change this.

    Args:
        pid: Process of the backend, on this machine.

    Raises:
        OSError: The system does not say it: it is not Linux, or not this machine.
    """

    def __init__(self, pid: int) -> None:
        self._file = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY)
        self._readings: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def read(self) -> None:
        """Read the time before a run, and after the last one.

        Not after each: the system counts the time of a run when the backend waits again.
        """
        self._readings.append(int(os.pread(self._file, 64, 0).split()[0]) / 1e6)

    def runs(self) -> Sequence[float]:
        """Return the milliseconds of each run, from a reading to the next."""
        pairs = zip(self._readings, self._readings[1:], strict=False)
        return [after - before for before, after in pairs]


async def backend_pid(session: Transaction) -> int:
    """Return the process of a session's backend.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    return int(await session.fetchval("SELECT pg_catalog.pg_backend_pid()"))
