"""Arguments: what a field is given, with places instead of the values that requests bring.

Whether a value is valid where it stands is graphql-core's verdict. Null and "not sent" are part
of the structure that a plan is made for, so that most verdicts are reached once for each plan.
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
)
from graphql.execution.values import VariableValues, coerce_argument, get_argument_values

from fraiseql.serving.document import Operation
from fraiseql.serving.document.nodes import variable_names
from fraiseql.serving.document.structure import Ref


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentSource:
    """An argument as the schema declares it and as the document has it.

    One that is written as a literal with variables inside is coerced for each request.

    Attributes:
        name: GraphQL name of the argument.
        argument: Its declaration.
        node: How it is written; None where it is left out.
        field: The field that it belongs to.
        hide_suggestions: Whether messages name nothing that the client did not send.
    """

    name: str
    argument: GraphQLArgument
    node: ArgumentNode | None
    field: FieldNode
    hide_suggestions: bool

    @property
    def variable(self) -> str | None:
        """The variable that the argument is, and nothing else."""
        value = self.node.value if self.node is not None else None
        return value.name.value if isinstance(value, VariableNode) else None

    @property
    def has_variables_inside(self) -> bool:
        """Whether the argument is a literal with variables in it."""
        return self.node is not None and self.variable is None and bool(variable_names(self.node))

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        """Return the value by Python name; nothing where there is none.

        Raises:
            GraphQLError: The value is not valid.
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
        return found


def input_error(error: GraphQLError) -> GraphQLError:
    """Return graphql-core's verdict on a value with the code that clients know it by.

    It is a new error without traceback: a plan that holds one must not hold the frames of a
    request.
    """
    extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    return GraphQLError(error.message, error.nodes, path=error.path, extensions=extensions)


class ArgumentReader:
    """Reads the arguments of fields for one structure of the variables.

    Args:
        operation: The operation.
        values: Coerced variables of the request that the plan is made for.
    """

    def __init__(self, operation: Operation, values: Mapping[str, Any]) -> None:
        self._values = VariableValues({}, dict(values))
        self._places = VariableValues({}, operation.variables.places(values))
        self._hide_suggestions = operation.variables.hide_suggestions

    def for_sql(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the arguments by Python name; scalars of variables are ``Ref``.

        Raises:
            GraphQLError: An argument is not valid for this structure.
        """
        return get_argument_values(
            field, node, self._places, hide_suggestions=self._hide_suggestions
        )

    def for_python(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the sources of the arguments by Python name: constants, ``Ref``, literals.

        Raises:
            GraphQLError: An argument is not valid for this structure.
        """
        nodes = {argument.name.value: argument for argument in node.arguments or ()}
        found: dict[str, Any] = {}
        for name, argument in field.args.items():
            written = nodes.get(name)
            source = ArgumentSource(name, argument, written, node, self._hide_suggestions)
            found |= self._source(source)
        return found

    def _source(self, source: ArgumentSource) -> dict[str, Any]:
        if source.has_variables_inside:
            return {source.argument.out_name or source.name: source}
        found = source.coerced(self._values)
        if source.variable in self._values.coerced:
            return dict.fromkeys(found, Ref(source.variable))
        return found
