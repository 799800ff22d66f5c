"""Faults of indexes and foreign keys."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault, SqlFault, sql_faults

_BUILD: Final = "SHARE UPDATE EXCLUSIVE on the table while the index is built"
_DROP: Final = "SHARE UPDATE EXCLUSIVE on the table, for a moment"
_CREATE_AGAIN: Final = "Creates the index again."

FAULTS: Final[tuple[SqlFault, ...]] = sql_faults(
    __name__,
    (
        Fault(
            code="FK_NOT_INDEXED",
            title="A foreign key has no index",
            why="Each DELETE or change of the key of a referenced row reads the whole"
            " referencing table, and so does each embedded list over these columns. An error if"
            " the foreign key deletes or changes rows itself.",
            severity="warning",
            command="Builds an index on the columns without blocking writes.",
            lock=_BUILD,
            undo="Drops the index.",
            thresholds=("foreign_key_rows",),
            group="foreign key",
        ),
        Fault(
            code="INDEX_INVALID",
            title="An index is not valid",
            why="A failed or interrupted CREATE INDEX CONCURRENTLY left it. Every write maintains"
            " it, no query uses it, and a unique one enforces nothing yet.",
            severity="error",
            command="Drops the index. Then create it again, or run fraiseql db apply.",
            lock=_DROP,
            undo=_CREATE_AGAIN,
            group="index",
        ),
        Fault(
            code="INDEX_DUPLICATE",
            title="Two indexes are equal",
            why="They have the same method, columns, order, operators and condition. Each write"
            " maintains both.",
            severity="warning",
            command="Drops the one that is no constraint, or the younger.",
            lock=_DROP,
            undo=_CREATE_AGAIN,
            group="index",
        ),
        Fault(
            code="INDEX_PREFIX",
            title="An index is the beginning of another",
            why="The longer index answers the same queries. Writes are cheaper without the"
            " shorter one, and scans of the longer one read a little more.",
            severity="info",
            command="Drops the shorter index.",
            lock=_DROP,
            undo=_CREATE_AGAIN,
            group="index",
        ),
        Fault(
            code="DECLARED_INDEX_NOT_USED",
            title="A declared index is never used",
            why="No query has scanned it since statistics began: its condition is not implied by"
            " the filters of your operations, or its columns are not those that they compare."
            " fraiseql explain shows the plan of an operation for any values.",
            severity="info",
            command="Change its columns or where=, or remove it from the declaration, then apply.",
            undo="Declare it again.",
            thresholds=("unused_days", "unused_bytes"),
            needs=("ledger", "all_replicas"),
            group="index",
        ),
        Fault(
            code="INDEX_UNUSED",
            title="An index is never used",
            why="Writes maintain it and no query has scanned it since statistics began."
            " Statistics do not say when an index was created: compare with your last release."
            " Not reported for constraints, nor while standbys exist whose statistics were not"
            " read (--replica).",
            severity="info",
            command="Drops the index.",
            lock=_DROP,
            undo=_CREATE_AGAIN,
            thresholds=("unused_days", "unused_bytes"),
            needs=("all_replicas",),
            group="index",
        ),
    ),
)
