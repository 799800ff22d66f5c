"""Declarations of one application."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fraiseql.schema.definitions import (
    EnumDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    QueryDefinition,
    ScalarDefinition,
    UnionDefinition,
)

Composite = ObjectDefinition | InterfaceDefinition
Definition = (
    ObjectDefinition
    | InterfaceDefinition
    | InputDefinition
    | EnumDefinition
    | UnionDefinition
    | ScalarDefinition
)


@dataclass(slots=True)
class Model:
    """Definitions with evaluated hints, in the order in which they were found.

    Attributes:
        definitions: By a hint's target: the declared class, or the definition of a union or scalar.
        queries: In the order of the application.
    """

    definitions: dict[Any, Definition] = field(default_factory=dict)
    queries: list[QueryDefinition] = field(default_factory=list)

    def composite(self, target: Any) -> Composite | None:
        """Return a target's object or interface, or None."""
        definition = self.definitions.get(target)
        return (
            definition if isinstance(definition, ObjectDefinition | InterfaceDefinition) else None
        )

    def composites(self) -> Iterator[Composite]:
        """Yield every object and interface."""
        for definition in self.definitions.values():
            if isinstance(definition, ObjectDefinition | InterfaceDefinition):
                yield definition
