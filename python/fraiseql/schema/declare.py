"""The class decorators: ``type``, ``interface``, ``input`` and ``enum``."""

import builtins
import dataclasses
import enum as enums
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, dataclass_transform, overload

from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.schema.definitions import (
    ATTRIBUTE,
    MISSING,
    ArgumentDefinition,
    Embed,
    EnumDefinition,
    FieldDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
)
from fraiseql.schema.docstrings import Docs, read_docstring
from fraiseql.schema.functions import computed_field
from fraiseql.schema.members import FieldMark, embed, field, mark_of

T = TypeVar("T")
E = TypeVar("E", bound=enums.Enum)


@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def type(cls: builtins.type[T], /) -> builtins.type[T]: ...
@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def type(
    *,
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    key: str | Sequence[str] = (),
    name: str | None = None,
    tag: str | None = None,
    stored: object = None,
    indexes: Sequence[object] = (),
    description: str | None = None,
) -> Callable[[builtins.type[T]], builtins.type[T]]: ...
def type(cls: Any = None, /, **options: Any) -> Any:
    """Declare an object type; the class becomes a keyword-only dataclass.

    Args:
        cls: The class, when used without parentheses.
        **options: ``sql_source`` (relation that answers queries of this type), ``jsonb_column`` (its
            document column), ``key`` (columns that identify a row; the catalog's when left out),
            ``name`` (GraphQL name), ``tag`` (value of an interface's or union's discriminator),
            ``stored`` (where the document is kept), ``indexes``, ``description``.

    Raises:
        DeclarationError: The class cannot be served as it is written.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="users", jsonb_column="data")
        ... class User:
        ...     id: int
        ...     first_name: str | None = None
        >>> User(id=1)
        User(id=1, first_name=None)
    """
    return _decorate(cls, _make_object, "type", options)


@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def interface(cls: builtins.type[T], /) -> builtins.type[T]: ...
@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def interface(
    *,
    name: str | None = None,
    discriminator: str = "__typename",
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    key: str | Sequence[str] = (),
    description: str | None = None,
) -> Callable[[builtins.type[T]], builtins.type[T]]: ...
def interface(cls: Any = None, /, **options: Any) -> Any:
    """Declare an interface; types that derive from the class implement it and inherit its fields.

    Args:
        cls: The class, when used without parentheses.
        **options: ``discriminator`` (key of a document that holds the ``tag`` of its type), and
            ``name``, ``sql_source``, ``jsonb_column``, ``key``, ``description`` as for ``type``.

    Raises:
        DeclarationError: The class cannot be served as it is written.

    Example:
        >>> import fraiseql
        >>> @fraiseql.interface
        ... class Node:
        ...     id: fraiseql.ID
        >>> @fraiseql.type
        ... class User(Node):
        ...     name: str
        >>> User(id=fraiseql.ID("1"), name="Ada").id
        '1'
    """
    return _decorate(cls, _make_interface, "interface", options)


@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def input(cls: builtins.type[T], /) -> builtins.type[T]: ...
@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def input(
    *, name: str | None = None, description: str | None = None
) -> Callable[[builtins.type[T]], builtins.type[T]]: ...
def input(cls: Any = None, /, **options: Any) -> Any:
    """Declare an input object; resolvers are given an instance of the class.

    Args:
        cls: The class, when used without parentheses.
        **options: ``name`` (GraphQL name) and ``description``.

    Raises:
        DeclarationError: The class cannot be served as it is written.

    Example:
        >>> import fraiseql
        >>> @fraiseql.input
        ... class Period:
        ...     year: int
        ...     month: int | None = None
        >>> Period(year=2013).month is None
        True
    """
    return _decorate(cls, _make_input, "input", options)


@overload
def enum(cls: builtins.type[E], /) -> builtins.type[E]: ...
@overload
def enum(
    *, name: str | None = None, description: str | None = None
) -> Callable[[builtins.type[E]], builtins.type[E]]: ...
def enum(cls: Any = None, /, **options: Any) -> Any:
    """Declare an ``enum.Enum``: GraphQL shows the members' names, documents hold their values.

    Args:
        cls: The enum, when used without parentheses.
        **options: ``name`` (GraphQL name) and ``description``.

    Raises:
        DeclarationError: The class is not an enum, or has no members.

    Example:
        >>> import enum, fraiseql
        >>> @fraiseql.enum
        ... class Colour(enum.Enum):
        ...     RED = "red"
        >>> Colour("red").name
        'RED'
    """
    return _decorate(cls, _make_enum, "enum", options)


def _decorate(cls: Any, make: Callable[..., Any], kind: str, options: dict[str, Any]) -> Any:
    def decorate(target: Any) -> Any:
        if not isinstance(target, builtins.type):
            raise DeclarationError(
                f"@fraiseql.{kind} stands on {target!r}, which is not a class.",
                hint=f"Write @fraiseql.{kind} above a class statement.",
            )
        try:
            setattr(target, ATTRIBUTE, make(target, **options))
        except TypeError as error:
            raise DeclarationError(f"@fraiseql.{kind} on {target.__name__}: {error}.") from error
        return target

    return decorate if cls is None else decorate(cls)


def own_definition(cls: object) -> Any:
    """Return what a decorator left on exactly this class, or None."""
    return vars(cls).get(ATTRIBUTE) if isinstance(cls, builtins.type) else None


def _make_object(
    cls: builtins.type,
    *,
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    key: str | Sequence[str] = (),
    name: str | None = None,
    tag: str | None = None,
    stored: object = None,
    indexes: Sequence[object] = (),
    description: str | None = None,
) -> ObjectDefinition:
    docs = _make_dataclass(cls)
    return ObjectDefinition(
        python_class=cls,
        name=name or cls.__name__,
        fields=_fields(cls, docs),
        description=description or docs.description,
        sql_source=sql_source,
        jsonb_column=jsonb_column,
        key=(key,) if isinstance(key, str) else tuple(key),
        tag=tag,
        interfaces=_interfaces(cls),
        stored=stored,
        indexes=tuple(indexes),
    )


def _make_interface(
    cls: builtins.type,
    *,
    name: str | None = None,
    discriminator: str = "__typename",
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    key: str | Sequence[str] = (),
    description: str | None = None,
) -> InterfaceDefinition:
    docs = _make_dataclass(cls)
    return InterfaceDefinition(
        python_class=cls,
        name=name or cls.__name__,
        fields=_fields(cls, docs),
        description=description or docs.description,
        discriminator=discriminator,
        sql_source=sql_source,
        jsonb_column=jsonb_column,
        key=(key,) if isinstance(key, str) else tuple(key),
        interfaces=_interfaces(cls),
    )


def _make_input(
    cls: builtins.type, *, name: str | None = None, description: str | None = None
) -> InputDefinition:
    docs = _make_dataclass(cls)
    fields = {}
    for entry in dataclasses.fields(cls):  # type: ignore[arg-type]
        mark = entry.metadata.get(ATTRIBUTE)
        if isinstance(mark, Embed):
            raise DeclarationError(
                f"{cls.__name__}.{entry.name} is an embed, but {cls.__name__} is an input.",
                hint="Embeds belong to types; write a plain field here.",
            )
        mark = mark or FieldMark()
        fields[entry.name] = ArgumentDefinition(
            name=entry.name,
            graphql_name=mark.name or to_camel(entry.name),
            annotation=entry.type,
            default=_default(entry),
            description=mark.description or docs.entries.get(entry.name),
        )
    _refuse_computed(cls)
    return InputDefinition(cls, name or cls.__name__, fields, description or docs.description)


def _make_enum(
    cls: builtins.type, *, name: str | None = None, description: str | None = None
) -> EnumDefinition:
    if not issubclass(cls, enums.Enum) or not list(cls):
        raise DeclarationError(
            f"@fraiseql.enum stands on {cls.__name__}, which is not an enum with members.",
            hint=f"Write class {cls.__name__}(enum.Enum) with members like RED = 'red'.",
        )
    docs = read_docstring(_own_doc(cls))
    return EnumDefinition(cls, name or cls.__name__, description or docs.description, docs.entries)


def _own_doc(cls: builtins.type) -> str | None:
    return vars(cls).get("__doc__")


def _make_dataclass(cls: builtins.type) -> Docs:
    """Make ``cls`` a keyword-only dataclass and read its docstring before a generated one is set."""
    if issubclass(cls, enums.Enum):
        raise DeclarationError(
            f"{cls.__name__} is an enum.", hint="Decorate it with @fraiseql.enum instead."
        )
    docs = read_docstring(_own_doc(cls))
    annotations = vars(cls).get("__annotations__", {})
    for name, value in list(vars(cls).items()):
        marked = isinstance(value, FieldMark | dataclasses.Field)
        if marked and name not in annotations:
            raise DeclarationError(
                f"{cls.__name__}.{name} has no type hint.",
                hint=f"Write {name}: <type> = …, as in {name}: str = fraiseql.field(…).",
            )
        if isinstance(value, FieldMark):
            setattr(cls, name, value.stored())
    try:
        dataclasses.dataclass(kw_only=True)(cls)
    except (TypeError, ValueError) as error:
        raise DeclarationError(
            f"{cls.__name__} cannot be made a dataclass: {error}.",
            hint="For a list write fraiseql.field(default_factory=list).",
        ) from error
    return docs


def _default(entry: "dataclasses.Field[Any]") -> Any:
    if entry.default is not dataclasses.MISSING:
        return entry.default
    if entry.default_factory is not dataclasses.MISSING:
        return entry.default_factory()
    return MISSING


def _interfaces(cls: builtins.type) -> tuple[builtins.type, ...]:
    bases = cls.__mro__[1:]
    return tuple(base for base in bases if isinstance(own_definition(base), InterfaceDefinition))


def _fields(cls: builtins.type, docs: Docs) -> dict[str, FieldDefinition]:
    """Collect stored, embedded and computed fields, inherited ones first."""
    inherited = _inherited_descriptions(cls)
    found = {}
    for entry in dataclasses.fields(cls):  # type: ignore[arg-type]
        description = docs.entries.get(entry.name) or inherited.get(entry.name)
        found[entry.name] = _stored_field(entry, description)
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            mark = mark_of(member)
            if mark and inspect.getattr_static(cls, name) is member:
                found[name] = computed_field(cls, name, member, mark)
    return found


def _inherited_descriptions(cls: builtins.type) -> dict[str, str]:
    found: dict[str, str] = {}
    for base in cls.__mro__[1:]:
        definition = own_definition(base)
        if isinstance(definition, ObjectDefinition | InterfaceDefinition):
            for name, entry in definition.fields.items():
                if entry.description:
                    found.setdefault(name, entry.description)
    return found


def _stored_field(entry: "dataclasses.Field[Any]", description: str | None) -> FieldDefinition:
    mark = entry.metadata.get(ATTRIBUTE)
    options = mark if isinstance(mark, FieldMark) else FieldMark()
    return FieldDefinition(
        name=entry.name,
        graphql_name=options.name or to_camel(entry.name),
        annotation=entry.type,
        description=options.description or description,
        deprecation=options.deprecation,
        embed=mark if isinstance(mark, Embed) else None,
        default=_default(entry),
    )


def _refuse_computed(cls: builtins.type) -> None:
    for base in cls.__mro__:
        for name, member in vars(base).items():
            if mark_of(member):
                raise DeclarationError(
                    f"{cls.__name__}.{name} is a computed field, but {cls.__name__} is an input.",
                    hint="Computed fields belong to types; write a plain method here.",
                )


__all__ = ["embed", "enum", "field", "input", "interface", "own_definition", "type"]
