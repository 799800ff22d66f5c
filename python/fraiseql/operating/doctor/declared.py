"""Diagnoses of stored documents and caches: the declarations against the database."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fraiseql.caching.ddl.apply import find_plan, unapplied_types
from fraiseql.caching.ddl.desired_state import DesiredState, load_desired_state
from fraiseql.caching.ddl.plan import MigrationPlan, Step
from fraiseql.caching.ddl.trace_objects import TRACE_NAMES
from fraiseql.caching.refresh.queues import queue_statuses
from fraiseql.caching.refresh.rolling import overdue
from fraiseql.caching.refresh.status import view_statuses
from fraiseql.caching.results.admin.privileges import missing_privileges
from fraiseql.caching.results.declared import caches_of
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.registry import load_context, strategy_of
from fraiseql.caching.verify import verify
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.operating.doctor.fault import MANUAL, SHELL, Diagnosis
from fraiseql.operating.doctor.faults.declared import FAULTS
from fraiseql.operating.doctor.thresholds import Thresholds
from fraiseql.schema import Schema
from fraiseql.schema.storage import MaterializedView

_BY_CODE: Final = {fault.code: fault for fault in FAULTS}


@dataclass(frozen=True, slots=True)
class Declared:
    """Declarations, and their state in the database.

    Attributes:
        desired: The declared objects.
        plan: The steps that are missing.
        applied: Stored types whose objects exist as declared.
        app: The application's name on the command line.
        thresholds: Figures from which on a state is a fault.
    """

    desired: DesiredState
    plan: MigrationPlan
    applied: tuple[StoredType, ...]
    app: str
    thresholds: Thresholds


async def declared_diagnoses(
    schema: Schema, pool: Pool, app: str, thresholds: Thresholds, now: datetime, *, deep: bool
) -> list[Diagnosis]:
    """Compare the declarations with the database.

    Args:
        schema: The declarations.
        pool: Connections of the role that looks.
        app: The application's name on the command line.
        thresholds: Figures from which on a state is a fault.
        now: The present.
        deep: Whether to compare documents.

    Raises:
        DatabaseError: The database cannot be read; ``LEDGER_NOT_READABLE`` if the role may not.
    """
    desired = await load_desired_state(schema, pool)
    context = await load_context(schema, pool)
    async with open_admin(pool) as reader:
        plan = await find_plan(reader, desired)
        missing = unapplied_types(plan, desired)
        applied = [each for each in desired.stored_types if each.type_name not in missing]
        declared = Declared(desired, plan, tuple(applied), app, thresholds)
        diagnoses = [*_not_applied(declared)]
        diagnoses += [each async for each in _behind(declared, reader)]
        for spec, cut in await overdue(context, reader, now):
            command = f"refresh {app} --worker"
            evidence = {"cut_off": str(cut), "step": spec.declared.step}
            diagnoses.append(_diagnosis("ROLLING_INDEX_BEHIND", spec.sql_name(), evidence, command))
        live = [each async for each in _read_live(declared, pool)]
        diagnoses += live
        if deep:
            names = {each.object for each in live}
            read = [each for each in declared.applied if each.type_name not in names]
            diagnoses += [each async for each in _differing(declared, read, reader)]
    return diagnoses


def _diagnosis(code: str, place: str, evidence: dict[str, Any], command: str) -> Diagnosis:
    """Return a diagnosis whose command is for a shell, or for a person with ``MANUAL``."""
    fault = _BY_CODE[code]
    step = command if command.startswith(MANUAL) else f"{SHELL}fraiseql {command}"
    return Diagnosis(fault, place, fault.severity, evidence, (step,))


def _not_applied(declared: Declared) -> Iterator[Diagnosis]:
    for refusal in declared.plan.refusals:
        evidence = {"code": refusal.code, "message": refusal.message}
        step = f"{MANUAL}{refusal.alternative}"
        yield _diagnosis("NOT_APPLIED", refusal.where, evidence, step)
    steps = [step for step in declared.plan.steps if not _is_trace(step)]
    if steps:
        facts = {"steps": len(steps), "first": steps[0].title, "reason": steps[0].reason}
        yield _diagnosis("NOT_APPLIED", "declarations", facts, f"db apply {declared.app}")


def _is_trace(step: Step) -> bool:
    """Return whether a step only concerns the trace, without which nothing is slower."""
    return all(obj.name in TRACE_NAMES for obj in (*step.dropped, *step.created))


async def _behind(declared: Declared, reader: AdminConnection) -> AsyncIterator[Diagnosis]:
    most = declared.thresholds.queue_seconds
    for queue in await queue_statuses(reader, declared.applied):
        if queue.age is not None and queue.age > most:
            evidence = {"seconds": round(queue.age, 1), "threshold_seconds": most}
            command = f"refresh {declared.app} --worker"
            yield _diagnosis("QUEUE_BEHIND", queue.type_name, evidence, command)
    bounds = {
        each.type_name: each.stored.bound
        for each in declared.applied
        if isinstance(each.stored, MaterializedView)
    }
    for view in await view_statuses(reader, declared.applied):
        bound = bounds[view.type_name]
        if view.fails or (bound is not None and (view.age or 0) > bound):
            facts = {"seconds": view.age, "declared": bound, "failure": view.failure}
            command = f"refresh {declared.app} {view.type_name}"
            yield _diagnosis("VIEW_BEHIND", view.type_name, facts, command)


async def _differing(
    declared: Declared, types: Iterable[StoredType], reader: AdminConnection
) -> AsyncIterator[Diagnosis]:
    sample = declared.thresholds.sample_percent
    for verified in await verify(reader, types, sample=sample):
        if verified.differing:
            evidence = {"compared": verified.compared, "differing": verified.differing}
            command = f"db repair {declared.app}"
            yield _diagnosis("STORED_DIFFERS", verified.type_name, evidence, command)


async def _read_live(declared: Declared, pool: Pool) -> AsyncIterator[Diagnosis]:
    for each in declared.applied:
        if await strategy_of(each).read_source(each, pool) is None:
            refresh = f"refresh {declared.app} {each.type_name}"
            command = refresh if each.stored.is_refreshed else f"db repair {declared.app}"
            yield _diagnosis("STORED_READS_LIVE", each.type_name, {}, command)


async def cache_diagnoses(schema: Schema, pool: Pool, app: str) -> list[Diagnosis]:
    """Return the missing privileges on result caches, which exist.

    Args:
        schema: The declarations.
        pool: Connections of the role that looks.
        app: The application's name on the command line.

    Raises:
        DatabaseError: The database cannot be read.
    """
    if not any(True for _ in caches_of(schema)):
        return []
    missing = await missing_privileges(pool.inspect)
    if not missing:
        return []
    evidence = {"missing": [f"{each.privilege} on {each.name}" for each in missing]}
    command = f"db grant {app} {pool.login_role}"
    return [_diagnosis("CACHE_NOT_ALLOWED", pool.login_role, evidence, command)]
