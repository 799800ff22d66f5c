"""Age of asynchronous projections, for ``fraiseql db status``."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.projection.read_source import age, queued_rows
from fraiseql.caching.strategies.projection.strategy import has_queue, spec_of
from fraiseql.database.writing import AdminConnection

MOST_ROWS: Final = 100_000
"""Unprocessed changes that are counted: a longer queue takes long to count."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One asynchronous projection.

    Attributes:
        type_name: GraphQL name of the type.
        age: Seconds since the oldest unprocessed write; 0 if there is none; None if the clock was
            set back since.
        rows: Number of unprocessed changes, ``MOST_ROWS`` at most.
    """

    type_name: str
    age: float | None
    rows: int = 0

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
            spec = spec_of(stored_type)
            sql = f"SELECT {age(spec)} AS age, {queued_rows(spec, MOST_ROWS)} AS rows"
            row: Any = await connection.fetchrow(sql)
            statuses.append(QueueStatus(stored_type.type_name, row["age"], row["rows"]))
    return statuses
