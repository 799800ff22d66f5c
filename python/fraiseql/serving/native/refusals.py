"""Reasons why Python answers an operation, not the native server."""

from collections.abc import Iterator
from typing import Final

from fraiseql.database import Identity
from fraiseql.schema import Guards
from fraiseql.serving.document import Operation
from fraiseql.serving.execution.compiled_plan import CompiledPlan
from fraiseql.serving.execution.run import CompiledRoot, CompiledStoredRoot
from fraiseql.serving.preparation.serving_plan import ServingPlan
from fraiseql.settings import Settings

CONTEXT: Final = "the context= hook does not declare which headers decide its result"
ROLE: Final = "the setting role_required is on, and no context= hook gives a role"
TELEMETRY: Final = "OpenTelemetry records each request"
CACHED: Final = (
    "its root fields have result caches (memory of the native server may have an equal request)"
)
NUMBER: Final = "a variable holds a number that is no integer of 64 bits"
PARAMETER: Final = "a parameter has a type without a text form"


def of_application(settings: Settings) -> str | None:
    """Return why no operation of an application is native; None if some may be."""
    if settings.otel:
        return TELEMETRY
    if settings.trace == "values":
        return "the trace records values of parameters"
    if settings.trace != "off" and settings.trace_rate < 1.0:
        return "the trace records a share of the requests"
    return None


def of_rights(guards: Guards, operation: Operation) -> str | None:
    """Return why the rights of a request are not known natively; None if it needs none.

    Only ``Identity`` declares how long they hold.
    """
    if guards.hiding:
        return "the declarations have requires= with hide=True"
    if operation.checks:
        return "its fields or arguments have requires="
    return None


def of_caches(serving: ServingPlan, identity: Identity) -> str | None:
    """Return why Python computes an operation with result caches; None if it has none."""
    split = serving.split
    if split is None:
        return None
    if split.units(identity):
        return CACHED
    missing = [
        part.key for part in split.parts if part.variant(identity) is None and not part.constant
    ]
    if not missing:
        return "__typename is asked for besides cached root fields"
    return f"some root fields have a result cache, and others have none: {', '.join(missing)}"


def of_identity(serving: ServingPlan, identity: Identity) -> str | None:
    """Return why a plan is not native for a role; None if it is."""
    if identity.role is None:
        return None
    for root in serving.compiled.sql:
        if isinstance(root, CompiledStoredRoot):
            return f"the privileges of a role for stored documents of {root.key} are checked"
    return None


def of_plan(serving: ServingPlan) -> str | None:
    """Return why a plan is not native; None if it is."""
    return next(_of_plan(serving), None)


def _of_plan(serving: ServingPlan) -> Iterator[str]:
    compiled = serving.compiled
    if serving.serial:
        yield "it is a mutation"
    if compiled.needs_python:
        yield "it calls Python functions"
    if compiled.nodes:
        yield "a root field reads objects by their global ids"
    if _has_errors(compiled):
        yield "its answer has errors"
    for root in compiled.sql:
        yield from _of_root(root)


def _has_errors(compiled: CompiledPlan) -> bool:
    plan = compiled.plan
    return bool(compiled.refused or compiled.errors or plan.refusals or plan.denials)


def _of_root(root: CompiledRoot) -> Iterator[str]:
    if root.estimate is not None:
        yield f"{root.key} has an estimated count"
    queries = list(root.statements())
    if any(query.choose is not None for query in queries):
        yield f"the index of {root.key} depends on values"
    if isinstance(root, CompiledStoredRoot):
        source = root.stored.source.source
        if source.freshness is not None:
            yield f"the stored documents of {root.key} may be stale"
        if source.place == "beside":
            yield f"stored documents of {root.key} may be absent"
