"""Leaf types: GraphQL scalars of Python types, and their document forms."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, NewType, get_args
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLString,
    is_specified_scalar_type,
)

from fraiseql.errors import DeclarationError, InputError
from fraiseql.schema import coercion
from fraiseql.schema.definitions import ScalarDefinition
from fraiseql.schema.words import written_words
from fraiseql.settings import NumberForm

ID = NewType("ID", str)
"""An identifier: GraphQL's ``ID``, a string in the response."""

BigInt = NewType("BigInt", int)
"""An integer beyond 32 bits, with all its digits in the response."""

_FORM: Final = "fraiseql.form"
_WRITTEN: Final = "fraiseql.written"


def _text_scalar(name: str, parse: Any, description: str) -> GraphQLScalarType:
    return GraphQLScalarType(
        name,
        coerce_output_value=coercion.write_read_text(name, parse),
        coerce_input_value=parse,
        coerce_input_literal=coercion.literal_of_text(name, parse),
        description=description,
        extensions={_FORM: "string"},
    )


def _number_scalar(name: str, form: str, parse: Any, description: str) -> GraphQLScalarType:
    return GraphQLScalarType(
        name,
        coerce_output_value=coercion.writer(name, form),
        coerce_input_value=parse,
        coerce_input_literal=coercion.literal_of_number(name, parse),
        value_to_literal=coercion.number_literal,
        description=description,
        extensions={_FORM: form},
    )


def _as_text(scalar: GraphQLScalarType, description: str) -> GraphQLScalarType:
    """Return a scalar that reads what ``scalar`` does, and is written as a string."""
    extensions = {**scalar.extensions, _WRITTEN: f"quoted {scalar.extensions[_FORM]}"}
    write = coercion.write_quoted(scalar.name, scalar.coerce_output_value)
    changed = {"coerce_output_value": write, "description": description, "extensions": extensions}
    options: dict[str, Any] = {**scalar.to_kwargs(), **changed}
    return GraphQLScalarType(**options)


JSON: Final = GraphQLScalarType(
    "JSON",
    coerce_input_literal=coercion.literal_of_any(lambda value: value),
    coerce_input_value=lambda value: value,
    description="Any JSON value, passed through with its own keys.",
    extensions={_FORM: "any"},
)

LEAVES: Final[Mapping[Any, GraphQLScalarType]] = {
    int: GraphQLInt,
    float: GraphQLFloat,
    str: GraphQLString,
    bool: GraphQLBoolean,
    ID: GraphQLID,
    BigInt: _number_scalar(
        "BigInt", "integer", coercion.parse_bigint, "An integer of any size, or a string of one."
    ),
    Decimal: _number_scalar(
        "Decimal", "number", coercion.parse_decimal, "A decimal number with all its digits."
    ),
    UUID: _text_scalar("UUID", coercion.parse_uuid, "A UUID (RFC 9562)."),
    datetime: _text_scalar(
        "DateTime", coercion.parse_datetime, "An instant in ISO 8601; UTC when it has no offset."
    ),
    date: _text_scalar("Date", coercion.parse_date, "A date in ISO 8601: YYYY-MM-DD."),
    time: _text_scalar("Time", coercion.parse_time, "A time of day in ISO 8601: HH:MM:SS."),
    dict: JSON,
    Any: JSON,
}
"""Every built-in leaf, by its Python type."""

_NUMBERS_AS_TEXT: Final[Mapping[Any, GraphQLScalarType]] = {
    BigInt: _as_text(
        LEAVES[BigInt], "An integer of any size, written as a string; an integer is read, too."
    ),
    Decimal: _as_text(
        LEAVES[Decimal],
        "A decimal number with all its digits, written as a string; a number is read, too.",
    ),
}


def leaves_of(numbers_as: NumberForm) -> Mapping[Any, GraphQLScalarType]:
    """Return every built-in leaf of an application, by its Python type.

    Raises:
        DeclarationError: There is no such form of numbers.
    """
    if numbers_as not in get_args(NumberForm):
        raise DeclarationError(
            f"numbers_as={numbers_as!r} is no form of numbers.",
            hint='Write numbers_as="number" or numbers_as="text".',
        )
    return LEAVES if numbers_as == "number" else {**LEAVES, **_NUMBERS_AS_TEXT}


LEAF_NAMES: Final = frozenset(scalar.name for scalar in LEAVES.values())

MOMENT_LEAVES: Final = frozenset({"DateTime", "Date", "Time", "UUID"})
"""Names of the scalars whose texts are parsed into other values."""

_TEXTUAL: Final = frozenset({"String", "ID", "string"})

TEXT_LEAVES: Final = frozenset({str})
"""Python types whose columns are compared as text (``like``, ``contains`` …)."""


def leaf_form(leaf: GraphQLNamedType) -> str:
    """Return the form of a scalar in documents, which responses may write otherwise.

    Args:
        leaf: A scalar of a built schema. Enums have a form of their own in a shape.

    Returns:
        ``Int``, ``Float``, ``String``, ``Boolean``, ``ID``, ``string``, ``number``, ``integer``,
        ``boolean`` or ``any``.

    Raises:
        TypeError: ``leaf`` is not a scalar.
    """
    if not isinstance(leaf, GraphQLScalarType):
        raise TypeError(f"{leaf} is not a scalar")
    if is_specified_scalar_type(leaf):
        return leaf.name
    return str(leaf.extensions.get(_FORM, "any"))


def shape_form(leaf: GraphQLNamedType, *, stored: bool = False) -> str:
    """Return the form that the response renderer gives a scalar.

    Args:
        leaf: A scalar of a built schema.
        stored: Whether it is read from ``json``, which holds characters that no text can.
    """
    if leaf.name in MOMENT_LEAVES:
        return leaf.name
    form = str(leaf.extensions.get(_WRITTEN) or leaf_form(leaf))
    return f"stored {form}" if stored and form in _TEXTUAL else form


def custom_scalar(definition: ScalarDefinition) -> GraphQLScalarType:
    """Build the GraphQL type of a declared scalar."""
    write = coercion.writer(definition.name, definition.form)

    def read(value: Any) -> Any:
        if not coercion.has_form(value, definition.form):
            raise coercion.refuse(definition.name, value, f"a value of form {definition.form!r}")
        try:
            return definition.parse(value) if definition.parse else value
        except InputError as error:
            raise GraphQLError(error.message) from error
        except (ValueError, TypeError, ArithmeticError) as error:
            words = written_words(error) or f"{coercion.excerpt(value)}."
            raise GraphQLError(f"{definition.name} cannot represent value: {words}") from error

    def written(value: Any) -> Any:
        return write(definition.serialize(value) if definition.serialize else value)

    return GraphQLScalarType(
        definition.name,
        coerce_output_value=written,
        coerce_input_value=read,
        coerce_input_literal=coercion.literal_of_any(read),
        description=definition.description,
        specified_by_url=definition.specified_by_url,
        extensions={_FORM: definition.form},
    )


_LONGEST_MEMBER: Final = 200
"""Characters of a text to which no nearest member is looked for."""


class EnumType(GraphQLEnumType):
    """An enum whose response value may be a member or the value of one, as in documents."""

    def coerce_input_value(self, input_value: Any, hide_suggestions: bool = False) -> Any:
        """Return the member of a name; a very long name costs nothing."""
        if isinstance(input_value, str) and len(input_value) > _LONGEST_MEMBER:
            raise GraphQLError(f"Value does not exist in {self.name!r} enum.")
        return super().coerce_input_value(input_value, hide_suggestions)

    def coerce_output_value(self, output_value: Any) -> str:
        """Return the name of a member or of a member's value."""
        for name, entry in self.values.items():
            if entry.value is output_value:
                return str(name)
        for name, entry in self.values.items():
            if entry.value.value == output_value:
                return str(name)
        raise GraphQLError(f"Enum {self.name!r} cannot represent value: {output_value!r}")
