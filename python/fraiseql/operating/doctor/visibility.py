"""Parts of a database that the serving role may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.operating.doctor.fault import Fault
from fraiseql.operating.memory import server_memory
from fraiseql.sql_files import load_sql

_CONDITIONS: Final = load_sql(__name__)["conditions"].text

REMEDIES: Final[Mapping[str, str]] = {
    "all_stats": "the role is not a member of pg_read_all_stats: GRANT pg_monitor TO it",
    "all_settings": "the role is not a member of pg_read_all_settings: GRANT pg_monitor TO it",
    "file_settings": "only superusers may read pg_file_settings: run the doctor as one",
    "memory": "the memory of the server cannot be read: pass --memory, such as --memory 16GB",
    "reset_statistics": "the role may not reset the statistics of checkpoints: run it as an admin",
    "read_times": "reads are not timed: ALTER SYSTEM SET track_io_timing = on",
    "statement_statistics": "pg_stat_statements is not installed: see NO_STATEMENT_STATISTICS",
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
    """The visible part of a database.

    Attributes:
        role: Role of the connection.
        conditions: Whether each condition holds, by its name.
        memory: Bytes of the machine's memory; None if unknown.
        statements: Quoted schema of the view pg_stat_statements; None without it.
    """

    role: str
    conditions: Mapping[str, Any]
    memory: int | None
    statements: str | None

    def not_seen(self, faults: Iterable[Fault]) -> list[NotSeen]:
        """Return the faults that cannot be looked for."""
        return [
            NotSeen(fault.code, REMEDIES[need])
            for fault in faults
            for need in fault.needs
            if not self.conditions[need]
        ]


async def load_visibility(pool: Pool, *, replicas: bool, memory: int | None) -> Visibility:
    """Ask the database for the rights of the role.

    Args:
        pool: Connections of the serving role.
        replicas: Whether the statistics of all standbys are read too.
        memory: Bytes of the server's memory, if the caller knows it.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    (row,) = await pool.inspect(_CONDITIONS)
    conditions = dict(row)
    if memory is None and conditions["memory"]:
        memory = await server_memory(pool)
    conditions["memory"] = memory is not None
    conditions["all_replicas"] = conditions["all_replicas"] or replicas
    return Visibility(conditions["role"], conditions, memory, conditions["statement_statistics"])
