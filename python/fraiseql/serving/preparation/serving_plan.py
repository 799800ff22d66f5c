"""Plans ready to serve: of a whole operation, and of its root fields where some are kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import orjson

from fraiseql.database import Identity
from fraiseql.native import Shape
from fraiseql.results import Part, Unit
from fraiseql.serving.execution.run import CompiledPlan
from fraiseql.serving.planning.plan import ConstantRoot


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
        default_variant: How it is kept; None where it is not.
        role_variant: The same for requests with a role: kept only while what was read is current,
            since each statement decides whether the role is given stored documents.
        constant: Whether it is the same text at any time: ``__typename``.
    """

    key: str
    serving: "ServingPlan"
    name: bytes
    arguments: Mapping[str, Any]
    default_variant: Variant | None = None
    role_variant: Variant | None = None
    constant: bool = False

    def variant(self, identity: Identity) -> Variant | None:
        """Return how the field is kept for a request."""
        return self.default_variant if identity.role is None else self.role_variant

    def described(self, identity: Identity) -> Iterator[str]:
        """Yield in words how the field is kept for a request; nothing where it is not."""
        variant = self.variant(identity)
        if variant is not None:
            yield f"{self.key}: answers are kept as {variant.part.cache!r} says"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A split operation.

    Attributes:
        parts: Its root fields, in order.
        roots: How many of them are no constants.
        structure: Digest of their names.
    """

    parts: tuple[RootPart, ...]
    roots: int
    structure: str

    @classmethod
    def of(cls, parts: Sequence[RootPart]) -> Self:
        """Return the operation with these root fields."""
        names = b",".join([part.name for part in parts])
        roots = sum(not part.constant for part in parts)
        return cls(tuple(parts), roots, sha256(names).hexdigest()[:12])


class ServingPlan:
    """A plan ready to serve: compiled statements and the native shape.

    Attributes:
        compiled: The statements.
        shape: Renders the response.
        roots: How many root fields are no constants.
        split: The root fields by themselves; None where none of them is kept.
    """

    __slots__ = ("compiled", "roots", "shape", "split")

    def __init__(self, compiled: CompiledPlan) -> None:
        self.compiled = compiled
        self.shape = Shape(orjson.dumps(compiled.plan.shape))
        roots = compiled.plan.roots
        self.roots = sum(not isinstance(root, ConstantRoot) for root in roots)
        self.split: Split | None = None
