"""Place: the database, role and settings that answers are read under.

Session variables of a request are in the key by themselves; this is what connections begin with.
"""

from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.state import CLUSTER
from fraiseql.database import Origin, Pool
from fraiseql.errors import DatabaseUnavailable

_PLACE: Final = f"""\
SELECT {CLUSTER} || '/' || current_user AS name, pg_catalog.pg_conf_load_time() AS loaded"""

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """What tells answers of one place from those of any other.

    Attributes:
        name: Database, and role of the connections.
        origin: Of a connection that began with the settings of now.
    """

    name: str
    origin: Origin

    def key(self, *, sessions: bool) -> str:
        """Return what is in the keys of answers.

        Args:
            sessions: Whether an answer may depend on variables of an application: those that stand
                in the server's files have no other trace than when these were read.
        """
        origin = self.origin
        files = f"/{origin.loaded.isoformat()}" if sessions else ""
        return f"{self.name}/{origin.settings}/{origin.altered}{files}"

    def has_settings(self, origin: Origin, *, sessions: bool) -> bool:
        """Whether a connection has the settings that are in the keys of answers."""
        own = self.origin
        same = origin.settings == own.settings and origin.altered == own.altered
        return same and (not sessions or origin.loaded == own.loaded)


async def load_place(pool: Pool) -> Place:
    """Return the place, as connections that are made from now on have it.

    Raises:
        DatabaseError: The database cannot be asked.
        DatabaseUnavailable: Its settings change all the time.
    """
    before: Origin | None = None
    for _ in range(_ATTEMPTS):
        fetched = await pool.fetch_at(_PLACE)
        assert fetched is not None  # noqa: S101 - no server was asked for
        (row,), origin = fetched
        steady = row["loaded"] == origin.loaded
        if before is not None and steady and before.altered == origin.altered:
            return Place(row["name"], origin)
        # A connection has the settings that it began with, which may be older than what was read
        # a moment later: one that begins after they are known has those, or newer ones.
        before = origin
        pool.replace_all()
    raise DatabaseUnavailable("The settings of the database change all the time.")
