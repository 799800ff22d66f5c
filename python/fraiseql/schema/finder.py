"""Search for all declarations of types and queries, with evaluated hints."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated, Any, Final, get_origin

from fraiseql.errors import DeclarationError
from fraiseql.schema.collect import own_definition
from fraiseql.schema.definitions import (
    ATTRIBUTE,
    MUTATION,
    QUERY,
    ArgumentDefinition,
    FieldDefinition,
    InputDefinition,
    InterfaceDefinition,
    NodeTypes,
    ObjectDefinition,
    QueryDefinition,
    ScalarDefinition,
    UnionDefinition,
)
from fraiseql.schema.functions import plain_function
from fraiseql.schema.generated import generated_mutations
from fraiseql.schema.hiding import NOTHING, Hidden
from fraiseql.schema.hints import (
    Generated,
    description_of,
    evaluate,
    is_named,
    read_hint,
    requirement_of,
    show,
    union_members,
    unresolved,
    walk,
)
from fraiseql.schema.model import Model
from fraiseql.schema.nodes import with_node
from fraiseql.schema.write_errors import refusable

_OPTIONS: Final = {QUERY: "queries", MUTATION: "mutations"}


class _Waiting(Exception):  # noqa: N818 - a signal between two functions of this module
    """A hint names a class that was not found yet."""

    def __init__(self, name: str, label: str, hint: Any) -> None:
        super().__init__(name)
        self.name, self.label, self.hint = name, label, hint


class _Finder:
    """Walks from declarations to all that they name.

    Args:
        hidden: Places that are treated as not declared.
    """

    def __init__(self, hidden: Hidden) -> None:
        self.hidden = hidden
        self.model = Model()
        self.names: dict[str, Any] = {}
        self.queue: deque[tuple[Any, Callable[[], None]]] = deque()
        self.seen: set[int] = set()
        self.nodes: dict[type, NodeTypes] = {}

    def add_hint(self, hint: Any) -> None:
        """Queue every declaration that an evaluated hint names."""
        for part in walk(hint):
            if get_origin(part) is Annotated:
                for note in part.__metadata__:
                    if is_named(note):
                        self._add_named(note, part)
            elif own_definition(part) is not None:
                self.add_class(part)

    def _add_named(self, definition: UnionDefinition | ScalarDefinition, hint: Any) -> None:
        if id(definition) in self.seen or definition in self.hidden.targets:
            return
        self.seen.add(id(definition))
        if isinstance(definition, UnionDefinition):
            members = union_members(hint, definition)
            members = tuple(each for each in members if each not in self.hidden.targets)
            self.model.definitions[definition] = replace(definition, members=members)
        else:
            self.model.definitions[definition] = definition

    def add_class(self, cls: Any) -> None:
        """Queue a declared class."""
        if id(cls) in self.seen or cls in self.hidden.targets:
            return
        self.seen.add(id(cls))
        self.names.setdefault(cls.__name__, cls)
        declared = with_node(own_definition(cls), self.nodes.get(cls))
        definition = self.hidden.definition(declared)
        if isinstance(definition, ScalarDefinition):
            self.model.definitions[definition] = definition
            return
        self.model.definitions[cls] = definition  # holds the place in the order
        self.queue.append((cls, lambda: self._finish_class(cls, definition)))
        for base in getattr(definition, "interfaces", ()):
            self.add_class(base)

    def add_query(self, position: int, query: QueryDefinition) -> None:
        self.queue.append((query, lambda: self._finish_query(position, query)))

    def run(self) -> None:
        """Evaluate until nothing is left, or nothing more can be."""
        stuck: _Waiting | None = None
        tried = 0
        while self.queue:
            item, finish = self.queue.popleft()
            before = len(self.names)
            try:
                finish()
            except _Waiting as waiting:
                self.queue.append((item, finish))
                stuck = stuck or waiting
                tried = tried + 1 if len(self.names) == before else 0
                if tried > len(self.queue):
                    raise unresolved(stuck.name, stuck.label, stuck.hint, self.names) from None
            else:
                stuck, tried = None, 0

    def _finish_class(self, cls: type, definition: Any) -> None:
        if isinstance(definition, InputDefinition):
            collected: Any = {
                name: self._input_field(entry, f"{cls.__name__}.{name}", _module_of(cls, name))
                for name, entry in definition.fields.items()
            }
        elif isinstance(definition, ObjectDefinition | InterfaceDefinition):
            collected = {
                name: self._field(entry, f"{cls.__name__}.{name}", cls)
                for name, entry in definition.fields.items()
            }
        else:
            return
        self.model.definitions[cls] = replace(definition, fields=collected)

    def _field(self, entry: FieldDefinition, label: str, cls: type) -> FieldDefinition:
        computed = entry.computed
        if computed is None:
            hint = self._hint(entry.annotation, label, _module_of(cls, entry.name))
            return replace(
                entry, annotation=hint, description=entry.description or description_of(hint)
            )
        space = _globals_of(computed.function)
        arguments = tuple(
            self._argument(argument, f"{label}, argument {argument.name!r}", None, space)
            for argument in computed.arguments
        )
        hint = self._hint(entry.annotation, label, None, space)
        if computed.batch:
            hint = _batch_item(hint, label)
        return replace(entry, annotation=hint, computed=replace(computed, arguments=arguments))

    def _argument(
        self, entry: ArgumentDefinition, label: str, module: str | None, space: Any = None
    ) -> ArgumentDefinition:
        hint = self._hint(entry.annotation, label, module, space)
        return replace(
            entry,
            annotation=hint,
            description=entry.description or description_of(hint),
            requirement=requirement_of(hint),
        )

    def _input_field(
        self, entry: ArgumentDefinition, label: str, module: str | None
    ) -> ArgumentDefinition:
        field = self._argument(entry, label, module)
        if field.requirement is not None:
            raise DeclarationError(
                f"{label} has a requirement, but belongs to an input.",
                hint="Write it on the argument: Annotated[…, fraiseql.Requires(check)].",
            )
        return field

    def _finish_query(self, position: int, query: QueryDefinition) -> None:
        label = f"{query.root} {query.name}"
        space = _globals_of(query.function)
        arguments = tuple(
            self._argument(entry, f"{label}, argument {entry.name!r}", None, space)
            for entry in query.arguments
        )
        hint = self._hint(query.annotation, label, None, space)
        if query.write is not None and query.write.union:
            hint = refusable(hint, query.graphql_name, label)
            self.add_hint(hint)
        self.model.queries[position] = replace(query, annotation=hint, arguments=arguments)

    def _hint(self, hint: Any, label: str, module: str | None, space: Any = None) -> Any:
        """Evaluate and check a hint, and queue the declarations in it."""
        try:
            evaluated = evaluate(hint, module, self.names, space)
        except NameError as error:
            raise _Waiting(error.name or str(error), label, hint) from error
        except (SyntaxError, TypeError, AttributeError) as error:
            raise DeclarationError(
                f"{label}: {hint!r} is not a type hint: {error}.",
                hint="Write a type, like int, list[User] or User | None.",
            ) from error
        target = read_hint(evaluated, label).innermost
        if isinstance(target, Generated) and own_definition(target.of) is None:
            raise DeclarationError(
                f"{label}: {show(target.of)} has no fields to filter or order by.",
                hint=f"Write fraiseql.{target.kind.__name__}[User] with a declared type.",
            )
        self.add_hint(evaluated)
        return evaluated


def _module_of(cls: type, name: str) -> str:
    """Return the module of the class in which a dataclass field was written."""
    own = cls.__dict__["__dataclass_fields__"].get(name)
    owner = cls
    for base in cls.__mro__:
        if vars(base).get("__dataclass_fields__", {}).get(name) is own:
            owner = base
    return owner.__module__


def _globals_of(function: Any) -> dict[str, Any]:
    """Return the globals of a resolver; empty for none."""
    names: dict[str, Any] = getattr(plain_function(function), "__globals__", {})
    return names


def _batch_item(hint: Any, label: str) -> Any:
    if get_origin(hint) is not list:
        raise DeclarationError(
            f"{label} takes all parents at once (batch=True), but returns {show(hint)}.",
            hint=f"Write -> list[{show(hint)}]: one item for every parent, in their order.",
        )
    return hint.__args__[0]


def find_declarations(
    types: Iterable[Any], queries: Iterable[Any], hidden: Hidden = NOTHING
) -> Model:
    """Find every declaration that types and queries name.

    Args:
        types: Declared types.
        queries: Declared root fields.
        hidden: Places that are treated as not declared.

    Raises:
        DeclarationError: A type or query is not declared, or a hint cannot be read.
    """
    finder = _Finder(hidden)
    definitions = hidden.queries(query_definition(declared) for declared in queries)
    for definition in definitions:
        if definition.nodes is not None:
            finder.nodes |= dict.fromkeys(definition.nodes.types, definition.nodes)
    for declared in (*types, *finder.nodes):
        _check_type(declared)
        finder.add_hint(declared)
    finder.model.queries = list(definitions)
    for position, query in enumerate(definitions):
        finder.add_query(position, query)
    finder.run()
    _generate(finder, hidden)
    return finder.model


def _generate(finder: _Finder, hidden: Hidden) -> None:
    """Add the generated mutations of the types that were found."""
    composites = [each for each in finder.model.composites() if isinstance(each, ObjectDefinition)]
    generated = [
        mutation
        for definition in composites
        for mutation in generated_mutations(definition, partly=not hidden.nothing)
    ]
    for mutation in hidden.queries(generated):
        finder.model.queries.append(mutation)
        finder.add_query(len(finder.model.queries) - 1, mutation)
    finder.run()


def _check_type(declared: Any) -> None:
    named = [note for note in getattr(declared, "__metadata__", ()) if is_named(note)]
    if own_definition(declared) is None and not named:
        raise DeclarationError(
            f"types has {show(declared)}, which is not declared.",
            hint="Decorate the class with @fraiseql.type, input, interface, enum or scalar.",
        )


def query_definition(declared: Any, root: str = QUERY) -> QueryDefinition:
    """Return the definition of a query or mutation.

    Args:
        declared: The declared function or field.
        root: Name of the root type that it is expected in.

    Raises:
        DeclarationError: It is neither a decorated function nor from ``find`` or ``find_one``.
    """
    definition = (
        declared if isinstance(declared, QueryDefinition) else getattr(declared, ATTRIBUTE, None)
    )
    if not isinstance(definition, QueryDefinition):
        shown = getattr(declared, "__qualname__", repr(declared))
        kind = root.lower()
        instead = ", or write fraiseql.find(…)" if root == QUERY else ""
        raise DeclarationError(
            f"{_OPTIONS[root]} has {shown}, which is not a {kind}.",
            hint=f"Decorate the function with @fraiseql.{kind}{instead}.",
        )
    return definition


def of_root(root: str, declared: Iterable[Any]) -> list[QueryDefinition]:
    """Return the definitions of declared root fields.

    Args:
        root: Name of the root type.
        declared: Its declared fields.

    Raises:
        DeclarationError: One is not declared, or is a field of the other root type.
    """
    definitions = [query_definition(each, root) for each in declared]
    for definition in definitions:
        if definition.root != root:
            option, other = _OPTIONS[root], _OPTIONS[definition.root]
            raise DeclarationError(
                f"{option} has {definition.name}, which is a {definition.root.lower()}.",
                hint=f"Write it in {other}=[…].",
            )
    return definitions
