"""Arguments: what a field is given, with places instead of the values that requests bring."""

from collections.abc import Mapping
from typing import Any

from graphql import ArgumentNode, FieldNode, GraphQLArgument, GraphQLField, Undefined, VariableNode
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from fraiseql.serving.document.structure import Ref, abstract
from fraiseql.serving.document.variables import variable_names
from fraiseql.serving.planning.plan import LiteralSource

_BY_VALUE = "order_by"


class ArgumentReader:
    """Reads the arguments of fields for one structure of the variables.

    Args:
        values: Coerced variables of the request that the plan is made for.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._real = VariableValues({}, dict(values))
        places = {name: abstract(value, name) for name, value in values.items()}
        self._places = VariableValues({}, places)

    def for_sql(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the arguments by Python name; scalars of variables are ``Ref``."""
        found = {}
        for name, argument, given in self._given(field, node):
            variables = self._real if name == _BY_VALUE else self._places
            value = (
                coerce_default_value(argument)
                if given is None
                else coerce_input_literal(given.value, argument.type, variables)
            )
            if value is not Undefined:
                found[name] = value
        return found

    def for_python(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the sources of the arguments by Python name: constants, ``Ref``, literals."""
        found = {}
        for name, argument, given in self._given(field, node):
            value = coerce_default_value(argument) if given is None else _source(argument, given)
            if value is not Undefined:
                found[name] = value
        return found

    def _given(
        self, field: GraphQLField, node: FieldNode
    ) -> list[tuple[str, GraphQLArgument, ArgumentNode | None]]:
        nodes = {argument.name.value: argument for argument in node.arguments or ()}
        return [
            (argument.out_name or name, argument, self._present(nodes.get(name)))
            for name, argument in field.args.items()
        ]

    def _present(self, node: ArgumentNode | None) -> ArgumentNode | None:
        """Return the node, unless its variable is not given: then the default holds."""
        if node is not None and isinstance(node.value, VariableNode):
            return node if node.value.name.value in self._values else None
        return node


def _source(argument: GraphQLArgument, node: ArgumentNode) -> Any:
    if isinstance(node.value, VariableNode):
        return Ref(node.value.name.value)
    if variable_names(node):
        return LiteralSource(node.value, argument.type)
    return coerce_input_literal(node.value, argument.type)
