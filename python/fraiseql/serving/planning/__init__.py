"""Planning: from an operation to the rows to read and the shapes to render."""

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
