"""Plans of pages, and the rows to read for them."""

from dataclasses import dataclass
from typing import Any

from graphql import get_named_type

from fraiseql.schema.pages import HAS_NEXT_PAGE, ITEMS, TOTAL_COUNT
from fraiseql.serving.planning.objects import ObjectPlanner
from fraiseql.serving.planning.reads import PageParts, RelationRead, merged
from fraiseql.serving.planning.relations import BoundRelation
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.serving.planning.shapes import field_node


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """One page of rows.

    Attributes:
        node: Its node in the shape.
        read: The parts of each row to read.
        parts: The parts of the page to read.
        items: The selected lists of its items.
    """

    node: int
    read: RelationRead
    parts: PageParts
    items: tuple[SelectedField, ...]


def plan_page(objects: ObjectPlanner, selected: SelectedField, bound: BoundRelation) -> PlannedPage:
    """Return the plan of a root field whose type is a page.

    Args:
        objects: Builds the shape.
        selected: The root field.
        bound: The relation of the rows.
    """
    assert selected.field is not None and selected.selection is not None  # noqa: S101, PT018
    name = get_named_type(selected.field.type).name
    fields = selected.selection.objects.get(name, ())
    reads: list[RelationRead] = []

    def entry(part: SelectedField) -> dict[str, Any]:
        if part.field is None:
            return {"id": part.id, "key": part.key, "source": {"typename": True}}
        node, read = objects.value(part.field.type, part.selection, bound)
        if read is not None:
            reads.append(read)
        source = {"name": part.name}
        return field_node(part.id, part.key, source, node, nullable=False)

    node = objects.object_node(name, selected.selection, entry)
    read = RelationRead(bound.relation) if not reads else reads[0]
    for other in reads[1:]:
        read = merged(read, other)
    names = {part.name for part in fields}
    parts = PageParts(ITEMS in names, HAS_NEXT_PAGE in names, TOTAL_COUNT in names)
    items = tuple(part for part in fields if part.field is not None and part.name == ITEMS)
    return PlannedPage(node, read, parts, items)
