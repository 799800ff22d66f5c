"""Faults of row security, views and collations."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault, SqlFault, sql_faults

_POLICY: Final = "ACCESS EXCLUSIVE on the table, for a moment"

FAULTS: Final[tuple[SqlFault, ...]] = sql_faults(
    __name__,
    (
        Fault(
            code="RLS_CALL_PER_ROW",
            title="A policy calls a function for every row",
            why="The policy compares a column with a function outside of a sub-select, and no"
            " index begins with a column of the policy: the function runs for each row that a"
            " scan reads. With an index it runs once, and is not reported.",
            severity="warning",
            command="Writes the call as (SELECT call), which PostgreSQL evaluates once. Not as"
            " IN (SELECT …), which no index serves.",
            lock=_POLICY,
            undo="Writes the policy as it was.",
            thresholds=("policy_rows",),
        ),
        Fault(
            code="RLS_POLICY_WITHOUT_RLS",
            title="A table has policies, but its row security is off",
            why="The policies have no effect: every role with SELECT reads all rows.",
            severity="error",
            command="Enables row security.",
            lock=_POLICY,
            undo="Disables row security.",
        ),
        Fault(
            code="RLS_BYPASSED",
            title="The role of the application is not subject to row security",
            why="Superusers, roles with BYPASSRLS, and owners without FORCE read all rows. Requests"
            " that set a role of their own are subject to it.",
            severity="warning",
            command="Connect as another role, or force row security for the owner.",
            lock=_POLICY,
            undo="Does not force it any more, or gives BYPASSRLS back.",
        ),
        Fault(
            code="VIEW_SKIPS_RLS",
            title="A view reads a table with the rights of its owner, without row security",
            why="The owner of the view is not subject to the policies of the table, so no reader"
            " of the view is.",
            severity="warning",
            command="Lets the view read with the rights of its reader.",
            lock="ACCESS EXCLUSIVE on the view, for a moment",
            undo="Resets the option.",
        ),
        Fault(
            code="COLLATION_CHANGED",
            title="The order of texts has changed under its indexes",
            why="The operating system's collation has another version than the one that indexes"
            " were built with: searches may miss rows, and unique indexes accept duplicates."
            " Stored documents may have lists in the old order: run fraiseql db verify.",
            severity="error",
            command="Rebuilds the indexes of the database, then records the version.",
            lock="SHARE UPDATE EXCLUSIVE on each table while its indexes are built",
            undo="None.",
        ),
    ),
)
