"""Migrations that attached or detached partitions require."""

from collections.abc import Mapping
from typing import Final

from fraiseql.caching.ddl.apply import LockRetry, apply, find_plan
from fraiseql.caching.ddl.desired_state import DesiredState, in_order
from fraiseql.caching.ddl.drift import Verdict
from fraiseql.caching.ddl.ledger import Key
from fraiseql.caching.ddl.plan import MigrationPlan
from fraiseql.caching.objects import DatabaseObject
from fraiseql.database.writing import AdminConnection

_QUICK: Final = LockRetry(lock_timeout=0.5, attempts=4, pause=0.5)
"""A background job does not wait long for a lock, since it runs again."""


async def adopt(connection: AdminConnection, objects: list[DatabaseObject]) -> MigrationPlan | None:
    """Apply the changes that partitions require; None if anything else has changed.

    Changed declarations are left to the next apply.

    Args:
        connection: A connection of a role that may apply.
        objects: Desired objects of one type.

    Raises:
        DatabaseError: A step failed, or a table was locked.
    """
    desired = DesiredState(in_order(objects))
    plan = await find_plan(connection, desired, extending=True)
    states = {verdict.key: verdict for verdict in plan.states}
    if not all(_follows(obj, states) for obj in desired.objects):
        return None
    return await apply(connection, desired, patience=_QUICK, extending=True)


def _follows(obj: DatabaseObject, states: Mapping[Key, Verdict]) -> bool:
    """Return whether an object is unchanged, or changed by its partitions alone."""
    state = states[obj.key].state
    if state == "unchanged":
        return True
    if obj.kind == "trigger":
        return state == "missing" and _on_another_table(obj, states)
    return obj.kind in ("data", "fingerprint") or (
        obj.kind == "view" and any("rows of" in need for need in obj.needs)
    )


def _on_another_table(obj: DatabaseObject, states: Mapping[Key, Verdict]) -> bool:
    name = obj.name.partition(" ON ")[0]
    return any(
        kind == "trigger" and other.partition(" ON ")[0] == name and verdict.state == "unchanged"
        for (kind, other), verdict in states.items()
    )
