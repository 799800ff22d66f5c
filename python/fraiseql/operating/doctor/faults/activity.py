"""Faults of sessions, transactions, and slots."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault, SqlFault, sql_faults

FAULTS: Final[tuple[SqlFault, ...]] = sql_faults(
    __name__,
    (
        Fault(
            code="IDLE_IN_TRANSACTION",
            title="A session is idle in an open transaction",
            why="It holds locks, VACUUM cannot remove rows that it may still see, and the change"
            " log of result caches cannot be shortened. Set"
            " idle_in_transaction_session_timeout so that PostgreSQL ends such sessions.",
            severity="warning",
            command="Ends the session; its transaction is rolled back.",
            undo="None: the client connects again.",
            needs=("all_stats",),
            thresholds=("idle_seconds",),
        ),
        Fault(
            code="PREPARED_TRANSACTION",
            title="A prepared transaction was neither committed nor rolled back",
            why="It holds its locks and old rows, also over restarts.",
            severity="warning",
            command="Rolls it back. Ask its transaction manager first.",
            undo="None.",
            thresholds=("prepared_seconds",),
        ),
        Fault(
            code="SLOT_HOLDS_WAL",
            title="An inactive replication slot holds write-ahead log",
            why="PostgreSQL deletes no segment that the slot may need, until the disk is full. An"
            " error above max_wal_size. max_slot_wal_keep_size bounds it.",
            severity="warning",
            command="Drops the slot. Its standby must then be copied again if it comes back.",
            undo="None.",
            thresholds=("slot_bytes",),
        ),
        Fault(
            code="XID_AGE",
            title="Old rows are not frozen",
            why="The oldest transaction number is older than the age at which autovacuum freezes"
            " them. At two billion PostgreSQL stops accepting writes.",
            severity="error",
            command="Freezes the rows of the database with the oldest.",
            lock="SHARE UPDATE EXCLUSIVE on each table; reads all pages that are not frozen",
            undo="None.",
            thresholds=("frozen_share",),
        ),
        Fault(
            code="TEMP_FILES",
            title="A statement sorts or hashes on disk",
            why="It has no index for its order and its memory, work_mem, is too small. An index"
            " is the better remedy where it applies.",
            severity="warning",
            command="Raises work_mem for the role that runs it, and begins its counts again.",
            undo="Resets work_mem for the role.",
            needs=("statement_statistics", "all_stats"),
            thresholds=("temp_bytes", "temp_calls"),
        ),
    ),
)
