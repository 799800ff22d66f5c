"""Guards: the requirements of each field, argument, filter and operation."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from fraiseql.schema.definitions import (
    ArgumentDefinition,
    FieldDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    QueryDefinition,
    UnionDefinition,
)
from fraiseql.schema.hints import Generated, TypeReference, read_hint
from fraiseql.schema.model import Composite, Model
from fraiseql.schema.requirements import Check, Requires

Requirements = tuple[Requires, ...]
Coordinate = tuple[str, ...]
"""Names from the outside in, as in GraphQL's schema coordinates: ``("User", "salary")``."""


@dataclass(frozen=True, slots=False, eq=False)
class Guards:
    """The requirements of one application; places without any are not listed.

    Attributes:
        types: Of object types: (type,).
        fields: Of the fields of types, interfaces and the root: (type, GraphQL name).
        inputs: Of fields in generated filters and orders: (type, Python name).
        arguments: (type, GraphQL name of the field, Python name).
        names: Checks that a field of this GraphQL name may need, in any type; and those that its
            arguments may need, by ``argument_name``.
    """

    types: Mapping[Coordinate, Requirements] = field(default_factory=dict)
    fields: Mapping[Coordinate, Requirements] = field(default_factory=dict)
    inputs: Mapping[Coordinate, Requirements] = field(default_factory=dict)
    arguments: Mapping[Coordinate, Requirements] = field(default_factory=dict)
    names: Mapping[str, frozenset[Check]] = field(default_factory=dict)

    @cached_property
    def present(self) -> bool:
        """Whether the application has any requirement."""
        return bool(self.types or self.fields or self.inputs or self.arguments)

    @cached_property
    def hiding(self) -> tuple[Check, ...]:
        """The checks whose places are hidden where they fail, each once."""
        places = [self.types, self.fields, self.inputs, self.arguments]
        required = [needed for kind in places for listed in kind.values() for needed in listed]
        return tuple(dict.fromkeys(needed.check for needed in required if needed.hide))

    def checks(self, names: Iterable[str]) -> tuple[Check, ...]:
        """Return the checks that an operation with these ``names`` may need, each once."""
        return tuple({check: None for name in names for check in self.names.get(name, ())})

    def denied(self, checks: Collection[Check]) -> Iterator[str]:
        """Yield the names of all places that requests without these rights may not use."""
        for kind in (self.types, self.fields, self.inputs, self.arguments):
            for place, required in kind.items():
                if any(requirement.check in checks for requirement in required):
                    yield ".".join(place)


def argument_name(field: str, argument: str) -> str:
    """Return the name of an argument in ``Guards.names``."""
    return f"{field}({argument}:)"


def find_guards(model: Model) -> Guards:
    """Return the requirements of a complete model."""
    return _Guarding(model).guards()


class _Guarding:
    """Derives the requirements of each place from the declarations."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def guards(self) -> Guards:
        types: dict[Coordinate, Requirements] = {}
        fields: dict[Coordinate, Requirements] = {}
        inputs: dict[Coordinate, Requirements] = {}
        arguments: dict[Coordinate, Requirements] = {}
        for composite in self._model.composites():
            if isinstance(composite, ObjectDefinition):
                types[composite.name,] = _own(composite)
            for entry in composite.fields.values():
                fields[composite.name, entry.graphql_name] = self._field(composite, entry)
                inputs[composite.name, entry.name] = self._compared(composite, entry.name)
                for argument in entry.arguments:
                    place = (composite.name, entry.graphql_name, argument.name)
                    arguments[place] = _own(argument)
        for query in self._model.queries:
            fields[query.root, query.graphql_name] = self._root(query)
            for argument in query.arguments:
                place = (query.root, query.graphql_name, argument.name)
                arguments[place] = (*_own(argument), *self._equality(query, argument.name))
        guards = Guards(_listed(types), _listed(fields), _listed(inputs), _listed(arguments))
        return replace(guards, names=self._names(guards))

    def _field(self, owner: Composite, entry: FieldDefinition) -> Requirements:
        """Return what a field needs: itself, in its interfaces, for its type and for its parent."""
        own = [*_own(entry), *self._promised(owner, entry)]
        if entry.computed is not None and (not own or entry.computed.needs is None):
            for needed in self._needed(owner, entry):
                own += self._field(owner, needed)
        return (*own, *self._of_type(entry.annotation, entry.name))

    def _promised(self, owner: Composite, entry: FieldDefinition) -> Iterator[Requires]:
        for interface in owner.interfaces:
            declared = self._model.composite(interface)
            for promised in declared.fields.values() if declared else ():
                if promised.graphql_name == entry.graphql_name:
                    yield from _own(promised)

    def _needed(self, owner: Composite, entry: FieldDefinition) -> Iterator[FieldDefinition]:
        """Yield the stored fields that a computed field reads of its parent."""
        needs = entry.computed.needs if entry.computed else ()
        for name, stored in owner.fields.items():
            if stored.computed is not None:
                continue
            if name in needs if needs is not None else self._is_leaf(stored):
                yield stored

    def _is_leaf(self, entry: FieldDefinition) -> bool:
        return entry.embed is None and not isinstance(
            self._definition(entry.annotation, entry.name),
            ObjectDefinition | InterfaceDefinition | UnionDefinition,
        )

    def _definition(self, hint: Any, name: str) -> Any:
        return self._model.definitions.get(read_hint(hint, name).innermost)

    def _of_type(self, hint: Any, name: str) -> Requirements:
        definition = self._definition(hint, name)
        composite = isinstance(definition, ObjectDefinition | InterfaceDefinition)
        return _own(definition) if composite else ()

    def _compared(self, owner: Composite, name: str) -> Requirements:
        """Return what comparing by a field needs: the right to read it, of each type that has it.

        Otherwise the rows that a filter returns would tell its values.
        """
        required = [*_own(owner), *self._field(owner, owner.fields[name])]
        if isinstance(owner, InterfaceDefinition):
            for object_ in self._implementations(owner):
                if name in object_.fields:
                    required += [*_own(object_), *self._field(object_, object_.fields[name])]
        return tuple(required)

    def _implementations(self, interface: InterfaceDefinition) -> Iterator[Composite]:
        for composite in self._model.composites():
            if interface.python_class in composite.interfaces:
                yield composite

    def _root(self, query: QueryDefinition) -> Requirements:
        required = [*_own(query), *self._of_type(query.annotation, query.name)]
        if query.function is None and not query.many:
            # The arguments of a single row cannot be left out.
            for name in query.by:
                required += self._equality(query, name)
        return tuple(required)

    def _equality(self, query: QueryDefinition, name: str) -> Requirements:
        """Return what an equality argument needs: to compare by its field."""
        definition = self._definition(query.annotation, query.name)
        if name not in query.by or not isinstance(
            definition, ObjectDefinition | InterfaceDefinition
        ):
            return ()
        return self._compared(definition, name)

    def _names(self, guards: Guards) -> Mapping[str, frozenset[Check]]:
        checks: dict[str, set[Check]] = {}
        for query in self._model.queries:
            for each in query.nodes.types if query.nodes else ():
                owner = getattr(self._model.composite(each), "name", "")
                # A global id compares by the key.
                needed = checks.setdefault(query.graphql_name, set())
                for (type_name, _), required in guards.inputs.items():
                    needed |= set(_checks(required)) if type_name == owner else set()
        for name, annotation in self._connections():
            # Cursors contain the fields of the order and the key, which the catalog may know.
            owners = self._parts(annotation, name)
            needed = checks.setdefault(name, set())
            for (owner, _), required in guards.inputs.items():
                needed |= set(_checks(required)) if owner in owners else set()
        for owner, name, annotation, arguments in self._output_fields():
            needed = checks.setdefault(name, set())
            needed |= {*_checks(guards.fields.get((owner, name), ()))}
            needed |= {*self._member_checks(annotation, guards)}
            for argument in arguments:
                needed = checks.setdefault(argument_name(name, argument.graphql_name), set())
                needed |= {*_checks(guards.arguments.get((owner, name, argument.name), ()))}
                needed |= self._input_checks(read_hint(argument.annotation, name), guards, set())
        return {name: frozenset(of_name) for name, of_name in checks.items() if of_name}

    def _parts(self, annotation: Any, name: str) -> set[str]:
        """Return the name of a type, and for a union those of its members."""
        definition = self._definition(annotation, name)
        parts = {getattr(definition, "name", "")}
        if isinstance(definition, UnionDefinition):
            members = [self._model.composite(member) for member in definition.members]
            parts |= {member.name for member in members if member is not None}
        return parts

    def _connections(self) -> Iterator[tuple[str, Any]]:
        """Yield the GraphQL names and hints of the fields that are connections."""
        for query in self._model.queries:
            if query.connected:
                yield query.graphql_name, query.annotation
        for composite in self._model.composites():
            for entry in composite.fields.values():
                if entry.embed is not None and entry.embed.connection:
                    yield entry.graphql_name, entry.annotation

    def _output_fields(self) -> Iterator[tuple[str, str, Any, tuple[ArgumentDefinition, ...]]]:
        for query in self._model.queries:
            yield query.root, query.graphql_name, query.annotation, query.arguments
        for composite in self._model.composites():
            for entry in composite.fields.values():
                yield composite.name, entry.graphql_name, entry.annotation, entry.arguments

    def _member_checks(self, hint: Any, guards: Guards) -> Iterator[Check]:
        """Yield the checks of the types that an abstract type may be."""
        definition = self._definition(hint, "")
        members: list[Any] = []
        if isinstance(definition, UnionDefinition):
            members = [self._model.composite(member) for member in definition.members]
        elif isinstance(definition, InterfaceDefinition):
            members = list(self._implementations(definition))
        for member in members:
            yield from _checks(guards.types.get((member.name,), ()))

    def _input_checks(self, ref: TypeReference, guards: Guards, seen: set[Any]) -> set[Check]:
        """Return the checks of the generated inputs in an argument's type."""
        target = ref.innermost
        if isinstance(target, Generated):
            owners = set(self._compared_types(target.of, set()))
            listed = [needed for (of, _), needed in guards.inputs.items() if of in owners]
            return {check for required in listed for check in _checks(required)}
        definition: Any = self._model.definitions.get(target)
        checks: set[Check] = set()
        if target in seen or not hasattr(definition, "fields"):
            return checks
        seen.add(target)
        for entry in definition.fields.values():
            checks |= self._input_checks(read_hint(entry.annotation, entry.name), guards, seen)
        return checks

    def _compared_types(self, class_: Any, seen: set[Any]) -> Iterator[str]:
        """Yield the names of a type and of all types that its filter reaches through embeds."""
        composite = self._model.composite(class_)
        if composite is None or class_ in seen:
            return
        seen.add(class_)
        yield composite.name
        for entry in composite.fields.values():
            if entry.embed is not None:
                target = read_hint(entry.annotation, entry.name).innermost
                yield from self._compared_types(target, seen)


def _own(declared: Any) -> Requirements:
    return () if declared.requirement is None else (declared.requirement,)


def _checks(required: Requirements) -> Iterator[Check]:
    for requirement in required:
        yield requirement.check


def _listed(places: Mapping[Any, Requirements]) -> dict[Any, Requirements]:
    """Return the places that need a right, each right once."""
    return {place: tuple(dict.fromkeys(needed)) for place, needed in places.items() if needed}
