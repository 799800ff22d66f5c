"""Faults between an application and its database, which queries find."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault, SqlFault, sql_faults

FAULTS: Final[tuple[SqlFault, ...]] = sql_faults(
    __name__,
    (
        Fault(
            code="EMBED_NOT_INDEXED",
            title="An embedded list has no index on the column that it is joined by",
            why="Each parent of an answer reads the whole table of the list.",
            severity="error",
            command="Builds the index. Or declare it: indexes=[fraiseql.Index(…)] of the type.",
            lock="SHARE UPDATE EXCLUSIVE on the table while the index is built",
            undo="Drops the index.",
            thresholds=("embed_rows",),
            group="foreign key",
        ),
        Fault(
            code="TRIGGERS_OFF",
            title="A trigger of the framework does not fire for all writes",
            why="Writes without it are neither stored in projections nor seen by result caches,"
            " whose answers may then be stale. After the command, fraiseql db apply rebuilds"
            " the stored documents.",
            severity="error",
            command="Lets the trigger fire always.",
            lock="SHARE ROW EXCLUSIVE on the table, for a moment",
            undo="Sets the trigger as it was.",
        ),
        Fault(
            code="CHANGE_LOG_LONG",
            title="The change log of result caches is long",
            why="Rows that an open transaction may need cannot be removed, and each look-up reads"
            " more. The finding names the oldest transaction.",
            severity="warning",
            command="Ends the session that holds it, then cleans the log.",
            undo="None.",
            needs=("all_stats",),
            thresholds=("log_rows",),
        ),
        Fault(
            code="CACHE_USELESS",
            title="A result cache costs more than it saves",
            why="Nearly every answer is computed, because its tables are written all the time or"
            " each request asks for another key; looking up and storing are extra work.",
            severity="info",
            command="Remove cache= from the query, or declare stale= if old answers are allowed.",
            undo="None.",
            needs=("cache_statistics",),
            thresholds=("cache_answers", "cache_cost_ms"),
        ),
        Fault(
            code="N_PLUS_ONE",
            title="A request runs one statement many times",
            why="A Python function of a field runs it for each parent, and each run is a round"
            " trip. The finding names the operation, the field and the statement. After the"
            " change, the old counts remain for trace_retention, or until they are purged.",
            severity="warning",
            command="Make the field take all parents at once: @fraiseql.field(batch=True). Then"
            " purge the trace.",
            undo="None.",
            needs=("trace",),
            thresholds=("equal_statements",),
        ),
        Fault(
            code="DEBUG_IN_PRODUCTION",
            title="Clients see internal errors",
            why="With debug on, messages of errors contain SQL and values. The database is on"
            " another machine, so this is not development.",
            severity="error",
            command="Set debug=False, or FRAISEQL_DEBUG=off.",
            undo="Set it to True.",
        ),
        Fault(
            code="CLOCK_SKEW",
            title="The clocks of the application and of PostgreSQL differ",
            why="Ages of answers, expiry and staleness compare instants of both. Measured within"
            " half the time of a round trip.",
            severity="warning",
            command="Synchronize both clocks with NTP.",
            undo="None.",
            thresholds=("skew_seconds",),
        ),
    ),
)
