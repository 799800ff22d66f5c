"""What the serving role may see of a database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.operating.doctor.fault import Fault
from fraiseql.sql_files import load_sql

_CONDITIONS: Final = load_sql(__name__)["conditions"].text

REMEDIES: Final[Mapping[str, str]] = {
    "all_stats": "the role is not a member of pg_read_all_stats: GRANT pg_monitor TO it",
    "all_settings": "the role is not a member of pg_read_all_settings: GRANT pg_monitor TO it",
    "file_settings": "only superusers may read pg_file_settings: run the doctor as one",
    "all_replicas": "standbys may use the index: pass --replica URL for each",
}
"""Why a condition does not hold, and what to do, by its name."""


@dataclass(frozen=True, slots=True)
class NotSeen:
    """A fault that was not looked for.

    Attributes:
        code: Its code.
        reason: The reason, and the remedy.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Visibility:
    """What can be seen.

    Attributes:
        role: Role of the connection.
        conditions: Whether each condition holds, by its name.
    """

    role: str
    conditions: Mapping[str, Any]

    def not_seen(self, faults: Iterable[Fault]) -> list[NotSeen]:
        """Return the faults that cannot be looked for."""
        return [
            NotSeen(fault.code, REMEDIES[need])
            for fault in faults
            for need in fault.needs
            if not self.conditions[need]
        ]


async def load_visibility(pool: Pool, *, replicas: bool) -> Visibility:
    """Ask the database what the role may see.

    Args:
        pool: Connections of the serving role.
        replicas: Whether the statistics of all standbys are read too.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    (row,) = await pool.inspect(_CONDITIONS)
    conditions = dict(row)
    conditions["all_replicas"] = conditions["all_replicas"] or replicas
    return Visibility(conditions.pop("role"), conditions)
