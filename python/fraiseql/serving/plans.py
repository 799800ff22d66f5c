"""Plans ready to serve: of a whole operation, and of its root fields where some are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fraiseql.database import Identity
from fraiseql.native import Shape
from fraiseql.results import Part, Unit
from fraiseql.serving.execution.run import CompiledPlan


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A root field as a result cache knows it.

    Attributes:
        part: What is kept.
        unit: What answers it.
    """

    part: Part
    unit: Unit


@dataclass(frozen=True, slots=True, eq=False)
class RootPart:
    """One root field of a split operation.

    Attributes:
        key: Response key.
        serving: The plan of this field alone.
        name: What stands before its value in the response: the key as JSON, and a colon.
        arguments: Sources of its arguments by Python name.
        usual: How it is kept; None where it is not.
        under_role: The same for requests with a role, which read live what others read kept.
        constant: Whether it is the same text at any time: ``__typename``.
    """

    key: str
    serving: "ServingPlan"
    name: bytes
    arguments: Mapping[str, Any]
    usual: Variant | None = None
    under_role: Variant | None = None
    constant: bool = False

    def variant(self, identity: Identity) -> Variant | None:
        """Return how the field is kept for a request."""
        return self.usual if identity.role is None else self.under_role


class ServingPlan:
    """A plan ready to serve: compiled statements and the native shape.

    Attributes:
        compiled: The statements.
        shape: Renders the response.
        parts: The root fields by themselves; None where none of them is kept.
    """

    __slots__ = ("compiled", "parts", "shape")

    def __init__(self, compiled: CompiledPlan) -> None:
        self.compiled = compiled
        self.shape = Shape(orjson.dumps(compiled.plan.shape))
        self.parts: tuple[RootPart, ...] | None = None
