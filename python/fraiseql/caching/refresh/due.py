"""Due: the job that refreshes every view whose policy asks for it."""

from typing import Final

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.refresh.ground import Ground
from fraiseql.caching.results.declared import log_kept
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.policy import Policy
from fraiseql.caching.strategies.materialized_view.refreshing import condition_of, refresh_view
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import FraiseQLError

NOT_APPLIED: Final = 5.0
"""Seconds after which to look again for what is not made yet, or no longer."""


async def refresh_due(ground: Ground, connection: AdminConnection) -> float:
    """Refresh each view that is due, and return the seconds until the next may be.

    A view that fails does not keep the others waiting; the first failure is raised at the end.

    Raises:
        FraiseQLError: A refresh failed; a division by zero in a query is an InputError.
    """
    failed: FraiseQLError | None = None
    looks = [NOT_APPLIED]
    for stored_type in ground.stored_types:
        if stored_type.stored.is_refreshed:
            try:
                looks.append(
                    await _one(connection, physical(stored_type), Policy.of(stored_type.stored))
                )
            except FraiseQLError as error:
                if not connection.usable:
                    raise
                failed = failed or error
    await compact(connection, log_kept(ground.context.schema))
    if failed is not None:
        raise failed
    return min(looks)


async def _one(connection: AdminConnection, view: str, policy: Policy) -> float:
    found = await condition_of(connection, view)
    if found is None:
        return NOT_APPLIED
    if policy.wait(found) > 0:
        return policy.look_again(found)
    await refresh_view(connection, view, policy)
    found = await condition_of(connection, view)
    return NOT_APPLIED if found is None else policy.look_again(found)
