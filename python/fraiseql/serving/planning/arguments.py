"""Arguments: what a field is given, with places instead of the values that requests bring.

Whether a value is valid where it stands is graphql-core's verdict. Null and "not sent" are part
of the signature that a plan is made for, so that most verdicts are reached once for each plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    VariableNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, coerce_argument, get_argument_values

from fraiseql.schema import generated_kind
from fraiseql.serving.document import Operation
from fraiseql.serving.document.nodes import variables_inside
from fraiseql.serving.document.sizes import InputLimits, check_filter, count_values
from fraiseql.serving.document.variable_signature import ValueRef


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentSource:
    """An argument as the schema declares it and as the document has it.

    One that is written as a literal with variables inside is coerced for each request.

    Attributes:
        name: GraphQL name of the argument.
        argument: Its declaration.
        node: How it is written; None where it is left out.
        field: The field that it belongs to.
        limits: How much its value may be.
        hide_suggestions: Whether messages name nothing that the client did not send.
        inside: Variables that stand inside of a literal, each as often as it does.
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
        """The variable that the argument is, and nothing else."""
        value = self.node.value if self.node is not None else None
        return value.name.value if isinstance(value, VariableNode) else None

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        """Return the value by Python name; nothing where there is none.

        Raises:
            GraphQLError: The value is not valid.
            InputError: It is a filter that is too large.
        """
        found: dict[str, Any] = {}
        try:
            coerce_argument(
                found,
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
            for value in found.values():
                check_filter(value, self.limits)
        return found

    def value(self, variables: VariableValues) -> Any:
        """Return the value of an argument with variables inside, for one request.

        Raises:
            GraphQLError: The value is not valid.
            InputError: It holds too much: a variable may stand in it many times.
        """
        left = self.limits.max_values
        for name in self.inside:
            left -= count_values(variables.coerced.get(name), left)
            if left < 0:
                raise self.limits.too_large()
        (value,) = self.coerced(variables).values()
        return value


def input_error(error: GraphQLError) -> GraphQLError:
    """Return graphql-core's verdict on a value with the code that clients know it by.

    It is a new error without traceback: a plan that holds one must not hold the frames of a
    request.
    """
    extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    return GraphQLError(error.message, error.nodes, path=error.path, extensions=extensions)


class ArgumentReader:
    """Reads the arguments of fields for one signature of the variables.

    Args:
        operation: The operation.
        values: Coerced variables of the request that the plan is made for.
    """

    def __init__(self, operation: Operation, values: Mapping[str, Any]) -> None:
        self._values = VariableValues({}, dict(values))
        self._places = VariableValues({}, operation.variables.places(values))
        self._hide_suggestions = operation.variables.hide_suggestions
        self._limits = operation.variables.limits

    def for_sql(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the arguments by Python name; scalars of variables are ``ValueRef``.

        Raises:
            GraphQLError: An argument is not valid for this signature.
        """
        return get_argument_values(
            field, node, self._places, hide_suggestions=self._hide_suggestions
        )

    def for_python(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the sources of the arguments by Python name: constants, ``ValueRef``, literals.

        Raises:
            GraphQLError: An argument is not valid for this signature.
            InputError: A filter is too large.
        """
        nodes = {argument.name.value: argument for argument in node.arguments or ()}
        found: dict[str, Any] = {}
        for name, argument in field.args.items():
            written = nodes.get(name)
            source = self._written(name, argument, written, node)
            found |= self._source(source)
        return found

    def _written(
        self, name: str, argument: GraphQLArgument, written: ArgumentNode | None, node: FieldNode
    ) -> ArgumentSource:
        inside: tuple[str, ...] = ()
        if written is not None and not isinstance(written.value, VariableNode):
            inside = variables_inside(written)
        return ArgumentSource(
            name, argument, written, node, self._limits, self._hide_suggestions, inside
        )

    def _source(self, source: ArgumentSource) -> dict[str, Any]:
        if source.inside:
            return {source.argument.out_name or source.name: source}
        found = source.coerced(self._values)
        if source.variable in self._values.coerced:
            return dict.fromkeys(found, ValueRef(source.variable))
        return found
