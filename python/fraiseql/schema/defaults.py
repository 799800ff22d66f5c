"""Defaults of arguments and input fields."""

import copy
import dataclasses
import enum
import json
import typing
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLError

from fraiseql.errors import DeclarationError, InputError
from fraiseql.schema.definitions import (
    MISSING,
    ArgumentDefinition,
    EnumDefinition,
    InputDefinition,
    ScalarDefinition,
)
from fraiseql.schema.hints import TypeReference, read_hint, show
from fraiseql.schema.model import Model
from fraiseql.schema.unset import UNSET
from fraiseql.schema.words import written_words
from fraiseql.values import PostgresText

MISSING_DEFAULT: Final = MISSING
"""No default to show: none exists, it is null, or each request makes a new one."""


def external_default(entry: ArgumentDefinition, label: str, model: Model) -> Any:
    """Return a default as the JSON value that a client would send, or ``MISSING_DEFAULT``.

    None is not shown: a nullable argument that is left out takes the Python default anyway.

    Raises:
        DeclarationError: The default is not of the hinted type.
    """
    ref = read_hint(entry.annotation, label)
    if entry.default is MISSING or (
        ref.nullable and (entry.default is None or entry.default is UNSET)
    ):
        return MISSING_DEFAULT
    if entry.default is UNSET:
        shown = show(entry.annotation)
        raise DeclarationError(
            f"{label} has default UNSET, but is never null.",
            hint=f"Write {entry.name}: {shown} | None = fraiseql.UNSET, and refuse None yourself.",
        )
    try:
        return _external(entry.default, ref, model)
    except (TypeError, ValueError) as error:
        shown = show(entry.annotation)
        raise DeclarationError(
            f"{label} has default {entry.default!r}: {error}.",
            hint=f"Write a default of type {shown}, or {entry.name}: {shown} | None = None.",
        ) from error


def _external(value: Any, ref: TypeReference, model: Model) -> Any:
    if value is None:
        if not ref.nullable:
            raise TypeError("None is not allowed here")
        return None
    if ref.item is not None:
        if not isinstance(value, list | tuple):
            raise TypeError("it is not a list")
        return [_external(item, ref.item, model) for item in value]
    definition = model.definitions.get(ref.target)
    if isinstance(definition, EnumDefinition):
        return _member_name(value, definition)
    if isinstance(definition, InputDefinition):
        return _external_input(value, definition, model)
    if isinstance(definition, ScalarDefinition):
        return _json(definition.serialize(value) if definition.serialize else value)
    return _external_leaf(value, ref.target)


def _json(value: Any) -> Any:
    """Return a value that JSON can hold."""
    json.dumps(value, allow_nan=False)
    return value


def _member_name(value: Any, definition: EnumDefinition) -> str:
    if not isinstance(value, definition.python_class) or not isinstance(value, enum.Enum):
        raise TypeError(f"it is not a member of {definition.name}")
    return value.name


def _external_input(value: Any, definition: InputDefinition, model: Model) -> dict[str, Any]:
    if not isinstance(value, definition.python_class):
        raise TypeError(f"it is not a {definition.name}")
    return {
        entry.graphql_name: _external(
            getattr(value, name), read_hint(entry.annotation, name), model
        )
        for name, entry in definition.fields.items()
    }


def _external_leaf(value: Any, target: Any) -> Any:
    expected = _accepted(target)
    if expected is None:
        return _json(value)
    wrong_bool = isinstance(value, bool) and target is not bool
    if wrong_bool or not isinstance(value, expected):
        raise TypeError(f"it is not of type {getattr(target, '__name__', target)}")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def _accepted(target: Any) -> Any:
    """Return the classes that a default of a leaf may have, or None for any."""
    if isinstance(target, typing.NewType):
        return target.__supertype__
    if target is float:
        return (float, int)
    if target is Decimal:
        return (Decimal, int)
    return None if target in (dict, Any) else target


def refuse_beyond_python(value: Any) -> None:
    """Refuse a date or time that only PostgreSQL can represent.

    Raises:
        GraphQLError: ``value`` is one, or a list with one.
    """
    # Not by recursion: a client decides how deep lists are nested.
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, PostgresText):
            raise GraphQLError(
                f"{item!r} is no date or time of Python, which this argument needs: a filter"
                " takes it.",
                extensions={"code": "BAD_USER_INPUT"},
            )


def instance_maker(cls: type, label: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return the function that makes an instance of an input class from coerced values.

    Values of a ``default_factory`` are copied: the schema holds one for all requests. A value that
    the class itself refuses is invalid.

    Args:
        cls: The input class.
        label: GraphQL name of the input, for messages.
    """
    shared = tuple(
        entry.name
        for entry in dataclasses.fields(cls)
        if entry.default_factory is not dataclasses.MISSING
    )

    def make(values: Mapping[str, Any]) -> Any:
        arguments = dict(values)
        for value in arguments.values():
            refuse_beyond_python(value)
        for name in shared:
            if name in arguments:
                arguments[name] = copy.copy(arguments[name])
        try:
            return cls(**arguments)
        except InputError as error:
            raise GraphQLError(error.message, extensions={"code": error.code}) from error
        except (ValueError, TypeError, ArithmeticError) as error:
            words = written_words(error) or "it cannot be made of these values."
            raise GraphQLError(f"{label}: {words}") from error

    return make
