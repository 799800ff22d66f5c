"""Fields and interfaces of a declared class."""

import dataclasses
import enum as enums
import inspect
from typing import Any

from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.schema.definitions import (
    ATTRIBUTE,
    MISSING,
    ArgumentDefinition,
    EmbedDefinition,
    FieldDefinition,
    InterfaceDefinition,
    ObjectDefinition,
)
from fraiseql.schema.docstrings import Docs, read_docstring
from fraiseql.schema.functions import computed_field
from fraiseql.schema.members import FieldMark, mark_of


def own_definition(cls: object) -> Any:
    """Return the definition on exactly this class, or None."""
    return vars(cls).get(ATTRIBUTE) if isinstance(cls, type) else None


def own_docs(cls: type) -> Docs:
    """Read the docstring of exactly this class."""
    return read_docstring(vars(cls).get("__doc__"))


def make_dataclass(cls: type) -> Docs:
    """Make ``cls`` a keyword-only dataclass; read its docstring before one is generated."""
    if issubclass(cls, enums.Enum):
        raise DeclarationError(
            f"{cls.__name__} is an enum.", hint="Decorate it with @fraiseql.enum instead."
        )
    docs = own_docs(cls)
    for name, value in list(vars(cls).items()):
        if isinstance(value, FieldMark):
            setattr(cls, name, value.stored())
    try:
        dataclasses.dataclass(kw_only=True)(cls)
    except (TypeError, ValueError) as error:
        _refuse_missing_hint(cls, error)
        raise DeclarationError(
            f"{cls.__name__} cannot be made a dataclass: {error}.",
            hint="Use a factory for a mutable default: fraiseql.field(default_factory=list).",
        ) from error
    return docs


def _refuse_missing_hint(cls: type, error: Exception) -> None:
    """Raise a clear error for a field or embed without a hint."""
    for name, value in vars(cls).items():
        if isinstance(value, dataclasses.Field) and str(error).startswith(f"{name!r} is a field"):
            raise DeclarationError(
                f"{cls.__name__}.{name} has no type hint.",
                hint=f"Write {name}: <type> = …, as in {name}: str = fraiseql.field(…).",
            ) from error


def _default(entry: "dataclasses.Field[Any]") -> Any:
    if entry.default is not dataclasses.MISSING:
        return entry.default
    if entry.default_factory is not dataclasses.MISSING:
        return entry.default_factory()
    return MISSING


def interfaces_of(cls: type) -> tuple[type, ...]:
    """Return the interfaces that a class derives from, nearest first."""
    bases = cls.__mro__[1:]
    return tuple(base for base in bases if isinstance(own_definition(base), InterfaceDefinition))


def input_fields(cls: type, docs: Docs) -> dict[str, ArgumentDefinition]:
    """Collect the fields of an input.

    Raises:
        DeclarationError: One is an embed or a computed field.
    """
    _refuse_computed(cls)
    fields = {}
    for entry in dataclasses.fields(cls):
        mark = entry.metadata.get(ATTRIBUTE)
        if isinstance(mark, EmbedDefinition):
            raise DeclarationError(
                f"{cls.__name__}.{entry.name} is an embed, but {cls.__name__} is an input.",
                hint="Embeds belong to types; write a plain field here.",
            )
        mark = mark or FieldMark()
        if mark.column is not None:
            raise DeclarationError(
                f"{cls.__name__}.{entry.name} has column=, but {cls.__name__} is an input.",
                hint="Columns belong to types; leave it out.",
            )
        if mark.requires is not None:
            raise DeclarationError(
                f"{cls.__name__}.{entry.name} has requires=, but {cls.__name__} is an input.",
                hint="Write it on the argument: Annotated[…, fraiseql.Requires(check)].",
            )
        fields[entry.name] = ArgumentDefinition(
            name=entry.name,
            graphql_name=mark.name or to_camel(entry.name),
            annotation=entry.type,
            default=_default(entry),
            description=mark.description or docs.entries.get(entry.name),
        )
    return fields


def object_fields(cls: type, docs: Docs) -> dict[str, FieldDefinition]:
    """Collect stored, embedded and computed fields, inherited ones first."""
    inherited = _inherited_descriptions(cls)
    collected = {}
    for entry in dataclasses.fields(cls):
        description = docs.entries.get(entry.name) or inherited.get(entry.name)
        collected[entry.name] = _stored_field(entry, description)
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            mark = mark_of(member)
            if mark and inspect.getattr_static(cls, name) is member:
                collected[name] = computed_field(cls, name, member, mark)
    return collected


def _inherited_descriptions(cls: type) -> dict[str, str]:
    descriptions: dict[str, str] = {}
    for base in cls.__mro__[1:]:
        definition = own_definition(base)
        if isinstance(definition, ObjectDefinition | InterfaceDefinition):
            for name, entry in definition.fields.items():
                if entry.description:
                    descriptions.setdefault(name, entry.description)
    return descriptions


def _stored_field(entry: "dataclasses.Field[Any]", description: str | None) -> FieldDefinition:
    mark = entry.metadata.get(ATTRIBUTE)
    options = mark if isinstance(mark, FieldMark) else FieldMark()
    return FieldDefinition(
        name=entry.name,
        graphql_name=options.name or to_camel(entry.name),
        annotation=entry.type,
        description=options.description or description,
        deprecation=options.deprecation,
        embed=mark if isinstance(mark, EmbedDefinition) else None,
        default=_default(entry),
        column=options.column,
        private=options.private,
        filter=options.filter,
        requirement=mark.requirement if isinstance(mark, EmbedDefinition) else options.requires,
    )


def _refuse_computed(cls: type) -> None:
    for base in cls.__mro__:
        for name, member in vars(base).items():
            if mark_of(member):
                raise DeclarationError(
                    f"{cls.__name__}.{name} is a computed field, but {cls.__name__} is an input.",
                    hint="Computed fields belong to types; write a plain method here.",
                )
