"""The parts of ``ObjectPlanner`` that connections and groups need."""

from collections.abc import Callable
from typing import Any, Protocol

from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.reads import RelationRead
from fraiseql.serving.planning.relations import BoundRelation
from fraiseql.serving.planning.selection import SelectedField, Selection
from fraiseql.serving.planning.shapes import ShapeBuilder


class ObjectNodes(Protocol):
    """Builds shape nodes and reads for one plan."""

    shape: ShapeBuilder
    denials: Denials

    def object_node(
        self,
        type_name: str,
        selection: Selection,
        entry: Callable[[SelectedField], dict[str, Any]],
    ) -> int:
        """Return the node of an object whose fields ``entry`` plans."""

    def value(
        self, type_: Any, selection: Selection | None, bound: BoundRelation | None
    ) -> tuple[int, RelationRead | None]:
        """Return the node of a field's value, and its read of each row of ``bound``."""

    def failed(self, selected: SelectedField, denial: Exception) -> dict[str, Any]:
        """Plan a field that is always an error; nothing is read for it."""
