"""Checks of interfaces and unions: members, tags and fields."""

from typing import Any

from fraiseql.errors import DeclarationError
from fraiseql.schema.definitions import (
    FieldDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    UnionDefinition,
)
from fraiseql.schema.hints import TypeReference, read_hint, show
from fraiseql.schema.model import Composite, Model


def check_abstract(model: Model) -> None:
    """Check every interface and union.

    Raises:
        DeclarationError: A member is not an object type, two share a tag, or a type does not have
            a field of its interface.
    """
    for target, definition in model.definitions.items():
        if isinstance(definition, UnionDefinition):
            _check_union(definition, model)
        elif isinstance(definition, InterfaceDefinition):
            _check_interface(target, definition, model)


def _check_union(definition: UnionDefinition, model: Model) -> None:
    objects = []
    for member in definition.members:
        composite = model.composite(member)
        if not isinstance(composite, ObjectDefinition):
            raise DeclarationError(
                f"Union {definition.name} has member {show(member)}, which is not an object type.",
                hint="Members are classes declared with @fraiseql.type.",
            )
        objects.append(composite)
    if len(set(definition.members)) < len(definition.members):
        raise DeclarationError(
            f"Union {definition.name} names a member twice.", hint="Name each class once."
        )
    _check_tags(f"union {definition.name}", objects)
    _check_columns(f"union {definition.name}", definition.discriminator, objects)


def implementations(target: Any, model: Model) -> list[Composite]:
    """Return the types and interfaces that derive from an interface's class."""
    return [entry for entry in model.composites() if target in entry.interfaces]


def _check_interface(target: Any, definition: InterfaceDefinition, model: Model) -> None:
    composites = implementations(target, model)
    objects = [entry for entry in composites if isinstance(entry, ObjectDefinition)]
    if not objects:
        raise DeclarationError(
            f"Interface {definition.name} has no types.",
            hint=f"Derive a type from {definition.python_class.__name__} and give it in types=[…].",
        )
    if not definition.separate:
        _check_tags(f"interface {definition.name}", objects)
        _check_columns(f"interface {definition.name}", definition.discriminator, objects)
    for entry in composites:
        _check_promise(entry, definition, model)


def _check_columns(label: str, discriminator: str, objects: list[ObjectDefinition]) -> None:
    """Check that types that share rows read a field of one name from one column."""
    seen: dict[str, tuple[str, str | None]] = {}
    for entry in objects:
        for field in entry.fields.values():
            if field.embed is not None or field.computed is not None:
                continue
            owner, column = seen.setdefault(field.name, (entry.name, field.column))
            if column != field.column:
                raise DeclarationError(
                    f"{owner}.{field.name} and {entry.name}.{field.name} of {label} are read from"
                    " different columns.",
                    hint="Give both the same column=, or one of the fields another name.",
                )
            if column is not None and field.name == discriminator:
                raise DeclarationError(
                    f"{entry.name}.{field.name} of {label} has column={column!r}, but its name is"
                    " that of the discriminator.",
                    hint="Give the field another name, and name=… for GraphQL.",
                )


def _check_tags(label: str, objects: list[ObjectDefinition]) -> None:
    seen: dict[str, str] = {}
    for entry in objects:
        tag = entry.tag or entry.name
        if tag in seen:
            raise DeclarationError(
                f"{seen[tag]} and {entry.name} of {label} both have the tag {tag!r}.",
                hint='Give each its own: @fraiseql.type(tag="…").',
            )
        seen[tag] = entry.name


def _check_promise(entry: Composite, interface: InterfaceDefinition, model: Model) -> None:
    own = {field.graphql_name: field for field in entry.fields.values()}
    for promised in interface.fields.values():
        label = f"{entry.python_class.__name__}.{promised.name}"
        field = own.get(promised.graphql_name)
        if field is None:
            raise DeclarationError(
                f"{label} is not called {promised.graphql_name!r}, as interface {interface.name} "
                "promises.",
                hint="Leave the field's GraphQL name as it is in the interface.",
            )
        expected = read_hint(promised.annotation, label)
        if not _keeps(read_hint(field.annotation, label), expected, model):
            raise DeclarationError(
                f"{label} is {show(field.annotation)}, but interface {interface.name} promises "
                f"{show(promised.annotation)}.",
                hint=f"Write {promised.name}: {show(promised.annotation)}.",
            )
        _check_arguments(field, promised, label, interface.name)


def _keeps(own: TypeReference, promised: TypeReference, model: Model) -> bool:
    """Return whether a field's type is the interface's or narrower."""
    if own.nullable and not promised.nullable:
        return False
    if promised.item is not None:
        return own.item is not None and _keeps(own.item, promised.item, model)
    if own.item is not None:
        return False
    if own.target == promised.target:
        return True
    union = model.definitions.get(promised.target)
    if isinstance(union, UnionDefinition):
        return own.target in union.members
    composite = model.composite(own.target)
    return composite is not None and promised.target in composite.interfaces


def _check_arguments(
    own: FieldDefinition, promised: FieldDefinition, label: str, interface: str
) -> None:
    expected = _arguments(promised)
    actual = _arguments(own)
    for name, ref in expected.items():
        if actual.get(name) != ref:
            raise DeclarationError(
                f"{label} has not the argument {name!r} that interface {interface} promises.",
                hint="Give the function the same parameters with the same hints.",
            )


def _arguments(field: FieldDefinition) -> dict[str, TypeReference]:
    entries = field.arguments
    return {entry.graphql_name: read_hint(entry.annotation, entry.name) for entry in entries}
