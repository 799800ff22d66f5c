"""Plans of connections, and the rows to read for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import GraphQLError, get_named_type

from fraiseql.field_access import FieldAccess
from fraiseql.schema.connections import (
    AGGREGATE,
    COUNT,
    COUNT_KIND,
    CURSOR,
    DEFAULT_CAP,
    EDGES,
    END_CURSOR,
    NODES,
    PAGE_INFO,
    START_CURSOR,
    row_named,
)
from fraiseql.serving.planning.arguments import ArgumentReader
from fraiseql.serving.planning.groups import GroupPlanner, row_fields
from fraiseql.serving.planning.object_nodes import ObjectNodes
from fraiseql.serving.planning.reads import (
    ConnectionParts,
    CountPart,
    OrderTerm,
    RelationRead,
    merged,
)
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.serving.planning.shapes import field_node

_ROWS: Final = frozenset({EDGES, NODES})


@dataclass(frozen=True, slots=True)
class PlannedConnection:
    """One connection.

    Attributes:
        node: Its node in the shape.
        read: The parts of each row to read.
        parts: The parts of the connection to read.
        lists: The selected lists of its rows.
    """

    node: int
    read: RelationRead
    parts: ConnectionParts
    lists: tuple[SelectedField, ...]


def plan_connection(
    objects: ObjectNodes,
    relations: Relations,
    reader: ArgumentReader,
    selected: SelectedField,
    bound: BoundRelation,
) -> PlannedConnection:
    """Return the plan of a field whose type is a connection.

    Args:
        objects: Builds the shape.
        relations: The application's relations.
        reader: Reads the arguments of its fields.
        selected: The field.
        bound: The relation of the rows.

    Raises:
        GraphQLError: An argument of a field is not valid, or totals that differ have one kind.
    """
    assert selected.field is not None  # noqa: S101 - __typename is planned before
    fields_of_rows = row_fields(relations, row_named(selected.field.type).name, bound, objects)
    groups = GroupPlanner(objects, fields_of_rows, ())
    planner = _ConnectionPlanner(objects, reader, bound, groups)
    node = planner.object(selected, planner.part)
    fields = _fields(selected)
    names = {part.name for part in fields}
    read = RelationRead(bound.relation) if not planner.reads else planner.reads[0]
    for other in planner.reads[1:]:
        read = merged(read, other)
    parts = ConnectionParts(
        edges=EDGES in names,
        nodes=NODES in names,
        cursors=CURSOR in _inside(fields, EDGES),
        page_info=_inside(fields, PAGE_INFO) if PAGE_INFO in names else None,
        counts=planner.counted(),
        aggregate=groups.groups({}) if AGGREGATE in names else None,
    )
    lists = tuple(part for part in fields if part.field is not None and part.name in _ROWS)
    return PlannedConnection(node, read, parts, lists)


def placed(parts: ConnectionParts, arguments: Mapping[str, Any]) -> tuple[ConnectionParts, Any]:
    """Return the parts of a connection with the place of its page, and its limit.

    Raises:
        GraphQLError: The arguments ask for a page from both ends.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise GraphQLError("A page has first or last, not both.")
    place = replace(
        parts,
        backward=last is not None,
        after=arguments.get("after"),
        before=arguments.get("before"),
    )
    return place, first if last is None else last


def fields_in_cursors(
    relations: Relations, order: Sequence[OrderTerm], type_name: str, bound: BoundRelation
) -> Iterator[tuple[str, str]]:
    """Yield the type and Python name of the fields whose values are in cursors of an order.

    The rows of an interface or union are of several types.
    """
    ordered = {_place(term.access) for term in order if not term.path}
    for part in dict.fromkeys([type_name, *relations.parts(type_name)]):
        for name, access in relations.accesses(part, bound).items():
            if _place(access) in ordered:
                yield part, name


def _place(access: FieldAccess) -> tuple[str, str]:
    """Return where a value is stored: its column, and its key if that is a document."""
    return access.column.name, access.name if access.in_document else ""


class _ConnectionPlanner:
    """Plans the fields of one connection."""

    def __init__(
        self,
        objects: ObjectNodes,
        reader: ArgumentReader,
        bound: BoundRelation,
        groups: GroupPlanner,
    ) -> None:
        self._objects = objects
        self._reader = reader
        self._bound = bound
        self._groups = groups
        self.reads: list[RelationRead] = []
        self._counts: dict[str, CountPart] = {}
        self._kind = False

    def object(self, selected: SelectedField, entry: Any) -> int:
        """Return the node of one of the connection's own objects."""
        assert selected.field is not None and selected.selection is not None  # noqa: S101, PT018
        name = get_named_type(selected.field.type).name
        return self._objects.object_node(name, selected.selection, entry)

    def part(self, part: SelectedField) -> dict[str, Any]:
        """Return the entry of a field of the connection."""
        if part.name == EDGES:
            item = self.object(part, self._plain)
            shape = {"kind": "list", "item": item, "item_nullable": False}
            return _entry(part, part.name, self._objects.shape.add(shape))
        if part.name == PAGE_INFO:
            return _entry(part, part.name, self.object(part, self._plain))
        if part.name == AGGREGATE:
            return _entry(part, part.name, self._groups.object(part))
        if part.name == COUNT:
            return self._plain(part, self._count(part))
        if part.name == COUNT_KIND:
            self._kind = True
        return self._plain(part)

    def _plain(self, part: SelectedField, name: str = "") -> dict[str, Any]:
        if part.field is None:
            return {"id": part.id, "key": part.key, "source": {"typename": True}}
        bound = None if part.selection is None else self._bound
        node, read = self._objects.value(part.field.type, part.selection, bound)
        if read is not None:
            self.reads.append(read)
        nullable = part.name in (START_CURSOR, END_CURSOR)
        return field_node(part.id, part.key, {"name": name or part.name}, node, nullable=nullable)

    def _count(self, part: SelectedField) -> str:
        """Add a total count and return its key in the document."""
        assert part.field is not None  # noqa: S101 - the caller checked
        arguments = self._reader.for_sql(part.field, part.nodes[0])
        mode, cap = arguments["mode"], arguments["cap"]
        name = COUNT if mode == "exact" else f"{COUNT}:{mode}"
        if mode == "capped":
            name = f"{name}:{cap}"
        self._counts[name] = CountPart(name, "", mode, cap)
        return name

    def counted(self) -> tuple[CountPart, ...]:
        """Return the total counts, with the one whose kind is selected.

        Raises:
            GraphQLError: There are several.
        """
        counts = list(self._counts.values())
        if not self._kind:
            return tuple(counts)
        if len(counts) > 1:
            raise GraphQLError(
                "totalCountKind is of one totalCount, but several that differ are selected."
            )
        count = counts[0] if counts else CountPart(COUNT, "", "exact", DEFAULT_CAP)
        return (replace(count, kind=COUNT_KIND),)


def _entry(part: SelectedField, name: str, node: int) -> dict[str, Any]:
    return field_node(part.id, part.key, {"name": name}, node, nullable=False)


def _fields(selected: SelectedField) -> tuple[SelectedField, ...]:
    if selected.field is None or selected.selection is None:
        return ()
    return selected.selection.objects.get(get_named_type(selected.field.type).name, ())


def _inside(fields: tuple[SelectedField, ...], name: str) -> frozenset[str]:
    """Return the names of the fields below all fields of a name."""
    return frozenset(inner.name for part in fields if part.name == name for inner in _fields(part))
