"""Arguments of fields, with references in place of the values of variables.

graphql-core validates the values. Null and absence are part of the signature of a plan, so that
most values are validated once for each plan.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, coerce_argument, get_argument_values

from fraiseql.schema import generated_kind
from fraiseql.serving.document import Operation
from fraiseql.serving.document.input_uses import Use, input_uses
from fraiseql.serving.document.nodes import variable_names, variables_inside
from fraiseql.serving.document.sizes import InputLimits, check_filter, count_values
from fraiseql.serving.document.variable_signature import ValueRef


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentSource:
    """An argument as declared in the schema and written in the document.

    A literal with variables inside is coerced for each request.

    Attributes:
        name: GraphQL name of the argument.
        argument: Its declaration.
        node: Its syntax node; None when it is omitted.
        field: Its field.
        limits: Limits of its value.
        hide_suggestions: Whether messages contain only names that the client sent.
        inside: Variables inside a literal, once for each use.
    """

    name: str
    argument: GraphQLArgument
    node: ArgumentNode | None
    field: FieldNode
    limits: InputLimits
    hide_suggestions: bool
    inside: tuple[str, ...] = ()

    @property
    def variable(self) -> str | None:
        """The variable that is the whole argument, or None."""
        value = self.node.value if self.node is not None else None
        return value.name.value if isinstance(value, VariableNode) else None

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        """Return the value by Python name; nothing when it is absent.

        Raises:
            GraphQLError: The value is not valid.
            InputError: A filter is too large.
        """
        coerced: dict[str, Any] = {}
        try:
            coerce_argument(
                coerced,
                self.field,
                self.name,
                self.argument,
                self.node,
                variables,
                None,
                self.hide_suggestions,
            )
        except GraphQLError as error:
            raise input_error(error) from None
        if generated_kind(get_named_type(self.argument.type)) == "where":
            for value in coerced.values():
                check_filter(value, self.limits)
        return coerced

    def value(self, variables: VariableValues) -> Any:
        """Return the value of a literal with variables inside, for one request.

        Raises:
            GraphQLError: The value is not valid.
            InputError: It is too large: a variable may be used in it many times.
        """
        left = self.limits.max_values
        for name in self.inside:
            left -= count_values(variables.coerced.get(name), left)
            if left < 0:
                raise self.limits.too_large()
        (value,) = self.coerced(variables).values()
        return value


def input_error(error: GraphQLError) -> GraphQLError:
    """Return graphql-core's error for a value, with the code for clients.

    It is a new error without traceback: a cached plan must not reference the frames of a request.
    """
    extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    return GraphQLError(error.message, error.nodes, path=error.path, extensions=extensions)


def refuse_inside_leaf(node: Any, type_: Any) -> None:
    """Refuse variables inside of a literal of JSON, which SQL receives as one value.

    Args:
        node: A literal.
        type_: Its GraphQL type.

    Raises:
        GraphQLError: A variable is a part of such a literal.
    """
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(node, VariableNode):
        return
    if isinstance(bare, GraphQLList):
        for item in node.values if isinstance(node, ListValueNode) else (node,):
            refuse_inside_leaf(item, bare.of_type)
    elif isinstance(bare, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        for entry in node.fields:
            refuse_inside_leaf(entry.value, bare.fields[entry.name.value].type)
    elif variable_names(node):
        message = "A literal of JSON in a filter cannot contain variables: send it as one variable."
        raise GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"})


class ArgumentReader:
    """Reads the arguments of fields for one signature of the variables.

    Args:
        operation: The operation.
        values: Coerced variables of the current request.

    Attributes:
        limits: Limits of the arguments' values.
    """

    def __init__(self, operation: Operation, values: Mapping[str, Any]) -> None:
        self._values = VariableValues({}, dict(values))
        self._references = VariableValues({}, operation.variables.references(values))
        self._hide_suggestions = operation.variables.hide_suggestions
        self.limits = operation.variables.limits

    def for_sql(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the arguments by Python name; scalars of variables are ``ValueRef``.

        Raises:
            GraphQLError: An argument is not valid for this signature.
        """
        for argument in node.arguments or ():
            if variables_inside(argument):
                refuse_inside_leaf(argument.value, field.args[argument.name.value].type)
        return get_argument_values(
            field, node, self._references, hide_suggestions=self._hide_suggestions
        )

    def for_python(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the sources of the arguments by Python name: constants, ``ValueRef``, literals.

        Raises:
            GraphQLError: An argument is not valid for this signature.
            InputError: A filter is too large.
        """
        nodes = {argument.name.value: argument for argument in node.arguments or ()}
        sources: dict[str, Any] = {}
        for name, argument in field.args.items():
            written = nodes.get(name)
            source = self._written(name, argument, written, node)
            sources |= self._source(source)
        return sources

    def supplied(self, node: FieldNode) -> Iterator[str]:
        """Yield the GraphQL names of the arguments that the request has."""
        for argument in node.arguments or ():
            value = argument.value
            if not isinstance(value, VariableNode) or value.name.value in self._values.coerced:
                yield argument.name.value

    def uses(self, field: GraphQLField, node: FieldNode) -> Iterator[Use]:
        """Yield the fields that generated filters and orders in the arguments compare by.

        Raises:
            GraphQLError: An argument is not valid.
        """
        values = get_argument_values(
            field, node, self._values, hide_suggestions=self._hide_suggestions
        )
        for name in self.supplied(node):
            argument = field.args[name]
            yield from input_uses(values.get(argument.out_name or name), argument.type)

    def _written(
        self, name: str, argument: GraphQLArgument, written: ArgumentNode | None, node: FieldNode
    ) -> ArgumentSource:
        inside: tuple[str, ...] = ()
        if written is not None and not isinstance(written.value, VariableNode):
            inside = variables_inside(written)
        return ArgumentSource(
            name, argument, written, node, self.limits, self._hide_suggestions, inside
        )

    def _source(self, source: ArgumentSource) -> dict[str, Any]:
        if source.inside:
            return {source.argument.out_name or source.name: source}
        coerced = source.coerced(self._values)
        if source.variable in self._values.coerced:
            return dict.fromkeys(coerced, ValueRef(source.variable))
        return coerced
