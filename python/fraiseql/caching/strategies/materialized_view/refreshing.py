"""Refresh of a materialized view, by one process at a time."""
# ruff: noqa: S608 - names come from the catalog, and are quoted

from dataclasses import dataclass
from typing import Any, Final

from fraiseql.caching.advisory_locks import FILLING
from fraiseql.caching.changes.compaction import empty
from fraiseql.caching.changes.log import LOG, seconds_since
from fraiseql.caching.changes.state import CLUSTER, STATE
from fraiseql.caching.dependencies.recorded import is_unchanged, record_again
from fraiseql.caching.dependencies.view_age import age, age_unknown, end_state, shape_now
from fraiseql.caching.strategies.materialized_view.policy import Policy, RefreshState
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import DatabaseError, FraiseQLError
from fraiseql.expressions import literal

_LOCK_TIMEOUT: Final = 2.0  # of a plain refresh, since readers queue behind it
# A statement whose client is gone ends within this time and releases the view.
_SETTINGS: Final = """
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL statement_timeout = 0;
DO $$ BEGIN PERFORM set_config('client_connection_check_interval', '500ms', true);
  -- Not every system lets a server watch its clients.
  EXCEPTION WHEN invalid_parameter_value THEN NULL; END $$
"""
_LOCK_OR_SKIP: Final = f"SELECT FROM {STATE} WHERE name = $1 FOR UPDATE SKIP LOCKED"
_LOCK_OR_WAIT: Final = f"SELECT FROM {STATE} WHERE name = $1 FOR UPDATE"
_OWN_CLUSTER: Final = f"SELECT cluster = {CLUSTER} AS own FROM {STATE} WHERE name = $1"
_REFRESH_STATE: Final = """
SELECT CASE WHEN {populated} THEN {age} END AS age, {since} AS since, v.took, v.fails,
  {since_failed} AS since_failed,
  pg_current_snapshot()::text AS snap, {age_unknown} AS age_unknown,
  (SELECT c.relispopulated AND EXISTS (
     SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
       AND i.indpred IS NULL AND i.indexprs IS NULL)
   FROM pg_class c WHERE c.oid = to_regclass({name})) AS concurrently
FROM {state} v WHERE v.name = {name}
"""
POPULATED: Final = """\
(SELECT c.relispopulated FROM pg_class c WHERE c.oid = to_regclass({name}))"""
"""Whether a view has data: without, it misses everything, and its age is unknown."""

_FILLS: Final = f"SELECT pg_advisory_xact_lock_shared({FILLING})"
_BEGUN: Final = f"UPDATE {STATE} SET snap = $2::text::pg_snapshot, as_of = now() WHERE name = $1"
# A refresh fires no trigger: this invalidates cached results that were read from the view.
_MARKED: Final = f"""
INSERT INTO {LOG} (tag, xid, at)
VALUES ($1::text::regclass::oid::text, pg_current_xact_id(), clock_timestamp())
ON CONFLICT DO NOTHING
"""
_FAILED: Final = f"""
UPDATE {STATE} SET fails = fails + 1, failed_at = clock_timestamp(), failure = left($2, 1000)
WHERE name IN (SELECT name FROM {STATE} WHERE name = $1 FOR UPDATE SKIP LOCKED)
"""
_ADOPT: Final = f"UPDATE {STATE} SET snap = NULL, shape = NULL, cluster = {CLUSTER}"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A finished refresh.

    Attributes:
        view: The materialized view, quoted and qualified.
        took: Duration in seconds.
        age: Its age before, in seconds; None if unknown.
        concurrently: Whether readers did not wait.
    """

    view: str
    took: float
    age: float | None
    concurrently: bool


async def refresh_state(connection: AdminConnection, view: str) -> RefreshState | None:
    """Return the state of a view; None if the view does not exist.

    Raises:
        DatabaseError, SourceError: The state of views cannot be read.
    """
    if not await connection.fetchval(f"SELECT to_regclass('{STATE}') IS NOT NULL"):
        return None
    row = await _read_state(connection, view)
    return None if row is None else _state_of(row)


async def refresh_view(
    connection: AdminConnection, view: str, policy: Policy | None = None, *, wait: bool = False
) -> Refreshed | None:
    """Refresh a view, unless another process is refreshing it or the policy says to wait.

    The recorded snapshot is taken before the query runs. A write committed in between is in the
    view although it counts as missing, never the other way round.

    Args:
        connection: A connection of the view's owner, outside any transaction.
        view: Quoted and qualified.
        policy: Checked again under the lock, since another process may just have refreshed the
            view; None refreshes in any case.
        wait: Whether to wait for another process's refresh and then refresh again.

    Raises:
        DatabaseError, SourceError: The refresh failed; only the failure was recorded.
    """
    await _adopted(connection, view)
    try:
        return await _refreshed(connection, view, policy, _LOCK_OR_WAIT if wait else _LOCK_OR_SKIP)
    except FraiseQLError as error:
        if connection.usable:
            async with connection.begun(lock_timeout=_LOCK_TIMEOUT):
                await connection.execute(_FAILED, view, str(error.__cause__ or error))
        raise


async def _refreshed(
    connection: AdminConnection, view: str, policy: Policy | None, lock: str
) -> Refreshed | None:
    async with connection.begun():
        await connection.execute(_SETTINGS)
        # A row lock lets one process refresh; it is released if the connection is lost.
        if not await connection.fetch(lock, view):
            return None
        await connection.execute(_FILLS)
        shape = await connection.fetchval(shape_now(view))
        row = await _read_state(connection, view)
        if policy is not None and policy.wait(_state_of(row)) > 0:
            return None
        concurrently = "CONCURRENTLY " if row["concurrently"] else ""
        if not concurrently:
            await connection.execute(f"SET LOCAL lock_timeout = {round(_LOCK_TIMEOUT * 1000)}")
        await connection.execute(_BEGUN, view, row["snap"])
        await connection.execute(record_again(view))
        async with connection.declared():
            await connection.execute(f"REFRESH MATERIALIZED VIEW {concurrently}{view}")
        await connection.execute(_MARKED, view)
        unchanged = f"found.shape = $1 AND {is_unchanged(view)}"
        await connection.execute(end_state(view, unchanged), shape)
        took = await connection.fetchval(f"SELECT took FROM {STATE} WHERE name = $1", view)
    return Refreshed(view, took, row["age"], bool(concurrently))


async def _read_state(connection: AdminConnection, view: str) -> Any:
    query = _REFRESH_STATE.format(
        age=age(view),
        populated=POPULATED.format(name=literal(view)),
        since=seconds_since("v.as_of"),
        since_failed=seconds_since("v.failed_at"),
        age_unknown=age_unknown("v"),
        name=literal(view),
        state=STATE,
    )
    return await connection.fetchrow(query)


def _state_of(row: Any) -> RefreshState:
    names = ("age", "since", "took", "fails", "since_failed", "age_unknown")
    return RefreshState(*(row[name] for name in names))


async def _adopted(connection: AdminConnection, view: str) -> None:
    """Reset transaction numbers of another cluster, if the rows were restored from a dump."""
    exists = await connection.fetchval(f"SELECT to_regclass('{STATE}') IS NOT NULL")
    own = await connection.fetchval(_OWN_CLUSTER, view) if exists else None
    if own is None:
        raise DatabaseError(f"{view} does not exist.", hint="Run fraiseql db apply.")
    if own:
        return
    async with connection.begun(lock_timeout=_LOCK_TIMEOUT):
        await empty(connection)
        await connection.execute(_ADOPT)
