"""Logger, and timings and events of requests."""

import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol

logger: Final = logging.getLogger("fraiseql")
"""The logger of the package; internal errors are logged with their traceback."""


class Timings:
    """Seconds of the steps of a request; 0.0 for steps that did not run.

    Sent to the client as ``Server-Timing``.
    """

    __slots__ = ("parse", "plan", "render", "sql", "validate")

    def __init__(self) -> None:
        self.parse = 0.0
        self.validate = 0.0
        self.plan = 0.0
        self.sql = 0.0
        self.render = 0.0


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """Facts of a statement before it runs.

    Attributes:
        source: Kind of its relation: ``live``, ``generated``, ``projection`` or ``view``.
        root: Response key of its root field, or the name of the field whose function runs it.
        secret: Positions of parameters with private values; None if the values are unknown, as in
            SQL of a developer.
    """

    source: str = "live"
    root: str = ""
    secret: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Counts of requests, or of runs of a statement.

    Attributes:
        classes: Pairs of the smallest duration of a class, in units of 62.5 µs, and its runs.
        seconds: Sum of the durations.
        rows: Rows.
        size: Bytes.
    """

    classes: tuple[tuple[int, int], ...]
    seconds: float
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class RepeatedRuns:
    """Requests that the native server has answered with one response in its memory.

    Attributes:
        count: Their number.
        unchanged: Those whose client had the response.
        seconds: Sum of their durations.
        ages: Sum of the times since the response was offered, in seconds.
        oldest: The longest of these times.
        classes: Requests by duration: below the first of the bounds, below the second, …, then all
            others. Bounds are in units of 1/16 ms.
    """

    count: int
    unchanged: int
    seconds: float
    ages: float
    oldest: float
    classes: Sequence[int]


class RequestEvents(Protocol):
    """Receives the events of one request."""

    def ran(self, sql: str, args: Sequence[Any], seconds: float, rows: int, size: int) -> None:
        """Receive a statement that has run.

        Args:
            sql: Its text.
            args: Values of its parameters.
            seconds: Its duration, without the wait for a connection.
            rows: Its rows.
            size: Bytes of its documents.
        """

    def failed(self, sql: str, seconds: float) -> None:
        """Receive a statement that has failed or was cancelled."""

    def answered(self, root: str, outcome: str, size: int, detail: str) -> None:
        """Receive the answer of a result cache for a root field.

        Args:
            root: Response key.
            outcome: ``hit``, ``miss``, ``stale`` or ``bypassed``.
            size: Bytes of the value.
            detail: Reason of an answer that is no hit; empty for none.
        """

    def error(self, code: str) -> None:
        """Receive the code of an error in the response."""

    def done(self, seconds: float, size: int) -> None:
        """Receive the end of the request: its duration, and the bytes of its response."""


class OperationEvents(Protocol):
    """Receives the events of the requests of one plan."""

    def planned(self, timings: Timings) -> None:
        """Receive the durations of the steps that made the plan, before its first request."""

    def request(self) -> RequestEvents:
        """Return the receiver of a request that begins."""

    def ran_natively(
        self, requests: RunCounts, statements: Sequence[tuple[str, RunCounts]]
    ) -> None:
        """Receive the counts of requests that the native server has answered.

        Args:
            requests: The requests.
            statements: Their statements, each with its text.
        """

    def repeated(self, answers: Sequence[tuple[str, int]], size: int, runs: RepeatedRuns) -> None:
        """Receive requests that were answered from the memory of the native server.

        Args:
            answers: Response key and bytes of each root field.
            size: Bytes of the response.
            runs: The requests.
        """


class Events(Protocol):
    """Receives the events of an application. It must not fail: nothing catches its errors."""

    def operation(
        self, name: str, kind: str, document: str, facts: Callable[[str], StatementFacts]
    ) -> OperationEvents:
        """Return the receiver of the requests of a plan.

        Args:
            name: Name of the operation; empty for none.
            kind: ``query``.
            document: Text of the document, without values.
            facts: Returns the facts of a statement, called once for each.
        """

    def refused(self, code: str) -> None:
        """Receive a request that was not executed."""


current_request: Final[ContextVar[RequestEvents | None]] = ContextVar(
    "fraiseql_request", default=None
)
"""Receives the statements of the running request; None if there is no receiver."""
