"""Connections of the native engine to the database, besides the pool's.

A connection belongs to one driver: those of Rust cannot be lent to Python. With connections of
its own, neither road waits for statements of the other one.
"""

from typing import Final

from fraiseql.settings import Settings

BY_KEY: Final = 2
"""Connections that reads by key share."""

_CHECKS: Final = 1


def for_statements(settings: Settings) -> int:
    """Return the connections that one statement at a time uses."""
    return max(1, settings.pool_size // 2)


def most_connections(settings: Settings) -> int:
    """Return the most connections of the engine of one process; 0 where it is off."""
    return BY_KEY + for_statements(settings) + _CHECKS if settings.native else 0
