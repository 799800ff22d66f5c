"""Denials: what a request without some rights may not use."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from graphql import GraphQLError

from fraiseql.schema import Check, Guards
from fraiseql.schema.guards import Requirements, argument_name
from fraiseql.serving.planning.arguments import ArgumentReader
from fraiseql.serving.planning.selection import SelectedField

FORBIDDEN: Final = "FORBIDDEN"


@dataclass(frozen=True, slots=True)
class Denials:
    """The rights that a request does not have, as planning asks for them.

    Attributes:
        guards: The rights that requests need.
        checks: The checks that failed.
    """

    guards: Guards = field(default_factory=Guards)
    checks: Collection[Check] = frozenset()

    def of_type(self, name: str) -> GraphQLError | None:
        """Return the error of a value of an object type, or None."""
        return self._error(self.guards.types.get((name,), ()), name)

    def of_field(self, parent: str, name: str) -> GraphQLError | None:
        """Return the error of a field of an object type or of the root, or None."""
        return self._error(self.guards.fields.get((parent, name), ()), f"{parent}.{name}")

    def of_arguments(
        self, parent: str, selected: SelectedField, reader: ArgumentReader
    ) -> GraphQLError | None:
        """Return the error of an argument, or of a field that it compares by; None for none.

        Raises:
            GraphQLError: An argument is not valid.
        """
        if not self.checks or selected.field is None:
            return None
        node, arguments = selected.nodes[0], self.guards.arguments
        for name in reader.supplied(node):
            python_name = selected.field.args[name].out_name or name
            required = arguments.get((parent, selected.name, python_name), ())
            error = self._error(required, f"{parent}.{selected.name}({name}:)")
            if error is not None:
                return error
        for owner, python_name in reader.uses(selected.field, node):
            required = self.guards.inputs.get((owner, python_name), ())
            error = self._error(required, f"{owner}.{python_name}", "compare or order by")
            if error is not None:
                return error
        return None

    def of_cursors(self, name: str, fields: Iterable[tuple[str, str]]) -> GraphQLError | None:
        """Return the error of a connection whose cursors contain values of a denied field.

        Args:
            name: Name of the connection.
            fields: Type and Python name of the fields whose values are in the cursors.
        """
        for place in fields:
            error = self._error(self.guards.inputs.get(place, ()), name, "page through")
            if error is not None:
                return error
        return None

    def of_value(self, owner: str, python_name: str) -> GraphQLError | None:
        """Return the error of a value that is computed from a field of many rows, or None."""
        required = self.guards.inputs.get((owner, python_name), ())
        return self._error(required, f"{owner}.{python_name}", "aggregate")

    def outcomes(self, names: Iterable[str]) -> str:
        """Return the places that fail for these ``Guards.names``; the same in every process."""
        checks = {check for check in self.guards.checks(names) if check in self.checks}
        return " ".join(sorted(self.guards.denied(checks)))

    def _error(
        self, required: Requirements, place: str, action: str = "use"
    ) -> GraphQLError | None:
        if not self.checks or all(needed.check not in self.checks for needed in required):
            return None
        message = f"The request may not {action} {place}."
        return GraphQLError(message, extensions={"code": FORBIDDEN})


def selected_names(selected: SelectedField) -> Iterator[str]:
    """Yield the ``Guards.names`` of a field and of all fields below."""
    yield selected.name
    for argument in selected.nodes[0].arguments or ():
        yield argument_name(selected.name, argument.name.value)
    for fields in selected.selection.objects.values() if selected.selection else ():
        for below in fields:
            yield from selected_names(below)
