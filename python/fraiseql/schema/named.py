"""``union`` and ``scalar``: declarations used as type hints."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeVar, Union, overload

from fraiseql.errors import DeclarationError
from fraiseql.schema.coercion import JSON_FORMS
from fraiseql.schema.definitions import ATTRIBUTE, ScalarDefinition, UnionDefinition
from fraiseql.schema.docstrings import read_docstring
from fraiseql.schema.options import check_options, listed

T = TypeVar("T")


def union(
    name: str,
    members: Sequence[type] = (),
    /,
    *,
    discriminator: str = "__typename",
    sql_source: str | None = None,
    jsonb_column: str | None = None,
    description: str | None = None,
) -> Any:
    """Declare a union of object types, for use as a type hint.

    Args:
        name: GraphQL name.
        members: The classes. Left out in the form that type checkers understand,
            ``Pet = Annotated[Dog | Cat, fraiseql.union("Pet")]``.
        discriminator: Key of a document that holds the ``tag`` of its type.
        sql_source: Relation whose documents are of the member types.
        jsonb_column: Its document column.
        description: Text for the schema.

    Returns:
        A hint: ``list[Pet]`` and ``Pet | None`` work.

    Raises:
        DeclarationError: A member is not a class.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type
        ... class Dog:
        ...     name: str
        >>> @fraiseql.type
        ... class Cat:
        ...     name: str
        >>> Pet = fraiseql.union("Pet", [Dog, Cat])
    """
    texts = {"name": name, "discriminator": discriminator, "description": description}
    relation = {"sql_source": sql_source, "jsonb_column": jsonb_column}
    check_options(f"fraiseql.union({name!r})", texts | relation)
    chosen: Any = listed("members", members)
    definition = UnionDefinition(name, chosen, description, discriminator, sql_source, jsonb_column)
    for member in definition.members:
        if not isinstance(member, type):
            raise DeclarationError(
                f"Union {name} has member {member!r}, which is not a class.",
                hint=f'Write fraiseql.union("{name}", [First, Second]) with declared types.',
            )
    if not definition.members:
        return definition
    return Annotated[Union[definition.members], definition]  # noqa: UP007 - a tuple of members


@overload
def scalar(cls: type[T], /) -> type[T]: ...
@overload
def scalar(
    name: str,
    base: Any = ...,
    /,
    *,
    parse: Callable[[Any], Any] | None = ...,
    serialize: Callable[[Any], Any] | None = ...,
    form: str | None = ...,
    specified_by_url: str | None = ...,
    description: str | None = ...,
) -> Any: ...
@overload
def scalar(
    *,
    name: str | None = ...,
    parse: Callable[[Any], Any] | None = ...,
    serialize: Callable[[Any], Any] | None = ...,
    form: str | None = ...,
    specified_by_url: str | None = ...,
    description: str | None = ...,
) -> Callable[[type[T]], type[T]]: ...
def scalar(first: Any = None, base: Any = None, /, **options: Any) -> Any:
    """Declare a scalar of your own: as a hint, or on a class.

    Args:
        first: GraphQL name, or the class when used as ``@fraiseql.scalar`` without parentheses.
        base: Python type of its values. Left out in the form that type checkers understand,
            ``Email = Annotated[str, fraiseql.scalar("Email", form="string")]``.
        **options: ``form`` of the JSON value in a document (``string``, ``number``, ``integer``,
            ``boolean``, ``any``; that of the base when left out), ``parse`` (a client's JSON value
            to the value that resolvers receive; raises ValueError, or ``InputError`` with a message
            for the client), ``serialize`` (a resolver's value to JSON), ``name`` (on a class),
            ``specified_by_url``, ``description``.

    Returns:
        A hint, or the class.

    Raises:
        DeclarationError: ``form`` is not one of the forms, or the name is missing.

    Example:
        >>> import fraiseql
        >>> Email = fraiseql.scalar("Email", str, parse=str.lower, form="string")
        >>> @fraiseql.scalar(form="string", serialize=str)
        ... class Version(tuple[int, int]):
        ...     pass
    """
    if isinstance(first, type):
        return _on_class(first, **options)
    if first is None:
        return lambda cls: _on_class(cls, **options)
    if not isinstance(first, str):
        raise DeclarationError(
            f"fraiseql.scalar has {first!r} as its name.",
            hint='Write fraiseql.scalar("Email", str, form="string").',
        )
    definition = _scalar(first, base, **options)
    return definition if base is None else Annotated[base, definition]


def _on_class(cls: type[T], **options: Any) -> type[T]:
    name = options.pop("name", None) or cls.__name__
    options.setdefault("parse", cls)
    options.setdefault("description", read_docstring(vars(cls).get("__doc__")).description)
    setattr(cls, ATTRIBUTE, _scalar(name, cls, **options))
    return cls


def _scalar(
    name: str,
    base: Any,
    *,
    parse: Callable[[Any], Any] | None = None,
    serialize: Callable[[Any], Any] | None = None,
    form: str | None = None,
    specified_by_url: str | None = None,
    description: str | None = None,
) -> ScalarDefinition:
    texts = {"name": name, "specified_by_url": specified_by_url, "description": description}
    check_options(f"Scalar {name}", texts | {"parse": parse, "serialize": serialize})
    chosen = form or _form_of(base)
    if chosen not in JSON_FORMS:
        raise DeclarationError(
            f"Scalar {name} has form {chosen!r}.", hint=f"Write one of {', '.join(JSON_FORMS)}."
        )
    return ScalarDefinition(base, name, chosen, description, specified_by_url, parse, serialize)


def _form_of(base: Any) -> str:
    forms = {bool: "boolean", int: "integer", str: "string", float: "number", Decimal: "number"}
    classes = base.__mro__ if isinstance(base, type) else ()
    return next((forms[cls] for cls in classes if cls in forms), "any")
