"""Checks across several declarations."""

from collections.abc import Iterable
from typing import Any

from fraiseql.errors import DeclarationError
from fraiseql.naming import suggestion
from fraiseql.schema.abstract import check_abstract
from fraiseql.schema.container_filters import is_json
from fraiseql.schema.defaults import external_default
from fraiseql.schema.definitions import (
    ArgumentDefinition,
    FieldDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    UnionDefinition,
)
from fraiseql.schema.filter_options import Filter
from fraiseql.schema.filters import (
    COMBINING,
    comparable,
    embedded,
    filtered,
    is_text,
    leaf_ref,
    misplaced_operators,
)
from fraiseql.schema.hints import Generated, TypeReference, read_hint, show
from fraiseql.schema.model import Composite, Model
from fraiseql.schema.names import check_names
from fraiseql.schema.queries import Where


def check_model(model: Model) -> None:
    """Check names, uses of types, embeds, computed fields, interfaces and unions.

    Raises:
        DeclarationError: A declaration cannot be served as it is written.
    """
    check_names(model)
    for composite in model.composites():
        for field in composite.fields.values():
            _check_field(composite, field, model)
    for definition in model.definitions.values():
        if isinstance(definition, InputDefinition):
            for entry in definition.fields.values():
                _check_argument(entry, f"{definition.python_class.__name__}.{entry.name}", model)
    for query in model.queries:
        label = f"{query.root} {query.name}"
        _check_output(read_hint(query.annotation, label), f"{label} returns", model)
        _check_arguments(query.arguments, label, model)
    check_abstract(model)


def _check_field(owner: Composite, field: FieldDefinition, model: Model) -> None:
    label = f"{owner.python_class.__name__}.{field.name}"
    ref = read_hint(field.annotation, label)
    _check_output(ref, f"{label} is", model)
    if field.embed:
        _check_embed(ref, field, label, model)
    if field.filter is not None:
        _check_operators(field, field.filter, label, model)
    if field.computed:
        _check_needs(owner, field, label)
        _check_arguments(field.computed.arguments, label, model)


def _check_operators(field: FieldDefinition, only: Filter, label: str, model: Model) -> None:
    ref = leaf_ref(field, model)
    if ref is None and only == Filter(path=True) and is_json(field):
        return
    if ref is None:
        raise DeclarationError(
            f"{label} has filter=, but no filter: it is no stored scalar or enum.",
            hint="Leave it out.",
        )
    misplaced = misplaced_operators(ref, model, only)
    if misplaced:
        raise DeclarationError(
            f"{label} has filter= with {', '.join(misplaced)}, which cannot compare its type.",
            hint="Name operators of the type; regex and search are for texts only.",
        )
    if only.path or (only.column is not None and not is_text(ref, model)):
        option = "path=True" if only.path else f"column={only.column!r}"
        raise DeclarationError(
            f"{label} has filter= with {option}, which cannot compare its type.",
            hint="path is for JSON alone, without other options; column for texts: str.",
        )


def _check_output(ref: TypeReference, place: str, model: Model) -> None:
    target = ref.innermost
    if isinstance(model.definitions.get(target), InputDefinition):
        raise DeclarationError(
            f"{place} {show(target)}, which is an input.",
            hint="Declare a @fraiseql.type for the returned value.",
        )
    if isinstance(target, Generated):
        raise DeclarationError(
            f"{place} {target.kind.__name__}, which is for arguments only.",
            hint="Declare a @fraiseql.type for the returned value.",
        )


def _check_arguments(arguments: Iterable[ArgumentDefinition], label: str, model: Model) -> None:
    for entry in arguments:
        _check_argument(entry, f"{label}, argument {entry.name!r}", model)


def _check_argument(entry: ArgumentDefinition, label: str, model: Model) -> None:
    target = read_hint(entry.annotation, label).innermost
    definition = model.definitions.get(target)
    if isinstance(definition, ObjectDefinition | InterfaceDefinition | UnionDefinition):
        raise DeclarationError(
            f"{label} is {definition.name}, which is for output only.",
            hint="Declare a class with @fraiseql.input, or take its key: id: int.",
        )
    if isinstance(target, Generated):
        _check_generated(target, label, model)
    external_default(entry, label, model)


def _check_generated(target: Generated, label: str, model: Model) -> None:
    composite = model.composite(target.of)
    names = comparable(composite, model) if composite is not None else {}
    if composite is None or not names:
        raise DeclarationError(
            f"{label}: {show(target.of)} has no fields to filter or order by.",
            hint="It needs a stored scalar or enum field, like id: int.",
        )
    for inner in filtered(composite, model) if target.kind is Where else ():
        for name in (*comparable(inner, model), *embedded(inner, model)):
            _check_filter_name(inner, inner.fields[name])


def _check_filter_name(owner: Composite, field: FieldDefinition) -> None:
    if field.graphql_name in COMBINING:
        raise DeclarationError(
            f"{owner.python_class.__name__}.{field.name} has the GraphQL name"
            f" {field.graphql_name!r}, which combines conditions in every filter.",
            hint='Give the field another name: fraiseql.field(name="…").',
        )


def _check_embed(ref: TypeReference, field: FieldDefinition, label: str, model: Model) -> None:
    embed: Any = field.embed
    item = ref.item if embed.on else ref
    shown = show(field.annotation)
    name = show(ref.innermost)
    if embed.on and (item is None or item.item is not None or item.nullable):
        raise DeclarationError(
            f"{label} embeds a list (on=), but its hint is {shown}.", hint=f"Write list[{name}]."
        )
    if embed.via and ref.item is not None:
        raise DeclarationError(
            f"{label} embeds one object (via=), but its hint is {shown}.",
            hint=f"Write {name} | None; {name} where a foreign key says that there is always one.",
        )
    if item is None or model.composite(item.target) is None:
        raise DeclarationError(
            f"{label} embeds {name}, which is not an object type.",
            hint="Embed a class declared with @fraiseql.type.",
        )


def _check_needs(owner: Composite, field: FieldDefinition, label: str) -> None:
    stored = [
        name
        for name, entry in owner.fields.items()
        if not entry.computed and not (entry.embed and entry.embed.connection)
    ]
    for name in (field.computed.needs if field.computed else None) or ():
        if name not in stored:
            raise DeclarationError(
                f"{label} needs {name!r}, which is not a stored field of "
                f"{owner.python_class.__name__}.{suggestion(name, stored)}",
                hint=f"Stored fields: {', '.join(stored) or '(none)'}.",
            )
