"""Queues: how far behind asynchronous projections are, for people."""

from collections.abc import Iterable
from dataclasses import dataclass

from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.projection.read_source import age
from fraiseql.caching.strategies.projection.strategy import has_queue, spec_of
from fraiseql.database.writing import AdminConnection


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One asynchronous projection.

    Attributes:
        type_name: GraphQL name of the type.
        age: Seconds since the oldest write that its documents lack; 0 when they lack none; None
            when the clock was set back since.
    """

    type_name: str
    age: float | None

    def __str__(self) -> str:
        """Return it as one line."""
        behind = f"is {self.age:.1f} s behind" if self.age else "lacks nothing"
        if self.age is None:
            behind = "is behind, for an unknown time: the clock was set back"
        return f"{self.type_name}: asynchronous projection {behind}"


async def queue_statuses(
    connection: AdminConnection, stored_types: Iterable[StoredType]
) -> list[QueueStatus]:
    """Return how far behind each asynchronous projection is that is made and may be drained.

    Raises:
        DatabaseError: A queue cannot be read.
    """
    found = []
    for one in stored_types:
        if (
            one.stored.has_queue
            and one.inspection.resolved is not None
            and await has_queue(one, connection)
        ):
            seconds = await connection.fetchval(f"SELECT {age(spec_of(one))}")
            found.append(QueueStatus(one.type_name, seconds))
    return found
