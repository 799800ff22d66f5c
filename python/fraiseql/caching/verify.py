"""Verify: kept documents against live ones, in one snapshot; repair mends those that differ."""

from collections.abc import Iterable

from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.compare import Verified
from fraiseql.caching.strategies.registry import strategy_of
from fraiseql.database.writing import AdminConnection


async def verify(
    connection: AdminConnection, stored_types: Iterable[StoredType], *, sample: float = 100.0
) -> list[Verified]:
    """Compare every kept document with the live one, byte for byte, in one snapshot.

    Args:
        connection: The connection to read with.
        stored_types: The types; what they keep must have been applied.
        sample: Per cent of the rows to look at.

    Raises:
        DatabaseError: The database cannot be read, or what is declared is not applied.
    """
    async with connection.snapshot():
        return [await strategy_of(one).verify(one, connection, sample) for one in stored_types]


async def repair(connection: AdminConnection, stored_types: Iterable[StoredType]) -> dict[str, int]:
    """Make anew every kept document that differs, and return how many there were, by type.

    Raises:
        DatabaseError: The database cannot be written, or what is declared is not applied.
    """
    return {one.type_name: await strategy_of(one).repair(one, connection) for one in stored_types}
