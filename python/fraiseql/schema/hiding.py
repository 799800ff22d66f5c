"""Declarations without the places that some requests do not see."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fraiseql.errors import DeclarationError
from fraiseql.schema.definitions import (
    MISSING,
    ArgumentDefinition,
    FieldDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    QueryDefinition,
    UnionDefinition,
)
from fraiseql.schema.filters import comparable, embedded
from fraiseql.schema.guards import Coordinate, Guards
from fraiseql.schema.hints import Generated, read_hint
from fraiseql.schema.keys import key_name
from fraiseql.schema.model import Composite, Model
from fraiseql.schema.requirements import Check


@dataclass(slots=True)
class Hidden:
    """The places that a request does not see.

    Attributes:
        fields: Fields of types, interfaces, inputs and the root: (owner, GraphQL name).
        arguments: (type, GraphQL name of the field, Python name).
        targets: Targets of hints: classes, and definitions of unions.
        compared: Equality arguments and orders of ``find``: (GraphQL name, Python name).
    """

    fields: set[Coordinate] = field(default_factory=set)
    arguments: set[Coordinate] = field(default_factory=set)
    targets: set[Any] = field(default_factory=set)
    compared: set[Coordinate] = field(default_factory=set)

    @property
    def nothing(self) -> bool:
        """Whether everything is visible."""
        return not (self.fields or self.arguments or self.targets)

    def definition(self, declared: Any) -> Any:
        """Return the definition of a class without hidden fields, arguments and interfaces."""
        if self.nothing:
            return declared
        if isinstance(declared, InputDefinition):
            fields: Any = {
                name: entry
                for name, entry in declared.fields.items()
                if (declared.name, entry.graphql_name) not in self.fields
            }
            return replace(declared, fields=fields)
        if not isinstance(declared, ObjectDefinition | InterfaceDefinition):
            return declared
        fields = {
            name: self._field(declared.name, entry)
            for name, entry in declared.fields.items()
            if (declared.name, entry.graphql_name) not in self.fields
        }
        bases = tuple(base for base in declared.interfaces if base not in self.targets)
        return replace(declared, fields=fields, interfaces=bases)

    def _field(self, owner: str, entry: FieldDefinition) -> FieldDefinition:
        if entry.computed is None:
            return entry
        arguments = self._arguments(owner, entry.graphql_name, entry.computed.arguments)
        return replace(entry, computed=replace(entry.computed, arguments=arguments))

    def _arguments(
        self, owner: str, name: str, arguments: Iterable[ArgumentDefinition]
    ) -> tuple[ArgumentDefinition, ...]:
        return tuple(
            entry for entry in arguments if (owner, name, entry.name) not in self.arguments
        )

    def queries(self, declared: Iterable[QueryDefinition]) -> list[QueryDefinition]:
        """Return the visible root fields, without hidden arguments."""
        if self.nothing:
            return list(declared)
        return [
            self._query(query)
            for query in declared
            if (query.root, query.graphql_name) not in self.fields
        ]

    def _query(self, query: QueryDefinition) -> QueryDefinition:
        name = query.graphql_name
        return replace(
            query,
            arguments=self._arguments(query.root, name, query.arguments),
            by=tuple(each for each in query.by if (name, each) not in self.compared),
            keys=tuple(key for key in query.keys if (name, key_name(key)) not in self.compared),
            # The order is not part of the schema, and planned by the complete declarations.
            order_by=(),
        )


NOTHING: Final = Hidden()


def find_hidden(model: Model, guards: Guards, failed: Collection[Check]) -> Hidden:
    """Return the places that a request that fails these checks does not see.

    Args:
        model: The complete declarations.
        guards: Their requirements.
        failed: The checks.
    """
    search = _Search(model, Hidden())
    for kind, places in (
        (search.hidden.fields, guards.fields),
        (search.hidden.arguments, guards.arguments),
    ):
        for place, required in places.items():
            if any(needed.hide and needed.check in failed for needed in required):
                kind.add(place)
    for composite in model.composites():
        own = composite.requirement
        if own is not None and own.hide and own.check in failed:
            search.hidden.targets.add(composite.python_class)
    before = -1
    while before < (before := search.count()):
        search.spread()
    return search.hidden


def check_hidden(model: Model, guards: Guards) -> None:
    """Check that no type loses a field that its interface keeps.

    Raises:
        DeclarationError: A field is hidden, but that of an interface is not.
    """
    for composite in model.composites():
        for base in composite.interfaces:
            interface = model.composite(base)
            for promised in interface.fields.values() if interface else ():
                own = _hiding(guards, composite.name, promised.graphql_name)
                if interface and own - _hiding(guards, interface.name, promised.graphql_name):
                    raise DeclarationError(
                        f"{composite.name}.{promised.name} is hidden from some requests, but"
                        f" {interface.name}.{promised.name}, which it implements, is not.",
                        hint=f"Write requires= and hide=True in {interface.name}, or no hide.",
                    )


def _hiding(guards: Guards, owner: str, name: str) -> set[Check]:
    return {needed.check for needed in guards.fields.get((owner, name), ()) if needed.hide}


class _Search:
    """Spreads hiding: a field goes with its type, a type with its last field."""

    def __init__(self, model: Model, hidden: Hidden) -> None:
        self._model = model
        self.hidden = hidden

    def count(self) -> int:
        hidden = self.hidden
        return len(hidden.fields) + len(hidden.arguments) + len(hidden.targets)

    def spread(self) -> None:
        for target, definition in self._model.definitions.items():
            if isinstance(definition, ObjectDefinition | InterfaceDefinition):
                self._composite(definition)
            elif isinstance(definition, InputDefinition):
                self._input(definition)
            elif isinstance(definition, UnionDefinition) and self.hidden.targets.issuperset(
                definition.members
            ):
                self.hidden.targets.add(target)
        for query in self._model.queries:
            self._arguments(query.root, query.graphql_name, query.arguments)
            self._place(query.root, query.graphql_name, query.annotation)
            for name in query.by:
                if (query.root, query.graphql_name, name) in self.hidden.arguments:
                    self.hidden.compared.add((query.graphql_name, name))
            self._keys(query)

    def _keys(self, query: QueryDefinition) -> None:
        """Hide the keys with a hidden field; without any key, the root field goes."""
        owner = self._model.composite(read_hint(query.annotation, query.name).innermost)
        for key in query.keys if owner else ():
            names = [owner.fields[name].graphql_name for name in key] if owner else []
            if any((owner and owner.name, name) in self.hidden.fields for name in names):
                self.hidden.compared.add((query.graphql_name, key_name(key)))
        keys = {(query.graphql_name, key_name(key)) for key in query.keys}
        if keys and keys <= self.hidden.compared:
            self.hidden.fields.add((query.root, query.graphql_name))

    def _composite(self, definition: Composite) -> None:
        for entry in definition.fields.values():
            self._arguments(definition.name, entry.graphql_name, entry.arguments)
            self._place(definition.name, entry.graphql_name, entry.annotation)
        empty = not self._visible(definition)
        if isinstance(definition, InterfaceDefinition):
            implemented = [
                composite.python_class
                for composite in self._model.composites()
                if isinstance(composite, ObjectDefinition)
                and definition.python_class in composite.interfaces
            ]
            empty = empty or self.hidden.targets.issuperset(implemented)
        if empty:
            self.hidden.targets.add(definition.python_class)

    def _input(self, definition: InputDefinition) -> None:
        names = [entry.graphql_name for entry in definition.fields.values()]
        for entry in definition.fields.values():
            self._place(definition.name, entry.graphql_name, entry.annotation)
        if all((definition.name, name) in self.hidden.fields for name in names):
            self.hidden.targets.add(definition.python_class)

    def _arguments(self, owner: str, name: str, arguments: Iterable[ArgumentDefinition]) -> None:
        for argument in arguments:
            place = (owner, name, argument.name)
            if self._is_hidden(argument.annotation):
                self.hidden.arguments.add(place)
            required = argument.default is MISSING and not _nullable(argument)
            if required and place in self.hidden.arguments:
                self.hidden.fields.add((owner, name))

    def _place(self, owner: str, name: str, hint: Any) -> None:
        if self._is_hidden(hint):
            self.hidden.fields.add((owner, name))

    def _is_hidden(self, hint: Any) -> bool:
        target = read_hint(hint, "").innermost
        if not isinstance(target, Generated):
            return target in self.hidden.targets
        composite = self._model.composite(target.of)
        if composite is None or target.of in self.hidden.targets:
            return True
        names = {*comparable(composite, self._model), *embedded(composite, self._model)}
        visible = self._visible(composite)
        return not any(name in names for name in visible)

    def _visible(self, definition: Composite) -> list[str]:
        hidden = self.hidden.fields
        return [
            name
            for name, entry in definition.fields.items()
            if (definition.name, entry.graphql_name) not in hidden
        ]


def _nullable(argument: ArgumentDefinition) -> bool:
    return read_hint(argument.annotation, argument.name).nullable
