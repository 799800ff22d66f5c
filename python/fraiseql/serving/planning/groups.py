"""Plans of aggregates: groups of rows, and their values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import GraphQLError, GraphQLObjectType, get_named_type

from fraiseql.errors import InputError
from fraiseql.operators import FILTER_OPERATORS
from fraiseql.schema.aggregates import FUNCTIONS, Function
from fraiseql.schema.definitions import QUERY
from fraiseql.serving.document.sizes import check_filter, check_order
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.arguments import ArgumentReader, input_error
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.fields import FieldAccess
from fraiseql.serving.planning.object_nodes import ObjectNodes
from fraiseql.serving.planning.reads import Groups, GroupTest, GroupValue
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.serving.planning.shapes import field_node

_TAKES_NULL: Final = frozenset({"eq", "neq", "distinct_from", "not_distinct_from"})


@dataclass(frozen=True, slots=True)
class RowFields:
    """The fields of the rows that are aggregated.

    Attributes:
        type_name: GraphQL name of their type.
        accesses: By Python name.
        names: Python name by GraphQL name.
        denials: The rights that the request does not have.
    """

    type_name: str
    accesses: Mapping[str, FieldAccess]
    names: Mapping[str, str]
    denials: Denials

    def denial(self, name: str) -> GraphQLError | None:
        """Return the error of using a field, by its Python name."""
        return self.denials.of_value(self.type_name, name)


def row_fields(
    relations: Relations, type_name: str, bound: BoundRelation, objects: ObjectNodes
) -> RowFields:
    """Return the fields of the rows of a type that can be aggregated."""
    fields = relations.schema.fields.get(type_name, {})
    names = {name: field.name for name, field in fields.items()}
    accesses = relations.accesses(type_name, bound)
    return RowFields(type_name, accesses, names, objects.denials)


@dataclass(slots=True)
class GroupPlanner:
    """Plans aggregates of groups, or of all rows.

    Attributes:
        objects: Builds the shape.
        fields: Fields of the rows.
        keys: Python names of the fields that rows are grouped by.
        values: The selected values so far.
        parts: The selected functions so far.
    """

    objects: ObjectNodes
    fields: RowFields
    keys: Sequence[str]
    values: dict[GroupValue, None] = field(default_factory=dict)
    parts: dict[Function, None] = field(default_factory=dict)

    def node(self, selected: SelectedField) -> int:
        """Return the node of the list of groups."""
        item = self.object(selected)
        return self.objects.shape.add({"kind": "list", "item": item, "item_nullable": False})

    def object(self, selected: SelectedField) -> int:
        """Return the node of one group."""
        assert selected.field is not None and selected.selection is not None  # noqa: S101, PT018
        name = get_named_type(selected.field.type).name
        return self.objects.object_node(name, selected.selection, self._part)

    def _part(self, selected: SelectedField) -> dict[str, Any]:
        if selected.field is None:
            return {"id": selected.id, "key": selected.key, "source": {"typename": True}}
        type_: Any = get_named_type(selected.field.type)
        if not isinstance(type_, GraphQLObjectType):
            node = self.objects.shape.leaf(type_)
        else:
            assert selected.selection is not None  # noqa: S101 - validation checked
            function = selected.name
            node = self.objects.object_node(
                type_.name, selected.selection, lambda each: self._value(function, each)
            )
        self.parts[FUNCTIONS[selected.name]] = None
        source = {"name": selected.name}
        return field_node(selected.id, selected.key, source, node, nullable=False)

    def _value(self, function: str, selected: SelectedField) -> dict[str, Any]:
        if selected.field is None:
            return {"id": selected.id, "key": selected.key, "source": {"typename": True}}
        name = self.fields.names[selected.name]
        error: Exception | None = self.fields.denial(name)
        if error is None and function == "key" and name not in self.keys:
            error = InputError(
                f"The rows are not grouped by {selected.name}.",
                hint=f"Add {selected.name} to groupBy, or leave it out of key.",
            )
        if error is not None:
            return self.objects.failed(selected, error)
        self.values[GroupValue(FUNCTIONS[function], self.fields.accesses[name])] = None
        node = self.objects.shape.leaf(get_named_type(selected.field.type))
        source = {"name": name}
        return field_node(selected.id, selected.key, source, node, nullable=True)

    def groups(self, arguments: Mapping[str, Any]) -> Groups:
        """Return the groups that a request asks for.

        Raises:
            GraphQLError: The request may not use a field of an argument.
            InputError: A test of groups is not valid.
        """
        keys = tuple([self._access(name) for name in self.keys])
        having = tuple(self._tests(arguments.get("having") or {}))
        order = tuple([self._term(term) for term in arguments.get("order_by") or ()])
        return Groups(keys, tuple(self.parts), tuple(self.values), having, order)

    def _access(self, name: str) -> FieldAccess:
        denial = self.fields.denial(name)
        if denial is not None:
            raise denial
        return self.fields.accesses[name]

    def _tests(self, having: Mapping[str, Any]) -> Iterator[GroupTest]:
        for function, operand in having.items():
            if function == "count":
                yield from _comparisons(GroupValue("count"), "count", operand)
                continue
            for name, comparisons in _present(function, operand).items():
                of = GroupValue(function, self._access(name))  # type: ignore[arg-type]
                yield from _comparisons(of, name, comparisons)

    def _term(self, term: Mapping[str, Any]) -> tuple[GroupValue, str]:
        ((function, operand),) = term.items()
        if function == "count":
            return GroupValue("count"), _direction(operand)
        ((name, direction),) = operand.items()
        if function == "key" and name not in self.keys:
            raise InputError(f"The rows are not grouped by {name}: they cannot be ordered by it.")
        of = GroupValue(function, self._access(name))  # type: ignore[arg-type]
        return of, _direction(direction)


def _present(name: str, tests: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if tests is None:
        raise InputError(
            f"{name} in having cannot be null.", hint="Write isNull: true, or leave it out."
        )
    return tests


def _comparisons(
    of: GroupValue, name: str, comparisons: Mapping[str, Any] | None
) -> Iterator[GroupTest]:
    for operator, value in _present(name, comparisons).items():
        kind = FILTER_OPERATORS[operator].kind
        if value is None and operator not in _TAKES_NULL:
            raise InputError(
                f"{operator} of {name} in having cannot compare with null.",
                hint="Write isNull: true, or leave the operator out.",
            )
        if kind == "null" and isinstance(value, ValueRef):
            raise InputError("isNull in having takes true or false, or a variable as a whole.")
        yield GroupTest(of, operator, value)


@dataclass(frozen=True, slots=True)
class PlannedGroups:
    """The plan of a root field of aggregates.

    Attributes:
        node: Its node in the shape.
        bound: The relation of the rows.
        groups: The groups to read.
        arguments: The arguments of the request.
        conditions: Number of tests of groups and terms of their order.
        denial: The error of the field; None for none.
    """

    node: int
    bound: BoundRelation
    groups: Groups
    arguments: Mapping[str, Any]
    conditions: int
    denial: GraphQLError | None = None

    @property
    def rows(self) -> Mapping[str, Any]:
        """The arguments that say which rows and how many groups."""
        names = ("where", "limit", "offset")
        return {name: self.arguments[name] for name in names if name in self.arguments}


def plan_groups(
    objects: ObjectNodes,
    relations: Relations,
    reader: ArgumentReader,
    selected: SelectedField,
    type_name: str,
) -> PlannedGroups:
    """Return the plan of a root field of aggregates.

    Args:
        objects: Builds the shape.
        relations: The application's relations.
        reader: Reads the field's arguments.
        selected: The root field.
        type_name: GraphQL name of the type of the rows.

    Raises:
        InputError: An argument cannot be answered.
    """
    assert selected.field is not None  # noqa: S101 - __typename is planned before
    bound = relations.bound_relation(type_name)
    assert bound is not None  # noqa: S101 - aggregate() requires a sql_source
    fields = row_fields(relations, type_name, bound, objects)
    try:
        arguments = reader.for_sql(selected.field, selected.nodes[0])
        denial = objects.denials.of_arguments(QUERY, selected, reader)
        keys = tuple(dict.fromkeys(arguments.get("group_by") or ()))
        planner = GroupPlanner(objects, fields, keys)
        node, groups = planner.node(selected), planner.groups(arguments)
    except GraphQLError as error:
        any_value = objects.shape.any()
        return PlannedGroups(any_value, bound, Groups((), (), ()), {}, 0, input_error(error))
    conditions = _conditions(arguments, reader)
    return PlannedGroups(node, bound, groups, arguments, conditions, denial)


def _conditions(arguments: Mapping[str, Any], reader: ArgumentReader) -> int:
    having, terms = arguments.get("having"), arguments.get("order_by") or ()
    check_order(terms, reader.limits)
    check_order(arguments.get("group_by") or (), reader.limits)
    return len(terms) + (check_filter(having, reader.limits) if having else 0)


def _direction(direction: str) -> str:
    words = " DESC" if direction.startswith("-") else ""
    nulls = direction.removeprefix("-").strip()
    return f"{words} {nulls.upper()}" if nulls else words
