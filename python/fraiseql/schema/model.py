"""The declarations of one application, as found from its types and queries."""

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
        definitions: By what a hint's target is: the declared class, or the union's or scalar's
            definition as it was declared.
        queries: In the order given.
    """

    definitions: dict[Any, Definition] = field(default_factory=dict)
    queries: list[QueryDefinition] = field(default_factory=list)

    def composite(self, target: Any) -> Composite | None:
        """Return the object or interface that a target is, or None."""
        found = self.definitions.get(target)
        return found if isinstance(found, ObjectDefinition | InterfaceDefinition) else None

    def composites(self) -> Iterator[Composite]:
        """Yield every object and interface."""
        for definition in self.definitions.values():
            if isinstance(definition, ObjectDefinition | InterfaceDefinition):
                yield definition
