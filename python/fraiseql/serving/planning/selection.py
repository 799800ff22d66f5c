"""Selected fields by type, with fragments and directives resolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import VariableValues

from fraiseql.serving.planning.arguments import input_error


@dataclass(frozen=True, slots=True, eq=False)
class SelectedField:
    """One response key of an object.

    Attributes:
        id: Number of the field within the plan; errors refer to it.
        key: Response key: the alias or the field's name.
        name: GraphQL name of the field.
        field: The schema's field; None for ``__typename``.
        nodes: Syntax nodes that were merged under the key.
        selection: The selection of the field's own type; None for leaves.
    """

    id: int
    key: str
    name: str
    field: GraphQLField | None
    nodes: tuple[FieldNode, ...]
    selection: "Selection | None"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The selected fields of a composite type.

    Attributes:
        type: The field's named type: object, interface or union.
        objects: Fields by possible object type, in response order.
        refusals: Errors by object type: a directive has an invalid argument.
    """

    type: GraphQLNamedType
    objects: Mapping[str, tuple[SelectedField, ...]]
    refusals: Mapping[str, GraphQLError] = field(default_factory=dict)


class Collector:
    """Collects the fields of one operation for one set of ``@skip``/``@include`` values."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = VariableValues({}, dict(variables))
        self.fields: list[SelectedField] = []
        self.parents: list[str] = []

    def select(
        self, type_: GraphQLNamedType, selection_sets: Sequence[SelectionSetNode]
    ) -> Selection:
        """Return the fields that ``selection_sets`` together select from ``type_``."""
        refusals: dict[str, GraphQLError] = {}
        objects = {
            object_.name: self._object(object_, selection_sets, refusals)
            for object_ in self._possible(type_)
        }
        return Selection(type_, objects, refusals)

    def _possible(self, type_: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._schema.get_possible_types(type_)
        assert isinstance(type_, GraphQLObjectType)  # noqa: S101 - validation checked
        return (type_,)

    def _object(
        self,
        type_: GraphQLObjectType,
        selection_sets: Sequence[SelectionSetNode],
        refusals: dict[str, GraphQLError],
    ) -> tuple[SelectedField, ...]:
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        try:
            for selection_set in selection_sets:
                self._group(type_, selection_set, grouped, visited)
        except GraphQLError as error:
            refusals[type_.name] = input_error(error)
            return ()
        return tuple([self._field(type_, key, nodes) for key, nodes in grouped.items()])

    def _group(
        self,
        type_: GraphQLObjectType,
        selection_set: SelectionSetNode,
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for node in selection_set.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                grouped.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(type_, node):
                    self._group(type_, node.selection_set, grouped, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._applies(type_, fragment):
                    self._group(type_, fragment.selection_set, grouped, visited)

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        if skip and skip["if"]:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not include or bool(include["if"])

    def _applies(
        self, type_: GraphQLObjectType, fragment: InlineFragmentNode | FragmentDefinitionNode
    ) -> bool:
        condition = fragment.type_condition
        if condition is None or condition.name.value == type_.name:
            return True
        abstract = self._schema.get_type(condition.name.value)
        return is_abstract_type(abstract) and self._schema.is_sub_type(abstract, type_)

    def _field(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> SelectedField:
        name = nodes[0].name.value
        schema_field = None if name == "__typename" else self._schema.get_field(type_, name)
        number = len(self.fields)
        # Reserve the number before the sub-selection takes the next ones.
        self.fields.append(SelectedField(number, key, name, schema_field, tuple(nodes), None))
        self.parents.append(type_.name)
        sets = [node.selection_set for node in nodes if node.selection_set]
        if schema_field is not None and sets and not name.startswith("__"):
            selection = self.select(get_named_type(schema_field.type), sets)
            self.fields[number] = SelectedField(
                number, key, name, schema_field, tuple(nodes), selection
            )
        return self.fields[number]
