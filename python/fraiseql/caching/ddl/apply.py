"""Run the steps of a migration plan, resumable after a crash."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.advisory_locks import APPLY
from fraiseql.caching.ddl.desired_state import DesiredState
from fraiseql.caching.ddl.introspect import introspect
from fraiseql.caching.ddl.ledger import (
    forget,
    ledger_statements,
    ledger_version,
    read_ledger,
    record,
    record_dropping,
)
from fraiseql.caching.ddl.plan import MigrationPlan, Step, make_plan
from fraiseql.caching.objects import DatabaseObject
from fraiseql.database.writing import AdminConnection, server_message
from fraiseql.errors import DatabaseError, DeclarationError, sqlstate_of

_RETRIED: Final = frozenset({"55P03", "40P01"})
# A view or function with changed columns or result type cannot be replaced in place.
_NOT_IN_PLACE: Final = frozenset({"42P16", "42P13"})

Watch = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LockRetry:
    """Waiting times for locks.

    Attributes:
        lock_timeout: Seconds that a statement waits for a lock, while others queue behind it.
        attempts: Attempts of a step.
        pause: Seconds before the second attempt; doubled for each further one, up to ten.
        turn: Seconds to wait for another apply to end.
    """

    lock_timeout: float = 2.0
    attempts: int = 12
    pause: float = 0.5
    turn: float = 60.0


UNDECLARED: Final = "fraiseql (undeclared)"
"""Owner of objects without a declaration, which no changed declaration drops."""


async def find_plan(
    connection: AdminConnection, desired: DesiredState, *, extending: bool = False
) -> MigrationPlan:
    """Return the plan that leads to ``desired``, without changing anything.

    Args:
        connection: A connection that may write.
        desired: The desired state.
        extending: Whether objects outside of ``desired`` stay.

    Raises:
        DatabaseError: The database cannot be read, or its ledger is of a newer version.
    """
    async with connection.begun():
        version = await ledger_version(connection)
        desired_keys = {obj.key for obj in desired.objects}
        ledger = {
            key: entry
            for key, entry in (await read_ledger(connection)).items()
            if key in desired_keys or not (extending or entry.owner == UNDECLARED)
        }
        keys = {*ledger, *desired_keys}
        present = await introspect(connection, keys)
        major = await _major(connection)
    return make_plan(
        desired.objects, ledger, present, major, refusals=desired.refusals, version=version
    )


def unapplied_types(plan: MigrationPlan, desired: DesiredState) -> frozenset[str]:
    """Return the types that are refused, or whose objects are missing or differ."""
    changed = {verdict.owner for verdict in plan.states if verdict.state != "unchanged"}
    refused = {refusal.where.partition(".")[0] for refusal in plan.refusals}
    return frozenset(changed | refused | desired.refused)


async def apply(
    connection: AdminConnection,
    desired: DesiredState,
    *,
    patience: LockRetry = LockRetry(),
    watch: Watch = lambda _: None,
    extending: bool = False,
) -> MigrationPlan:
    """Apply ``desired``, and return the plan.

    One process applies at a time, others wait. Each step is recorded in its own transaction; a
    step that cannot run in one is recorded before and after, and cleaned up if interrupted.

    Args:
        connection: A connection that may write.
        desired: The desired state.
        patience: Waiting times for locks.
        watch: Called with every step, statement and commit before it runs.
        extending: Whether all else that was made stays.

    Raises:
        DeclarationError: A declaration cannot be applied; nothing was changed.
        DatabaseError: A step failed; earlier steps stay, and the next apply continues there.
    """
    async with _turn(connection, patience):
        plan = await find_plan(connection, desired, extending=extending)
        if plan.refusals:
            first = plan.refusals[0]
            text = "\n".join(str(refusal) for refusal in plan.refusals)
            raise DeclarationError(f"Nothing was applied.\n{text}", code=first.code)
        if plan.steps:
            await _make_ledger(connection, watch)
        for step in plan.steps:
            watch(step.title)
            await _patiently(connection, step, patience, watch)
    return plan


@asynccontextmanager
async def _turn(connection: AdminConnection, patience: LockRetry) -> AsyncIterator[None]:
    waited = 0.0
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", APPLY):
        if waited >= patience.turn:
            raise DatabaseError(
                f"Another apply has been running for {patience.turn:g} s.",
                hint="Wait for it. If its process was killed, PostgreSQL ends its statement first.",
                code="APPLY_RUNNING",
            )
        await asyncio.sleep(0.1)
        waited += 0.1
    try:
        yield
    finally:
        if connection.usable:
            await connection.fetchval("SELECT pg_advisory_unlock($1)", APPLY)


async def _make_ledger(connection: AdminConnection, watch: Watch) -> None:
    async with connection.begun():
        statements = ledger_statements(await ledger_version(connection))
        for statement in statements:
            watch(statement)
            await connection.execute(statement)
        if statements:
            watch("COMMIT")


async def _patiently(
    connection: AdminConnection, step: Step, patience: LockRetry, watch: Watch
) -> None:
    pause = patience.pause
    for attempt in range(1, patience.attempts + 1):
        try:
            return await _run(connection, step, patience, watch)
        except DatabaseError as error:
            if sqlstate_of(error) not in _RETRIED:
                raise DatabaseError(
                    f"{step.title}: {server_message(error)}",
                    hint="Earlier steps are applied and stay; the next apply continues here.",
                    code="STEP_FAILED",
                ) from error
            if attempt == patience.attempts:
                raise _no_lock(step, patience) from error
        watch(f"waiting for a lock: attempt {attempt + 1} in {pause:g} s")
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)
    return None


def _no_lock(step: Step, patience: LockRetry) -> DatabaseError:
    return DatabaseError(
        f"{step.title}: its lock was not free in {patience.attempts} attempts of"
        f" {patience.lock_timeout:g} s.",
        hint="End the long transactions on the table (pg_stat_activity), then apply again.",
        code="LOCK_TIMEOUT",
    )


async def _run(connection: AdminConnection, step: Step, patience: LockRetry, watch: Watch) -> None:
    if not step.transactional:
        return await _run_outside(connection, step, watch)
    async with connection.begun(lock_timeout=patience.lock_timeout):
        for obj in step.dropped:
            await _all(connection, obj.drop, watch)
            await forget(connection, obj.key)
        for obj in step.created:
            await _make(connection, obj, watch, in_place=step.action == "replace")
        await _record_made(connection, step.created)
        watch("COMMIT")
    return None


async def _make(
    connection: AdminConnection, obj: DatabaseObject, watch: Watch, *, in_place: bool
) -> None:
    if not in_place or not obj.drop:
        return await _create(connection, obj, watch)
    await connection.execute("SAVEPOINT fraiseql_step")
    try:
        await _create(connection, obj, watch)
    except DatabaseError as error:
        if sqlstate_of(error) not in _NOT_IN_PLACE:
            raise
        await connection.execute("ROLLBACK TO SAVEPOINT fraiseql_step")
        await _all(connection, obj.drop, watch)
        await _create(connection, obj, watch)
    return None


async def _run_outside(connection: AdminConnection, step: Step, watch: Watch) -> None:
    """Run a step outside of transactions: marked before, so that its remains are cleaned up."""
    await connection.execute("SET lock_timeout = 0")
    created = {obj.key for obj in step.created}
    for obj in step.dropped:
        if obj.key not in created:
            await record_dropping(connection, obj.key)
            await _all(connection, obj.drop, watch)
            watch("record")
            await forget(connection, obj.key)
    for obj in step.created:
        watch("record")
        await record(connection, obj, "doing")
        if step.action != "create":
            await _all(connection, obj.drop, watch)
        await _create(connection, obj, watch)
        async with connection.begun():
            await _record_made(connection, (obj,))
            watch("COMMIT")


async def _all(connection: AdminConnection, statements: Iterable[str], watch: Watch) -> None:
    for statement in statements:
        watch(statement)
        await connection.execute(statement)


async def _create(connection: AdminConnection, obj: DatabaseObject, watch: Watch) -> None:
    for statement in obj.create:
        watch(statement)
        async with connection.declared() if statement == obj.declared else nullcontext():
            await connection.execute(statement)


async def _record_made(connection: AdminConnection, created: tuple[DatabaseObject, ...]) -> None:
    seen = await introspect(connection, [obj.key for obj in created])
    major = await _major(connection)
    for obj in created:
        await record(connection, obj, "done", seen.get(obj.key), major)


async def _major(connection: AdminConnection) -> int:
    return int(await connection.fetchval("SELECT current_setting('server_version_num')")) // 10_000
