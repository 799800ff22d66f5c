"""Comparison of stored documents with live ones, and repair."""

from collections.abc import Iterable

from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.compare import Verified
from fraiseql.caching.strategies.registry import strategy_of
from fraiseql.database.writing import AdminConnection


async def verify(
    connection: AdminConnection, stored_types: Iterable[StoredType], *, sample: float = 100.0
) -> list[Verified]:
    """Compare every stored document with the live one, byte for byte, in one snapshot.

    Args:
        connection: The connection to read with.
        stored_types: The types, which must have been applied.
        sample: Per cent of the rows to compare.

    Raises:
        DatabaseError: The database cannot be read, or a declaration is not applied.
    """
    async with connection.snapshot():
        return [
            await strategy_of(stored_type).verify(stored_type, connection, sample)
            for stored_type in stored_types
        ]


async def repair(connection: AdminConnection, stored_types: Iterable[StoredType]) -> dict[str, int]:
    """Rebuild every stored document that differs, and return their number by type.

    Raises:
        DatabaseError: The database cannot be written, or a declaration is not applied.
    """
    return {
        stored_type.type_name: await strategy_of(stored_type).repair(stored_type, connection)
        for stored_type in stored_types
    }
