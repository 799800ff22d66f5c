"""Parts of a database that the serving role may see."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.operating.doctor.fault import Fault
from fraiseql.operating.server_machine import server_machine
from fraiseql.sql_files import load_sql

_CONDITIONS: Final = load_sql(__name__)["conditions"].text

REMEDIES: Final[Mapping[str, str]] = {
    "all_stats": "the role is not a member of pg_read_all_stats: GRANT pg_monitor TO it",
    "all_settings": "the role is not a member of pg_read_all_settings: GRANT pg_monitor TO it",
    "file_settings": "only superusers may read pg_file_settings: run the doctor as one",
    "memory": "the memory of the server cannot be read: pass --memory, such as --memory 16GB",
    "reset_statistics": "the role may not reset the statistics of checkpoints: run it as an admin",
    "read_times": "reads are not timed (track_io_timing is off): fraiseql tune APP proposes it",
    "cache_statistics": "the role may not read counts of result caches: fraiseql db grant APP ROLE",
    "ledger": "the role may not read fraiseql.ledger: run the doctor as the role that applied",
    "trace": "the role may not read the trace: fraiseql db grant APP ROLE",
    "statement_statistics": (
        "pg_stat_statements is not installed: fraiseql tune APP loads it; then CREATE EXTENSION"
    ),
    "all_replicas": "standbys may use the index: pass --replica URL for each",
}
"""Why a condition does not hold, and what to do, by its name."""

_OPTIONAL: Final = frozenset({"cache_statistics", "ledger", "trace"})
"""Conditions that are null where their object does not exist."""

Clock = Callable[[], float]


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
        skew: Least seconds by which the clocks of the server and of this process differ.
    """

    role: str
    conditions: Mapping[str, Any]
    memory: int | None
    statements: str | None
    skew: float

    def not_seen(self, faults: Iterable[Fault]) -> list[NotSeen]:
        """Return the faults that cannot be looked for."""
        return [
            NotSeen(fault.code, REMEDIES[need])
            for fault in faults
            for need in fault.needs
            if not self.conditions[need] and need not in self._absent
        ]

    def absent(self, faults: Iterable[Fault]) -> frozenset[str]:
        """Return the codes of faults of objects that the database does not have."""
        return frozenset(each.code for each in faults if self._absent.intersection(each.needs))

    @property
    def _absent(self) -> frozenset[str]:
        return frozenset(need for need in _OPTIONAL if self.conditions[need] is None)


async def load_visibility(
    pool: Pool, *, replicas: bool, memory: int | None, clock: Clock = time.time
) -> Visibility:
    """Ask the database for the rights of the role.

    Args:
        pool: Connections of the serving role.
        replicas: Whether the statistics of all standbys are read too.
        memory: Bytes of the server's memory, if the caller knows it.
        clock: The time of this process.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    before = clock()
    (row,) = await pool.inspect(_CONDITIONS)
    after = clock()
    # The server looked at its clock at some instant between the two.
    skew = max(0.0, before - row["clock"], row["clock"] - after)
    conditions = dict(row)
    if memory is None and conditions["memory"]:
        machine = await server_machine(pool)
        memory = machine.memory if machine else None
    conditions["memory"] = memory is not None
    conditions["all_replicas"] = conditions["all_replicas"] or replicas
    statements = conditions["statement_statistics"]
    return Visibility(conditions["role"], conditions, memory, statements, round(skew, 3))
