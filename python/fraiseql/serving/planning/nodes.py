"""Plans of root fields that answer objects by their global ids."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from graphql import GraphQLObjectType

from fraiseql.field_access import is_rounded
from fraiseql.schema import Schema
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.nodes import node_key
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.filters import parse_filter
from fraiseql.serving.planning.objects import ObjectPlanner
from fraiseql.serving.planning.plan import NodeRoot, RefusedRoot, SqlRoot
from fraiseql.serving.planning.reads import KEY, RelationQuery
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.planning.selection import SelectedField, Selection
from fraiseql.serving.planning.stored_query import find_stored_query

_TYPE: Final = "__typename"


class NodePlanner:
    """Plans root fields with global ids.

    Args:
        relations: The application's relations.
        objects: Builds the shape.
        denials: The rights that the request does not have.
    """

    def __init__(self, relations: Relations, objects: ObjectPlanner, denials: Denials) -> None:
        self._relations = relations
        self._schema: Schema = relations.schema
        self._objects = objects
        self._denials = denials

    def plan(
        self, selected: SelectedField, definition: QueryDefinition, ids: Any, stream: int
    ) -> tuple[int, NodeRoot]:
        """Return the node in the shape and the plan of a root field.

        Args:
            selected: The field.
            definition: Its declaration.
            ids: A text, a list of texts, or a ``ValueRef`` to one.
            stream: Number of its stream.
        """
        assert definition.nodes is not None and selected.selection is not None  # noqa: S101, PT018
        many = definition.name == "nodes"
        roots: dict[str, SqlRoot | RefusedRoot] = {}
        cases = []
        for name in self._names(definition, selected.selection):
            node, roots[name] = self._plan(name, selected, stream)
            cases.append([name, node])
        abstract = {"kind": "abstract", "type": "Node", "discriminator": _TYPE, "cases": cases}
        node = self._objects.shape.add(abstract)
        if many:
            listed = {"kind": "list", "item": node, "item_nullable": True}
            node = self._objects.shape.add(listed)
        sizes = {name: len(node_key(self._schema.objects[name])) for name in roots}
        several = {
            name: _for_several(root)
            for name, root in roots.items()
            if many and isinstance(root, SqlRoot) and self._is_exact(name)
        }
        maximum = definition.nodes.max_ids
        return node, NodeRoot(stream, selected.key, ids, many, maximum, roots, several, sizes)

    def _is_exact(self, name: str) -> bool:
        """Return whether a type's key is compared as it is stored."""
        bound = self._relations.bound_relation(name)
        assert bound is not None  # noqa: S101 - nodes() requires a sql_source
        accesses = self._relations.accesses(name, bound)
        return not any(is_rounded(accesses[part]) for part in node_key(self._schema.objects[name]))

    def _names(self, definition: QueryDefinition, selection: Selection) -> Collection[str]:
        assert definition.nodes is not None  # noqa: S101 - the caller checked
        names = {self._schema.classes[each] for each in definition.nodes.types}
        return [name for name in selection.objects if name in names]

    def _plan(
        self, name: str, selected: SelectedField, stream: int
    ) -> tuple[int, SqlRoot | RefusedRoot]:
        assert selected.selection is not None  # noqa: S101 - the caller checked
        type_: Any = self._schema.graphql.type_map[name]
        assert isinstance(type_, GraphQLObjectType)  # noqa: S101 - nodes() checks the types
        fields, refusals = selected.selection.objects[name], selected.selection.refusals
        refused = {name: refusals[name]} if name in refusals else {}
        bound = self._relations.bound_relation(name)
        assert bound is not None  # noqa: S101 - nodes() requires a sql_source
        selection = Selection(type_, {name: fields}, refused)
        node, read = self._objects.value(type_, selection, bound)
        assert read is not None  # noqa: S101 - the type has a relation
        key = node_key(self._schema.objects[name])
        denial = self._denials.of_cursors(selected.name, [(name, part) for part in key])
        if denial is not None:
            return node, RefusedRoot(stream, denial)
        equal = {part: ValueRef(KEY, (place,)) for place, part in enumerate(key)}
        where = parse_filter(equal, self._relations.scope(name, bound))
        query = RelationQuery(read, where, limit=1)
        stored = find_stored_query(self._relations, self._relations.sources.sources[name], query)
        return node, SqlRoot(stream, selected.key, query, False, 1, stored)


def _for_several(root: SqlRoot) -> SqlRoot:
    """Return the statement that reads the rows of several keys, in their order."""
    stored = root.stored
    if stored is not None:
        stored = replace(stored, query=replace(stored.query, outcome="keys"))
    return replace(root, query=replace(root.query, outcome="keys"), many=True, stored=stored)
