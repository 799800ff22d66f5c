"""Observation of a computation: its connections and its statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from fraiseql.database.identity import Identity
from fraiseql.database.origin import Origin


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """A statement that a computation ran.

    Attributes:
        pool: The connections that it ran on.
        identity: Role and session variables that it ran under.
        text: The SQL, with ``$1`` in place of values.
    """

    pool: object
    identity: Identity
    text: str


class Observation:
    """The connections and statements of a block.

    Attributes:
        origins: Distinct origins of the connections.
        steady: Whether every statement ran with current plans, and without a change of settings.
        statements: The statements, in order.
        unrecorded: What read in another way.
        failed: Whether a statement failed: code that goes on made its value without the result.
    """

    __slots__ = ("_above", "failed", "origins", "statements", "steady", "unrecorded")

    def __init__(self, above: "Observation | None" = None) -> None:
        self.origins: list[Origin] = []
        self.steady = True
        self.statements: dict[RecordedStatement, None] = {}
        self.unrecorded: dict[str, None] = {}
        self.failed = False
        self._above = above

    def note(self, origin: Origin, *, steady: bool) -> None:
        """Record the connection of a statement, here and in the outer blocks.

        Args:
            origin: Origin of the connection.
            steady: Whether settings were the same before and after it.
        """
        if origin not in self.origins:
            self.origins.append(origin)
        self.steady = self.steady and steady
        if self._above is not None:
            self._above.note(origin, steady=steady)

    def record(self, statement: RecordedStatement) -> None:
        """Record a statement, here and in the outer blocks."""
        self.statements[statement] = None
        if self._above is not None:
            self._above.record(statement)

    def miss(self, reader: str) -> None:
        """Record that something read without a recorded statement.

        Args:
            reader: Its name, for messages.
        """
        self.unrecorded[reader] = None
        if self._above is not None:
            self._above.miss(reader)

    def fail(self) -> None:
        """Record that a statement failed, here and in the outer blocks."""
        self.failed = True
        if self._above is not None:
            self._above.fail()


observation: Final[ContextVar[Observation | None]] = ContextVar(
    "fraiseql_observation", default=None
)
"""Set during a computation whose result may be stored."""

_stored: Final[ContextVar[bool]] = ContextVar("fraiseql_reads_stored", default=False)


@contextmanager
def observed() -> Iterator[Observation]:
    """Run the statements of the block with current plans and settings, and record them.

    Includes tasks that the block starts.
    """
    current = Observation(observation.get())
    token = observation.set(current)
    try:
        yield current
    finally:
        observation.reset(token)


@contextmanager
def unobserved() -> Iterator[None]:
    """Run work of the framework in the block that is no part of a computation."""
    token = observation.set(None)
    try:
        yield
    finally:
        observation.reset(token)


@contextmanager
def reading_stored() -> Iterator[None]:
    """Record no statement of the block: the live one that it replaces is recorded."""
    token = _stored.set(True)
    try:
        yield
    finally:
        _stored.reset(token)


def record(pool: object, identity: Identity, text: str) -> None:
    """Record a statement of the current computation.

    Args:
        pool: The connections that it runs on.
        identity: Role and session variables that it runs under.
        text: The SQL.
    """
    current = observation.get()
    if current is not None and not _stored.get():
        current.record(RecordedStatement(pool, identity, text))


@contextmanager
def recording(pool: object, identity: Identity, text: str) -> Iterator[None]:
    """Record the statement that the block runs, and if it fails."""
    record(pool, identity, text)
    with noting_failure():
        yield


@contextmanager
def noting_failure() -> Iterator[None]:
    """Record it if the block fails, or is cancelled."""
    try:
        yield
    except BaseException:
        current = observation.get()
        if current is not None:
            current.fail()
        raise
