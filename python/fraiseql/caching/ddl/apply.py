"""Apply: runs a plan's steps so that a process that is killed at any point can begin again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

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

LOCK: Final = 4_711_310_015  # the framework's own number; any other would do
_RETRIED: Final = frozenset({"55P03", "40P01"})
# A view or function whose columns or result have changed cannot be replaced in place.
_NOT_IN_PLACE: Final = frozenset({"42P16", "42P13"})

Watch = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LockRetry:
    """How long locks are waited for.

    Attributes:
        lock_timeout: Seconds that a statement waits for a lock, and others queue behind it.
        attempts: How often a step is tried.
        pause: Seconds before the second attempt; doubled for each further one, to ten at most.
        turn: Seconds to wait for another apply to end.
    """

    lock_timeout: float = 2.0
    attempts: int = 12
    pause: float = 0.5
    turn: float = 60.0


UNDECLARED: Final = "fraiseql (undeclared)"
"""Owner of what no declaration wants: it is nobody's to withdraw by declaring something else."""


async def find_plan(
    connection: AdminConnection, wanted: DesiredState, *, extending: bool = False
) -> MigrationPlan:
    """Return the plan for ``wanted`` as the database is now; nothing is changed.

    Args:
        connection: A connection that may write.
        wanted: What is to be there.
        extending: Whether all else that was made stays.

    Raises:
        DatabaseError: The database cannot be read, or its ledger is of a newer version.
    """
    async with connection.begun():
        version = await ledger_version(connection)
        asked = {one.key for one in wanted.objects}
        ledger = {
            key: entry
            for key, entry in (await read_ledger(connection)).items()
            if key in asked or not (extending or entry.owner == UNDECLARED)
        }
        keys = {*ledger, *asked}
        present = await introspect(connection, keys)
        major = await _major(connection)
    return make_plan(
        wanted.objects, ledger, present, major, refusals=wanted.refusals, version=version
    )


async def apply(
    connection: AdminConnection,
    wanted: DesiredState,
    *,
    patience: LockRetry = LockRetry(),
    watch: Watch = lambda _: None,
    extending: bool = False,
) -> MigrationPlan:
    """Make ``wanted`` true, and return the plan that was carried out.

    One process applies at a time, others wait. Each step is recorded in the transaction that it
    runs in; what cannot run in one is recorded before and after, and cleaned up when it was
    interrupted.

    Args:
        connection: A connection that may write.
        wanted: What is to be there.
        patience: How long locks are waited for.
        watch: Told of every step, statement and commit before it runs.
        extending: Whether all else that was made stays.

    Raises:
        DeclarationError: Something declared cannot be had; nothing was changed.
        DatabaseError: A step failed; the steps before it stay, and the next apply goes on there.
    """
    async with _turn(connection, patience):
        plan = await find_plan(connection, wanted, extending=extending)
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
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
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
            await connection.fetchval("SELECT pg_advisory_unlock($1)", LOCK)


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
                    hint="Steps before this one are applied and stay; apply again goes on here.",
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
        f"{step.title}: its lock could not be had in {patience.attempts} attempts of"
        f" {patience.lock_timeout:g} s.",
        hint="End the long transactions on the table (pg_stat_activity), then apply again.",
        code="LOCK_TIMEOUT",
    )


async def _run(connection: AdminConnection, step: Step, patience: LockRetry, watch: Watch) -> None:
    if not step.transactional:
        return await _run_outside(connection, step, watch)
    async with connection.begun(lock_timeout=patience.lock_timeout):
        for one in step.dropped:
            await _all(connection, one.drop, watch)
            await forget(connection, one.key)
        for one in step.made:
            await _make(connection, one, watch, in_place=step.action == "replace")
        await _record_made(connection, step.made)
        watch("COMMIT")
    return None


async def _make(
    connection: AdminConnection, one: DatabaseObject, watch: Watch, *, in_place: bool
) -> None:
    if not in_place or not one.drop:
        return await _create(connection, one, watch)
    await connection.execute("SAVEPOINT fraiseql_step")
    try:
        await _create(connection, one, watch)
    except DatabaseError as error:
        if sqlstate_of(error) not in _NOT_IN_PLACE:
            raise
        await connection.execute("ROLLBACK TO SAVEPOINT fraiseql_step")
        await _all(connection, one.drop, watch)
        await _create(connection, one, watch)
    return None


async def _run_outside(connection: AdminConnection, step: Step, watch: Watch) -> None:
    """Run what no transaction can hold: marked before, so that what it leaves is cleaned up."""
    await connection.execute("SET lock_timeout = 0")
    made = {one.key for one in step.made}
    for one in step.dropped:
        if one.key not in made:
            await record_dropping(connection, one.key)
            await _all(connection, one.drop, watch)
            watch("record")
            await forget(connection, one.key)
    for one in step.made:
        watch("record")
        await record(connection, one, "doing")
        if step.action != "create":
            await _all(connection, one.drop, watch)
        await _create(connection, one, watch)
        async with connection.begun():
            await _record_made(connection, (one,))
            watch("COMMIT")


async def _all(connection: AdminConnection, statements: Iterable[str], watch: Watch) -> None:
    for statement in statements:
        watch(statement)
        await connection.execute(statement)


async def _create(connection: AdminConnection, one: DatabaseObject, watch: Watch) -> None:
    for statement in one.create:
        watch(statement)
        async with connection.declared() if statement == one.declared else nullcontext():
            await connection.execute(statement)


async def _record_made(connection: AdminConnection, made: tuple[DatabaseObject, ...]) -> None:
    seen = await introspect(connection, [one.key for one in made])
    major = await _major(connection)
    for one in made:
        await record(connection, one, "done", seen.get(one.key), major)


async def _major(connection: AdminConnection) -> int:
    return int(await connection.fetchval("SELECT current_setting('server_version_num')")) // 10_000
