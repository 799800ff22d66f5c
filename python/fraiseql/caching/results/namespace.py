"""Namespace of cache keys: database, role and settings.

Session variables of a request are part of the key themselves; this covers the settings that
connections begin with.
"""

from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.state import CLUSTER
from fraiseql.database import Origin, Pool
from fraiseql.errors import DatabaseUnavailable

_NAMESPACE: Final = f"""\
SELECT {CLUSTER} || '/' || current_user AS name, pg_catalog.pg_conf_load_time() AS loaded"""

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class CacheNamespace:
    """Separates answers of one database, role and configuration from all others.

    Attributes:
        name: Database, and role of the connections.
        origin: A connection that began with the current settings.
    """

    name: str
    origin: Origin

    def key(self, *, sessions: bool) -> str:
        """Return the part of the key that identifies the namespace.

        Args:
            sessions: Whether an answer may depend on variables of an application: those set in the
                server's files leave no other trace than when the files were read.
        """
        origin = self.origin
        files = f"/{origin.loaded.isoformat()}" if sessions else ""
        return f"{self.name}/{origin.settings}/{origin.altered}{files}"

    def has_settings(self, origin: Origin, *, sessions: bool) -> bool:
        """Whether a connection has the settings of this namespace."""
        own = self.origin
        same = origin.settings == own.settings and origin.altered == own.altered
        return same and (not sessions or origin.loaded == own.loaded)


async def load_namespace(pool: Pool) -> CacheNamespace:
    """Return the namespace of connections that are opened from now on.

    Raises:
        DatabaseError: The database cannot be reached.
        DatabaseUnavailable: Its settings change all the time.
    """
    previous: Origin | None = None
    for _ in range(_ATTEMPTS):
        fetched = await pool.fetch_at(_NAMESPACE)
        assert fetched is not None  # noqa: S101 - no particular server was requested
        (row,), origin = fetched
        steady = row["loaded"] == origin.loaded
        if previous is not None and steady and previous.altered == origin.altered:
            return CacheNamespace(row["name"], origin)
        # A connection keeps the settings that it began with, which may be older than those just
        # read. A connection that begins after they were read has those, or newer ones.
        previous = origin
        pool.replace_all()
    raise DatabaseUnavailable("The settings of the database change all the time.")
