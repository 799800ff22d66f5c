"""Reasons why Python answers an operation, not the native server."""

from collections.abc import Iterator
from typing import Final

from fraiseql.schema import Schema
from fraiseql.serving.execution.compiled_plan import CompiledPlan
from fraiseql.serving.execution.run import CompiledRoot, CompiledStoredRoot
from fraiseql.serving.preparation.serving_plan import ServingPlan
from fraiseql.settings import Settings

CONTEXT: Final = "the application has a context= hook"
TELEMETRY: Final = "OpenTelemetry records each request"
NUMBER: Final = "a variable holds a number that is no integer of 64 bits"
PARAMETER: Final = "a parameter has a type without a text form"


def of_application(schema: Schema, settings: Settings) -> str | None:
    """Return why no operation of an application is native; None if some may be."""
    if schema.guards.present:
        return "the declarations have requires="
    if settings.role_required:
        return "the setting role_required is on"
    if settings.otel:
        return TELEMETRY
    if settings.trace == "values":
        return "the trace records values of parameters"
    if settings.trace != "off" and settings.trace_rate < 1.0:
        return "the trace records a share of the requests"
    return None


def of_plan(serving: ServingPlan) -> str | None:
    """Return why a plan is not native; None if it is."""
    return next(_of_plan(serving), None)


def _of_plan(serving: ServingPlan) -> Iterator[str]:
    compiled = serving.compiled
    if serving.serial:
        yield "it is a mutation"
    if serving.split is not None:
        yield "a root field has a result cache"
    if compiled.needs_python:
        yield "it calls Python functions"
    if compiled.nodes:
        yield "a root field reads objects by their global ids"
    if _has_errors(compiled):
        yield "its answer has errors"
    if not compiled.sql:
        yield "it reads nothing from the database"
    for root in compiled.sql:
        yield from _of_root(root)


def _has_errors(compiled: CompiledPlan) -> bool:
    return bool(compiled.refused or compiled.errors or compiled.plan.refusals)


def _of_root(root: CompiledRoot) -> Iterator[str]:
    if root.estimate is not None:
        yield f"{root.key} has an estimated count"
    queries = list(root.statements())
    if any(query.choose is not None for query in queries):
        yield f"the index of {root.key} depends on values"
    if any(query.has_cursor for query in queries):
        yield f"{root.key} has a cursor"
    if isinstance(root, CompiledStoredRoot):
        source = root.stored.source.source
        if source.freshness is not None:
            yield f"the stored documents of {root.key} may be stale"
        if source.place == "beside":
            yield f"stored documents of {root.key} may be absent"
