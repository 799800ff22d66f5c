"""Estimated memory of operations and plans, in bytes."""

from collections.abc import Iterator
from typing import Final

from fraiseql.serving.document import Operation
from fraiseql.serving.execution.run import CompiledStoredRoot
from fraiseql.serving.preparation.serving_plan import ServingPlan

# Measured with 12 KB documents, filters, orders and small documents; see tests.soak_memory.
_OPERATION: Final = 4_000
_TOKEN: Final = 500
_PLAN: Final = 6_000
_FIELD: Final = 800


def operation_weight(operation: Operation) -> int:
    """Return the weight of a validated operation."""
    return _OPERATION + _TOKEN * operation.document.token_count


def plan_weight(serving: ServingPlan, operation: Operation) -> int:
    """Return the weight of a plan, whose fields reference the operation's syntax tree."""
    parts = (*serving.serial, *(serving.split.parts if serving.split else ()))
    plans = [serving, *[part.serving for part in parts]]
    return operation_weight(operation) + sum(_own_weight(plan) for plan in plans)


def _own_weight(serving: ServingPlan) -> int:
    statements = sum(_statements(serving))
    return _PLAN + _FIELD * len(serving.compiled.plan.fields) + statements


def _statements(serving: ServingPlan) -> Iterator[int]:
    for root in serving.compiled.sql:
        yield root.query.weight
        if isinstance(root, CompiledStoredRoot):
            yield root.stored.weight
