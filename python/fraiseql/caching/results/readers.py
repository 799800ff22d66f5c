"""Roles whose privileges decide the access of a request."""

from collections.abc import Callable
from typing import Final

from fraiseql.caching.dependencies.privileges import Reader, load_reader
from fraiseql.database import Pool
from fraiseql.errors import DatabaseUnavailable

_MAX_ROLES: Final = 10_000


class Readers:
    """Loaded roles of one process; each look-up checks that they are current.

    Args:
        pool: Returns the application's own connections; None before it is started.
    """

    __slots__ = ("_pool", "_readers")

    def __init__(self, pool: Callable[[], Pool | None]) -> None:
        self._pool = pool
        self._readers: dict[str | None, Reader] = {}

    def get(self, role: str | None) -> Reader | None:
        """Return the roles of requests that set ``role``, if they are loaded."""
        return self._readers.get(role)

    async def load(self, role: str | None) -> Reader:
        """Load the roles of requests that set ``role``.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        pool = self._pool()
        if pool is None:
            raise DatabaseUnavailable("The application is not started.")
        reader = await load_reader(pool.inspect, role)
        if len(self._readers) >= _MAX_ROLES:
            self._readers.clear()
        self._readers[role] = reader
        return reader

    def drop(self, role: str | None) -> None:
        """Have the roles loaded again, and every plan built again: both may be out of date."""
        pool = self._pool()
        if self._readers.pop(role, None) is not None and pool is not None:
            pool.outdate()
