"""Validated operation of a document."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.values import VariableValues

from fraiseql.errors import InputError
from fraiseql.schema import Check
from fraiseql.serving.document.sizes import InputLimits
from fraiseql.serving.document.variable_places import with_places
from fraiseql.serving.document.variables import Variables


class RequestError(Exception):
    """A request that cannot be executed: the response has errors and no ``data``.

    Args:
        errors: The errors, with their locations.
        code: Stable identifier, sent in ``extensions.code`` of every error.
        status: HTTP status for ``application/graphql-response+json``.
        executed: Whether it occurred while the operation ran: then ``data`` is null.
    """

    def __init__(
        self,
        errors: Sequence[GraphQLError],
        code: str,
        status: int = 400,
        *,
        executed: bool = False,
    ) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.code = code
        self.status = status
        self.executed = executed

    def again(self) -> "RequestError":
        """Return a copy to raise again, without syntax trees and tracebacks."""
        errors = [_light(error) for error in self.errors]
        return RequestError(errors, self.code, self.status, executed=self.executed)


def _light(error: GraphQLError) -> GraphQLError:
    light = GraphQLError(error.message, path=error.path, extensions=error.extensions)
    light.locations = error.locations
    return light


class Operation:
    """A validated operation.

    Attributes:
        schema: The schema that it is valid for: that of the request's rights.
        node: The operation's syntax tree.
        fragments: Fragment definitions of the document, by name.
        document: The whole document, for introspection.
        variables: Coercion and signature of the variables.
        size: Number of selected fields, with fragments counted where they are used.
        checks: Checks of the rights that its fields may need.

    Args:
        limits: Limits of the variables' values.
        hide_suggestions: Whether messages contain only names that the client sent.
    """

    __slots__ = ("checks", "document", "fragments", "node", "schema", "size", "variables")

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        node: OperationDefinitionNode,
        limits: InputLimits,
        *,
        size: int = 0,
        hide_suggestions: bool = False,
    ) -> None:
        self.size = size
        self.checks: tuple[Check, ...] = ()
        self.schema = schema
        self.document = document
        self.node = node
        self.fragments: Mapping[str, FragmentDefinitionNode] = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.variables = Variables(
            schema, node, self.fragments, limits, hide_suggestions=hide_suggestions
        )

    @property
    def root(self) -> GraphQLObjectType:
        """The root type of its fields."""
        root = self.schema.get_root_type(self.node.operation)
        assert root is not None  # noqa: S101 - parsing refuses an operation without one
        return root

    @property
    def is_mutation(self) -> bool:
        """Whether it writes."""
        return self.node.operation is OperationType.MUTATION

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.node.name.value if self.node.name else None

    def full_values(self, raw: Mapping[str, Any]) -> VariableValues:
        """Return graphql-core's view of variables that ``coerce`` accepts."""
        values = self.variables.full_values(raw)
        assert isinstance(values, VariableValues)  # noqa: S101 - coerce checked them
        return values

    def coerce(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the Python values of the variables.

        Raises:
            RequestError: A value does not fit its variable's type, or the values are too large.
        """
        try:
            self.variables.check(raw)
        except InputError as error:
            raise RequestError([GraphQLError(error.message)], error.code) from None
        values = self.variables.coerce(raw)
        if isinstance(values, list):
            placed = with_places(values, self.node, self.fragments)
            raise RequestError(placed, "BAD_USER_INPUT")
        return values
