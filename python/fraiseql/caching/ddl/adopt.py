"""Adopt: the part of a plan that partitions which came or went have made necessary."""

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
"""A background job waits for no lock for long: it comes again."""


async def adopt(connection: AdminConnection, objects: list[DatabaseObject]) -> MigrationPlan | None:
    """Make what partitions need of one type's objects; None where more than these has changed.

    What is declared otherwise than was applied is left to the next apply.

    Args:
        connection: A connection of a role that may apply.
        objects: What the type wants.

    Raises:
        DatabaseError: A step failed, or its lock was not to be had.
    """
    wanted = DesiredState(in_order(objects))
    plan = await find_plan(connection, wanted, extending=True)
    states = {verdict.key: verdict for verdict in plan.states}
    if not all(_follows(one, states) for one in wanted.objects):
        return None
    return await apply(connection, wanted, patience=_QUICK, extending=True)


def _follows(one: DatabaseObject, states: Mapping[Key, Verdict]) -> bool:
    """Tell whether an object is as it was applied, or is other for its partitions alone."""
    state = states[one.key].state
    if state == "kept":
        return True
    if one.kind == "trigger":
        return state == "missing" and _on_another_table(one, states)
    return one.kind in ("data", "fingerprint") or (
        one.kind == "view" and any("rows of" in need for need in one.needs)
    )


def _on_another_table(one: DatabaseObject, states: Mapping[Key, Verdict]) -> bool:
    name = one.name.partition(" ON ")[0]
    return any(
        kind == "trigger" and other.partition(" ON ")[0] == name and verdict.state == "kept"
        for (kind, other), verdict in states.items()
    )
