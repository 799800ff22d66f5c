"""Job that refreshes the views that are due."""

from typing import Final

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.refresh.job_context import JobContext
from fraiseql.caching.results.declared import log_lifetime
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.policy import Policy
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_state, refresh_view
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import FraiseQLError

NOT_APPLIED: Final = 5.0
"""Seconds until the next check of an object that does not exist."""


async def refresh_due(work: JobContext, connection: AdminConnection) -> float:
    """Refresh each view that is due, and return the seconds until the next check.

    A failure does not stop the other views; the first one is raised at the end.

    Raises:
        FraiseQLError: A refresh failed; a division by zero in a query is an InputError.
    """
    failed: FraiseQLError | None = None
    looks = [NOT_APPLIED]
    for stored_type in work.stored_types:
        if stored_type.stored.is_refreshed:
            try:
                looks.append(
                    await _one(connection, physical(stored_type), Policy.of(stored_type.stored))
                )
            except FraiseQLError as error:
                if not connection.usable:
                    raise
                failed = failed or error
    await compact(connection, log_lifetime(work.context.schema))
    if failed is not None:
        raise failed
    return min(looks)


async def _one(connection: AdminConnection, view: str, policy: Policy) -> float:
    condition = await refresh_state(connection, view)
    if condition is None:
        return NOT_APPLIED
    if policy.wait(condition) > 0:
        return policy.look_again(condition)
    await refresh_view(connection, view, policy)
    condition = await refresh_state(connection, view)
    return NOT_APPLIED if condition is None else policy.look_again(condition)
