"""Age of asynchronous projections, for ``fraiseql db status``."""

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
        age: Seconds since the oldest unprocessed write; 0 if there is none; None if the clock was
            set back since.
    """

    type_name: str
    age: float | None

    def __str__(self) -> str:
        """Return it as one line."""
        behind = f"is {self.age:.1f} s behind" if self.age else "is up to date"
        if self.age is None:
            behind = "is behind, for an unknown time: the clock was set back"
        return f"{self.type_name}: asynchronous projection {behind}"


async def queue_statuses(
    connection: AdminConnection, stored_types: Iterable[StoredType]
) -> list[QueueStatus]:
    """Return the age of each asynchronous projection with a queue that the role may process.

    Raises:
        DatabaseError: A queue cannot be read.
    """
    statuses = []
    for stored_type in stored_types:
        if (
            stored_type.stored.has_queue
            and stored_type.inspection.resolved is not None
            and await has_queue(stored_type, connection)
        ):
            seconds = await connection.fetchval(f"SELECT {age(spec_of(stored_type))}")
            statuses.append(QueueStatus(stored_type.type_name, seconds))
    return statuses
