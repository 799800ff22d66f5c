"""Plans ready to serve, of operations and of their root fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import orjson

from fraiseql.bounded import Bounded
from fraiseql.database import Identity
from fraiseql.events import OperationEvents
from fraiseql.native import Shape
from fraiseql.results import CacheableField, FieldCache
from fraiseql.serving.execution.compiled_plan import CompiledPlan
from fraiseql.serving.planning.plan import ConstantRoot


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A root field as a result cache sees it.

    Attributes:
        part: The description of the cached value.
        unit: The cache of this field.
    """

    part: CacheableField
    unit: FieldCache


@dataclass(frozen=True, slots=True, eq=False)
class RootPart:
    """One root field of a partitioned operation.

    Attributes:
        key: Response key.
        serving: The plan of this field alone.
        name: The text before its value in the response: the key as JSON, and a colon.
        arguments: Sources of its arguments by Python name.
        default_variant: How it is cached for requests without a role; None when it is not.
        role_variant: How it is cached for requests with a role: only values read from current
            documents, since each statement decides whether the role may read stored ones.
        constant: Whether it is always the same text: ``__typename``.
    """

    key: str
    serving: "ServingPlan"
    name: bytes
    arguments: Mapping[str, Any]
    default_variant: Variant | None = None
    role_variant: Variant | None = None
    constant: bool = False

    def variant(self, identity: Identity) -> Variant | None:
        """Return how the field is cached for a request."""
        return self.default_variant if identity.role is None else self.role_variant

    def described(self, identity: Identity) -> Iterator[str]:
        """Yield in words how the field is cached for a request; nothing when it is not."""
        variant = self.variant(identity)
        if variant is not None:
            yield f"{self.key}: answers are cached with {variant.part.cache!r}"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """An operation by its root fields.

    Attributes:
        parts: Its root fields, in order.
        roots: The number of root fields that are no constants.
        keys_digest: Digest of their response keys.
    """

    parts: tuple[RootPart, ...]
    roots: int
    keys_digest: str
    _default_units: tuple[FieldCache, ...] = ()
    _role_units: tuple[FieldCache, ...] = ()

    @classmethod
    def of(cls, parts: Sequence[RootPart]) -> Self:
        """Return the operation with these root fields."""
        names = b",".join([part.name for part in parts])
        roots = sum(not part.constant for part in parts)
        default = _units([part.default_variant for part in parts])
        role = _units([part.role_variant for part in parts])
        return cls(tuple(parts), roots, sha256(names).hexdigest()[:12], default, role)

    def units(self, identity: Identity) -> tuple[FieldCache, ...]:
        """Return the caches of all root fields for a request; none if any field has none."""
        return self._default_units if identity.role is None else self._role_units

    def described(self, identity: Identity) -> Iterator[str]:
        """Yield in words how its root fields are cached for a request."""
        for part in self.parts:
            yield from part.described(identity)


def _units(variants: Sequence[Variant | None]) -> tuple[FieldCache, ...]:
    units = [variant.unit for variant in variants if variant is not None]
    return tuple(units) if len(units) == len(variants) else ()


class ServingPlan:
    """A plan ready to serve: compiled statements and the native shape.

    Attributes:
        compiled: The statements.
        shape: Renders the response.
        roots: The number of root fields that are no constants.
        split: The root fields by themselves; None when none of them is cached.
        serial: The root fields of a mutation, which run one after the other.
        events: Receives the requests of the plan; None before the first, or without a receiver.
        numbers: Numbers of its native plans, by their keys; None before the first.
        native: Why Python answers its requests; empty if the native server does, None before that
            is known.
    """

    __slots__ = ("compiled", "events", "native", "numbers", "roots", "serial", "shape", "split")

    def __init__(self, compiled: CompiledPlan) -> None:
        self.compiled = compiled
        self.shape = Shape(orjson.dumps(compiled.plan.shape))
        roots = compiled.plan.roots
        self.roots = sum(not isinstance(root, ConstantRoot) for root in roots)
        self.split: Split | None = None
        self.serial: tuple[RootPart, ...] = ()
        self.events: OperationEvents | None = None
        self.numbers: Bounded[bytes, int] | None = None
        self.native: str | None = None
