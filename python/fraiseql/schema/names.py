"""Checks of GraphQL names: well formed, not reserved, unique."""

import re
from collections.abc import Iterable
from typing import Any, Final

from fraiseql.errors import DeclarationError
from fraiseql.schema.aggregates import generated_names
from fraiseql.schema.by_key import ByKey
from fraiseql.schema.connections import SHARED_NAMES, connection_names
from fraiseql.schema.container_filters import (
    JSON_FILTER,
    LENGTH_FILTER,
    array_filter_name,
    json_fields,
    list_leaves,
)
from fraiseql.schema.definitions import (
    ArgumentDefinition,
    EnumDefinition,
    FieldDefinition,
    InputDefinition,
    QueryDefinition,
)
from fraiseql.schema.filters import (
    COUNT_ORDER,
    ORDER,
    comparable,
    filter_name,
    filtered,
    input_name,
    list_filter_name,
    listed,
    own_filter_name,
)
from fraiseql.schema.hints import Generated, read_hint
from fraiseql.schema.keys import key_input_names
from fraiseql.schema.leaves import LEAF_NAMES, LEAVES
from fraiseql.schema.model import Definition, Model
from fraiseql.schema.pages import page_name
from fraiseql.schema.queries import OrderBy, Where

_NAME: Final = re.compile(r"[A-Za-z][_0-9A-Za-z]*|_[0-9A-Za-z][_0-9A-Za-z]*|_", re.ASCII)
_ROOTS: Final = frozenset({"Query", "Mutation", "Subscription"})
_NOT_MEMBERS: Final = frozenset({"true", "false", "null"})


def check_names(model: Model) -> None:
    """Check the names of types, fields, arguments, enum members and queries.

    Raises:
        DeclarationError: A name is malformed, reserved, or used twice.
    """
    _check_type_names(model)
    for definition in model.definitions.values():
        if isinstance(definition, EnumDefinition):
            _check_members(definition)
        elif isinstance(definition, InputDefinition):
            _check_fields(definition.python_class.__name__, definition.fields.values())
    for composite in model.composites():
        _check_fields(composite.python_class.__name__, composite.fields.values())
        for field in composite.fields.values():
            if field.computed:
                label = f"{composite.python_class.__name__}.{field.name}"
                _check_arguments(label, field.computed.arguments)
    _check_queries(model.queries)


def _check_name(name: str, label: str) -> None:
    if name.startswith("__"):
        raise DeclarationError(
            f"{label} has the GraphQL name {name!r}; names that start with __ are GraphQL's own.",
            hint='Rename it, or give another name: name="…".',
        )
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{label} has the GraphQL name {name!r}, which GraphQL cannot write.",
            hint='Use letters, digits and _ only, or give another name: name="…".',
        )


def describe(definition: Definition) -> str:
    """Return the name of a declaration for messages."""
    cls: Any = getattr(definition, "python_class", None)
    if isinstance(cls, type) and cls.__module__ != "builtins":
        return f"{cls.__module__}.{cls.__qualname__}"
    return f"{type(definition).__name__.removesuffix('Definition').lower()} {definition.name}"


def _check_type_names(model: Model) -> None:
    owners: dict[str, str] = dict.fromkeys(_ROOTS, "the root type")
    owners |= dict.fromkeys(_used_leaves(model), "a built-in scalar")
    for definition in model.definitions.values():
        _check_name(definition.name, describe(definition))
        _claim(owners, definition.name, describe(definition))
    for target in generated_inputs(model):
        of = model.composite(target.of)
        if of is not None:
            _claim(owners, input_name(target.kind, of), f"the generated input of {of.name}")
            for name in key_input_names(of, model) if target.kind is ByKey else ():
                _claim(owners, name, f"a generated key of {of.name}")
    for name in _filter_names(model):
        _claim(owners, name, "a generated input")
    for name in dict.fromkeys(_page_names(model)):
        _claim(owners, name, "a generated page")


def _page_names(model: Model) -> Iterable[str]:
    for query in model.queries:
        if query.paged or query.connected:
            row: Any = model.definitions[read_hint(query.annotation, query.name).innermost]
            yield from [page_name(row.name)] if query.paged else connection_names(row.name)
        if query.aggregated or query.aggregates:
            rows = model.composite(read_hint(query.annotation, query.name).innermost)
            yield from generated_names(rows, model) if rows is not None else ()
        if query.connected:
            yield from SHARED_NAMES
    for composite in model.composites():
        for field in composite.fields.values():
            if field.embed is not None and field.embed.connection:
                item: Any = model.definitions[read_hint(field.annotation, field.name).innermost]
                yield from (*connection_names(item.name), *SHARED_NAMES)


def _claim(owners: dict[str, str], name: str, owner: str) -> None:
    if name in owners:
        raise DeclarationError(
            f"{owner} and {owners[name]} both have the GraphQL name {name!r}.",
            hint='Give one of them another name: @fraiseql.type(name="…").',
        )
    owners[name] = owner


def references(model: Model) -> Iterable[Any]:
    """Yield the innermost target of every hint in the model."""
    for composite in model.composites():
        for field in composite.fields.values():
            yield read_hint(field.annotation, field.name).innermost
            for argument in field.arguments:
                yield read_hint(argument.annotation, argument.name).innermost
    for definition in model.definitions.values():
        if isinstance(definition, InputDefinition):
            for entry in definition.fields.values():
                yield read_hint(entry.annotation, entry.name).innermost
    for query in model.queries:
        yield read_hint(query.annotation, query.name).innermost
        for argument in query.arguments:
            yield read_hint(argument.annotation, argument.name).innermost


def generated_inputs(model: Model) -> list[Generated]:
    """Return the filter and order inputs that the model needs, each once."""
    inputs: dict[Generated, None] = {}
    for target in references(model):
        if isinstance(target, Generated):
            inputs[target] = None
            of = model.composite(target.of)
            for inner in filtered(of, model) if of else ():
                inputs[Generated(target.kind, inner.python_class)] = None
    return list(inputs)


def _used_leaves(model: Model) -> set[str]:
    names = {"Int", "Float", "String", "Boolean", "ID"}
    for target in references(model):
        if not isinstance(target, Generated) and target in LEAVES:
            names.add(LEAVES[target].name)
    return names & LEAF_NAMES


def _filter_names(model: Model) -> list[str]:
    names: dict[str, None] = {}
    for target in generated_inputs(model):
        of = model.composite(target.of)
        for ref in comparable(of, model).values() if of else ():
            definition = model.definitions.get(ref.target)
            leaf_name = definition.name if definition else LEAVES[ref.target].name
            names[filter_name(leaf_name)] = None
            names[ORDER.name] = None
        for item in list_leaves(of, model).values() if of else ():
            definition = model.definitions.get(item.target)
            leaf_name = definition.name if definition else LEAVES[item.target].name
            names |= dict.fromkeys((array_filter_name(leaf_name), LENGTH_FILTER))
        if of is not None and json_fields(of):
            names[JSON_FILTER] = None
        for field in of.fields.values() if of else ():
            if field.filter is not None and of is not None:
                names[own_filter_name(of, field)] = None
        if of is not None and target.kind is OrderBy and listed(of, model):
            names[COUNT_ORDER.name] = None
        if of is not None and target.kind is Where:
            names |= dict.fromkeys(map(list_filter_name, listed(of, model).values()))
    return list(names)


def _check_fields(
    owner: str, fields: Iterable[FieldDefinition] | Iterable[ArgumentDefinition]
) -> None:
    seen: dict[str, str] = {}
    for entry in fields:
        _check_name(entry.graphql_name, f"{owner}.{entry.name}")
        if entry.graphql_name in seen:
            raise DeclarationError(
                f"{owner}.{entry.name} and {owner}.{seen[entry.graphql_name]} both have the "
                f"GraphQL name {entry.graphql_name!r}.",
                hint='Rename one, or write fraiseql.field(name="…").',
            )
        seen[entry.graphql_name] = entry.name
    if not seen:
        raise DeclarationError(
            f"{owner} has no fields.", hint="Write at least one with a type hint: id: int."
        )


def _check_arguments(label: str, arguments: Iterable[ArgumentDefinition]) -> None:
    seen: dict[str, str] = {}
    for entry in arguments:
        _check_name(entry.graphql_name, f"{label}, argument {entry.name!r}")
        if entry.graphql_name in seen:
            raise DeclarationError(
                f"{label}: arguments {seen[entry.graphql_name]!r} and {entry.name!r} both have the "
                f"GraphQL name {entry.graphql_name!r}.",
                hint="Rename one of them.",
            )
        seen[entry.graphql_name] = entry.name


def _check_members(definition: EnumDefinition) -> None:
    for member in definition.python_class:  # type: ignore[attr-defined]
        label = f"{definition.python_class.__name__}.{member.name}"
        _check_name(member.name, label)
        if member.name in _NOT_MEMBERS:
            raise DeclarationError(
                f"{label} cannot be an enum member in GraphQL.", hint="Write it in upper case."
            )
        if not isinstance(member.value, str | int | float):
            raise DeclarationError(
                f"{label} has value {member.value!r}, which no document can hold.",
                hint="Write the string or number that the documents hold.",
            )


def _check_queries(queries: list[QueryDefinition]) -> None:
    if all(query.write for query in queries):
        raise DeclarationError(
            "There are no queries.",
            hint='Give at least one: queries=[fraiseql.find("users", User)].',
        )
    seen: dict[tuple[str, str], str] = {}
    for query in queries:
        label, place = f"{query.root} {query.name}", (query.root, query.graphql_name)
        _check_name(query.graphql_name, label)
        if place in seen:
            kind, plural = ("mutation", "Mutations") if query.write else ("query", "Queries")
            raise DeclarationError(
                f"{plural} {seen[place]} and {query.name} both have the GraphQL name "
                f"{query.graphql_name!r}.",
                hint=f'Rename one, or write @fraiseql.{kind}(name="…").',
            )
        seen[place] = query.name
        _check_arguments(label, query.arguments)
