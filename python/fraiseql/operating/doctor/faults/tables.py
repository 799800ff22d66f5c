"""Faults of tables: autovacuum, statistics, dead rows, keys."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault, SqlFault, sql_faults

FAULTS: Final[tuple[SqlFault, ...]] = sql_faults(
    __name__,
    (
        Fault(
            code="AUTOVACUUM_OFF",
            title="Autovacuum is off",
            why="Dead rows stay in the table and statistics grow old, so that scans read more"
            " pages and plans are chosen by wrong estimates. In the end PostgreSQL vacuums"
            " anyway, to prevent wraparound, at a time that it chooses.",
            severity="error",
            command="Resets the storage parameter of the table, or sets the server's setting.",
            lock="SHARE UPDATE EXCLUSIVE on the table, for a moment",
            undo="Sets the storage parameter or the setting as it was.",
        ),
        Fault(
            code="NEVER_ANALYZED",
            title="A filled table was never analyzed",
            why="The planner guesses the number of rows and of distinct values, and may choose a"
            " plan that is slower by orders of magnitude.",
            severity="warning",
            command="Collects the statistics of the table.",
            lock="SHARE UPDATE EXCLUSIVE on the table; reads a sample",
            undo="None: statistics only describe the rows.",
            thresholds=("rows",),
            group="rows",
        ),
        Fault(
            code="STATISTICS_OLD",
            title="Most rows have changed since the last ANALYZE",
            why="The planner's estimates describe rows that no longer exist.",
            severity="warning",
            command="Collects the statistics of the table.",
            lock="SHARE UPDATE EXCLUSIVE on the table; reads a sample",
            undo="None: statistics only describe the rows.",
            thresholds=("rows", "modified_share", "settled_seconds"),
        ),
        Fault(
            code="DEAD_ROWS",
            title="A table has many dead rows",
            why="Scans read the pages of dead rows too. If VACUUM does not remove them, an open"
            " transaction, a replication slot or a prepared transaction still needs them; the"
            " evidence names the oldest session.",
            severity="warning",
            command="Vacuums and analyzes the table.",
            lock="SHARE UPDATE EXCLUSIVE on the table; reads it once",
            undo="None: dead rows are of no use.",
            thresholds=("rows", "dead_share"),
        ),
        Fault(
            code="NO_PRIMARY_KEY",
            title="A table has no primary key",
            why="Rows cannot be addressed, logical replication cannot replay an UPDATE or DELETE,"
            " and no stored document can have the table as its source.",
            severity="warning",
            command="Adds a primary key: over a unique key whose columns are not null, if there"
            " is one, or else over a new identity column.",
            lock="ACCESS EXCLUSIVE on the table; a new column rewrites it",
            undo="Drops the constraint or the column.",
        ),
        Fault(
            code="KEY_TYPE_NEAR_END",
            title="The numbers of a key are nearly used up",
            why="At the end of the column's type or of its sequence, every INSERT fails. Changing"
            " the type rewrites the table, so do it while there is time; columns that reference"
            " the key need the type too.",
            severity="error",
            command="Changes the column and its sequence to bigint.",
            lock="ACCESS EXCLUSIVE on the table while it is rewritten",
            undo="Changes both back; impossible once a number does not fit.",
            thresholds=("key_share",),
        ),
    ),
)
