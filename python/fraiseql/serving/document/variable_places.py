"""Places of wrong values in variables, for the errors of their coercion."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import (
    ArgumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)

Place = tuple[str | int, ...]

_MESSAGE: Final = re.compile(
    r"Variable '\$(?P<name>\w+)' has invalid value(?: at (?P<path>(?:\.\w+|\[\d+\])+))?: "
)
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")


def with_places(
    errors: Sequence[GraphQLError],
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> list[GraphQLError]:
    """Return errors of the coercion of variables with the places of the values.

    ``extensions.variable`` is the name of the variable, then keys and indices in its value;
    ``extensions.input`` the same from the argument on, where a single argument has the variable.

    Args:
        errors: Errors of graphql-core, which have the places in their messages.
        operation: The operation.
        fragments: Fragments of its document.
    """
    uses = _ArgumentPlaces()
    for part in (operation, *fragments.values()):
        visit(part, uses)
    return [_with_place(error, uses.places) for error in errors]


def _with_place(error: GraphQLError, uses: Mapping[str, set[Place]]) -> GraphQLError:
    match = _MESSAGE.match(error.message)
    if match is None:
        return error
    name, text = match["name"], match["path"] or ""
    path = [key or int(index) for key, index in _STEP.findall(text)]
    extensions: dict[str, Any] = {"variable": [name, *path]}
    arguments = uses.get(name, set())
    if len(arguments) == 1:
        (argument,) = arguments
        extensions["input"] = [*argument, *path]
    placed = GraphQLError(error.message, error.nodes, extensions=extensions)
    # Whoever logs the error wants to know which exception of a scalar it was.
    placed.original_error = error.original_error
    return placed


def place_in_arguments(
    nodes: Sequence[Node], variable: Place, constant: object
) -> tuple[str | int, ...]:
    """Return the place of a value in the arguments of fields; empty if it is not the only one.

    Args:
        nodes: The fields.
        variable: Name of its variable, then keys and indices; empty for a constant.
        constant: The value, if it is no variable's.
    """
    uses = _ArgumentPlaces(constant=None if variable else constant)
    for node in nodes:
        visit(node, uses)
    places = uses.places.get(str(variable[0]), set()) if variable else uses.equal
    if len(places) != 1:
        return ()
    (place,) = places
    return (*place, *variable[1:])


class _ArgumentPlaces(Visitor):
    """Places in arguments of variables, and of one constant."""

    def __init__(self, constant: object = None) -> None:
        super().__init__()
        self.places: dict[str, set[Place]] = {}
        self.equal: set[Place] = set()
        self._constant = constant

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Note the variables of an argument."""
        self._note(node.value, (node.name.value,))

    def _note(self, value: ValueNode | Node, place: Place) -> None:
        if isinstance(value, VariableNode):
            self.places.setdefault(value.name.value, set()).add(place)
        elif self._constant is not None and value_from_ast_untyped(value) == self._constant:  # type: ignore[arg-type]
            self.equal.add(place)
        elif isinstance(value, ListValueNode):
            for index, item in enumerate(value.values):
                self._note(item, (*place, index))
        elif isinstance(value, ObjectValueNode):
            for field in value.fields:
                self._note(field.value, (*place, field.name.value))
