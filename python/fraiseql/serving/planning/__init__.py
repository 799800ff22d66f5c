"""Planning: from an operation to relations to read and a shape."""

from fraiseql.serving.planning.plan import (
    ComputedStep,
    ConstantRoot,
    FieldPlan,
    OperationPlan,
    PythonRoot,
    SqlRoot,
)
from fraiseql.serving.planning.planner import Planner

__all__ = [
    "ComputedStep",
    "ConstantRoot",
    "FieldPlan",
    "OperationPlan",
    "Planner",
    "PythonRoot",
    "SqlRoot",
]
