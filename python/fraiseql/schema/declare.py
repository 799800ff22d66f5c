"""The class decorators: ``type``, ``interface``, ``input`` and ``enum``."""

import builtins
import enum as enums
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, dataclass_transform, overload

from fraiseql.errors import DeclarationError
from fraiseql.schema.collect import (
    input_fields,
    interfaces_of,
    make_dataclass,
    object_fields,
    own_docs,
)
from fraiseql.schema.definitions import (
    ATTRIBUTE,
    EnumDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
)
from fraiseql.schema.indexes import IndexDeclaration
from fraiseql.schema.members import field
from fraiseql.schema.options import check_options, listed, names_of
from fraiseql.schema.requirements import Check, read_requirement
from fraiseql.schema.storage import Storage, check_stored
from fraiseql.schema.writes import Writes, checked_writes

T = TypeVar("T")
E = TypeVar("E", bound=enums.Enum)


@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def type(cls: builtins.type[T], /) -> builtins.type[T]: ...  # noqa: A001 - the public name
@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def type(  # noqa: A001 - the public name
    *,
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    key: str | Sequence[str] = (),
    name: str | None = None,
    tag: str | None = None,
    stored: Storage | None = None,
    indexes: Sequence[IndexDeclaration] = (),
    writes: Writes | None = None,
    description: str | None = None,
    requires: Check | None = None,
    hide: bool = False,
) -> Callable[[builtins.type[T]], builtins.type[T]]: ...
def type(cls: Any = None, /, **options: Any) -> Any:  # noqa: A001
    """Declare an object type; the class becomes a keyword-only dataclass.

    Args:
        cls: The class, when used without parentheses.
        **options: ``sql_source`` (relation that answers queries of this type), ``jsonb_column``
            (its document column), ``key`` (columns that identify a row; the catalog's when left
            out), ``name`` (GraphQL name), ``tag`` (value of a discriminator for this type),
            ``stored`` (where the document is stored), ``indexes``, ``writes`` (its generated
            mutations), ``description``, ``requires`` (function of the context: whether a request
            may use fields of this type), ``hide`` (whether other requests do not see it in the
            schema).

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
    requires: Check | None = None,
    hide: bool = False,
) -> Callable[[builtins.type[T]], builtins.type[T]]: ...
def interface(cls: Any = None, /, **options: Any) -> Any:
    """Declare an interface; types that derive from the class implement it and inherit its fields.

    Args:
        cls: The class, when used without parentheses.
        **options: ``discriminator`` (key of a document that holds the ``tag`` of its type), and
            ``name``, ``sql_source``, ``jsonb_column``, ``key``, ``description``, ``requires`` and
            ``hide`` as for ``type``.

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
def input(cls: builtins.type[T], /) -> builtins.type[T]: ...  # noqa: A001 - the public name
@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def input(  # noqa: A001 - the public name
    *, name: str | None = None, description: str | None = None
) -> Callable[[builtins.type[T]], builtins.type[T]]: ...
def input(cls: Any = None, /, **options: Any) -> Any:  # noqa: A001 - the public name
    """Declare an input object; resolvers receive an instance of the class.

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
                f"@fraiseql.{kind} decorates {target!r}, which is not a class.",
                hint=f"Write @fraiseql.{kind} above a class statement.",
            )
        label = f"@fraiseql.{kind} on {target.__name__}"
        check_options(label, options)
        check_stored(label, options.get("stored"), options.get("indexes", ()))
        try:
            setattr(target, ATTRIBUTE, make(target, **options))
        except TypeError as error:
            raise DeclarationError(f"{label}: {error}.") from error
        return target

    return decorate if cls is None else decorate(cls)


def _make_object(
    cls: builtins.type,
    *,
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    key: str | Sequence[str] = (),
    name: str | None = None,
    tag: str | None = None,
    stored: Storage | None = None,
    indexes: Sequence[IndexDeclaration] = (),
    writes: Writes | None = None,
    description: str | None = None,
    requires: Check | None = None,
    hide: bool = False,
) -> ObjectDefinition:
    docs = make_dataclass(cls)
    return ObjectDefinition(
        python_class=cls,
        name=name or cls.__name__,
        fields=object_fields(cls, docs),
        description=description or docs.description,
        sql_source=sql_source,
        jsonb_column=jsonb_column,
        key=names_of("key", key),
        tag=tag,
        interfaces=interfaces_of(cls),
        stored=stored,
        indexes=listed("indexes", indexes),
        writes=checked_writes(cls.__name__, writes),
        requirement=read_requirement(cls.__name__, requires, hide),
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
    requires: Check | None = None,
    hide: bool = False,
) -> InterfaceDefinition:
    docs = make_dataclass(cls)
    return InterfaceDefinition(
        python_class=cls,
        name=name or cls.__name__,
        fields=object_fields(cls, docs),
        description=description or docs.description,
        discriminator=discriminator,
        sql_source=sql_source,
        jsonb_column=jsonb_column,
        key=names_of("key", key),
        interfaces=interfaces_of(cls),
        requirement=read_requirement(cls.__name__, requires, hide),
    )


def _make_input(
    cls: builtins.type, *, name: str | None = None, description: str | None = None
) -> InputDefinition:
    docs = make_dataclass(cls)
    fields = input_fields(cls, docs)
    return InputDefinition(cls, name or cls.__name__, fields, description or docs.description)


def _make_enum(
    cls: builtins.type, *, name: str | None = None, description: str | None = None
) -> EnumDefinition:
    if not issubclass(cls, enums.Enum) or not list(cls):
        raise DeclarationError(
            f"@fraiseql.enum decorates {cls.__name__}, which is not an enum with members.",
            hint=f"Write class {cls.__name__}(enum.Enum) with members like RED = 'red'.",
        )
    docs = own_docs(cls)
    return EnumDefinition(cls, name or cls.__name__, description or docs.description, docs.entries)
