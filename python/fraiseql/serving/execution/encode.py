"""Encoding of resolver results as JSON, in the same form as PostgreSQL."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from graphql import (
    GraphQLNamedType,
    GraphQLScalarType,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from fraiseql.errors import DocumentError, FraiseQLError
from fraiseql.native import check_json
from fraiseql.schema import Schema, leaf_form
from fraiseql.schema.definitions import ATTRIBUTE, ObjectDefinition
from fraiseql.serving.execution.documents import Document
from fraiseql.serving.planning.reads import DOCUMENT_KEY
from fraiseql.values import ExactFloat

_INT64: Final = 1 << 63
_BEYOND: Final = "exceeds 64-bit"
"""Part of orjson's message for an integer that is too large."""

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

Item = Any
"""An item of a stream: bytes, None, or a list of these."""


class UnpairedSurrogateError(FraiseQLError):
    """A text has half of a surrogate pair."""

    default_code = DocumentError.default_code

    def __init__(self) -> None:
        super().__init__(
            "A text contains half of a surrogate pair, which is no character.",
            hint="Decode the text with errors='strict', or replace the half.",
        )


class Encoder:
    """Encodes the results of an application's resolvers.

    Args:
        schema: Schema with tags of types, serializers of scalars, and fields of JSON.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._tags = {name: _tags(schema, name) for name in schema.objects}
        self._abstract = frozenset([*schema.interfaces, *schema.unions])
        types = schema.graphql.type_map.values()
        scalars = [type_ for type_ in types if isinstance(type_, GraphQLScalarType)]
        self._json_types = frozenset(
            [scalar.name for scalar in scalars if leaf_form(scalar) == "any"]
        )
        self._serializers: dict[type, Callable[[Any], Any]] = {
            scalar.python_class: scalar.serialize
            for scalar in schema.scalars.values()
            if scalar.serialize is not None and isinstance(scalar.python_class, type)
        }

    def item(self, value: Any, type_name: str) -> Item:
        """Return the stream item of a resolver's value.

        Args:
            value: None, a scalar, a declared object, a mapping, a record, a document, or a list.
            type_name: Named GraphQL type of the field.

        Raises:
            FraiseQLError: The value has no JSON form.
        """
        if value is None:
            return None
        if isinstance(value, Document):
            return self._tagged(value) if type_name in self._abstract else value.raw
        if _is_list(value):
            return self._list(value, type_name)
        if is_record(value):
            return self.document(value, type_name).raw
        return self._json(value)

    def _list(self, value: Any, type_name: str) -> Item:
        if type_name in self._json_types and not any(isinstance(item, Document) for item in value):
            return self._json(value)
        # Only the outermost list is a list of the stream; its items are documents.
        return [
            self._json(item) if _is_list(item) else self.item(item, type_name) for item in value
        ]

    def document(self, row: Any, type_name: str) -> Document:
        """Return the document of a record, mapping, JSON text or JSON bytes.

        In a record or mapping, text of a JSON field is parsed as JSON.

        Raises:
            DocumentError: It is not JSON, or has no JSON form.
        """
        if isinstance(row, Document):
            return row
        if isinstance(row, str | bytes | bytearray):
            return Document(_checked(row), type_name)
        if not isinstance(row, Mapping) and not is_record(row):
            raise DocumentError(
                f"A document of {type_name} cannot be made of {type(row).__name__}.",
                hint="Return a record, a mapping, or JSON as str or bytes.",
            )
        definition = self._schema.objects.get(type_name)
        column = definition.jsonb_column if definition else None
        content: dict[str, Any] = {}
        for name, value in row.items():
            key, member = self._member(type_name, name, value, column)
            content[key] = member
        return Document(self._json(content), type_name)

    def _member(self, type_name: str, name: str, value: Any, column: str | None) -> tuple[str, Any]:
        if not isinstance(value, str | bytes) or not self._holds_json(type_name, name, column):
            return name, value
        text = _checked(value)
        if column is None or name != column:
            return name, orjson.Fragment(text)
        document = orjson.loads(text)
        is_whole = not (isinstance(document, dict) and name in document)
        if is_whole and self._json_type(type_name, name) is not None:
            # A field named like the document column is the document, unless it is also a key of it.
            return name, orjson.Fragment(text)
        return DOCUMENT_KEY, orjson.Fragment(text)

    def _holds_json(self, type_name: str, name: str, column: str | None) -> bool:
        return name == column or self._json_type(type_name, name) is not None

    def _json_type(self, type_name: str, name: str) -> GraphQLNamedType | None:
        for graphql_name, field in self._schema.fields.get(type_name, {}).items():
            if field.name == name:
                owner: Any = self._schema.graphql.type_map[type_name]
                type_ = owner.fields[graphql_name].type
                bare = type_.of_type if is_non_null_type(type_) else type_
                named = get_named_type(type_)
                scalar = isinstance(named, GraphQLScalarType) and leaf_form(named) != "any"
                leaf = scalar or named.name in self._schema.enums
                return named if is_list_type(bare) or not leaf else None
        return None

    def json(self, value: Any) -> bytes:
        """Return a value as JSON.

        Raises:
            FraiseQLError: It has no JSON form.
        """
        return self._json(value)

    def _json(self, value: Any) -> bytes:
        try:
            return self._dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            if "surrogates" in str(error):
                raise UnpairedSurrogateError from error
            deep = isinstance(error, RecursionError) or "ecursion" in str(error)
            if deep:
                # Often a resolver returns the client's own value, so the error is not hidden.
                raise FraiseQLError(
                    f"A value of type {type(value).__name__} is nested too deeply for JSON.",
                    code=DocumentError.default_code,
                ) from error
            raise DocumentError(
                f"A value of type {type(value).__name__} has no JSON form.",
                hint="Return declared objects, mappings, documents, scalars, or lists of these.",
            ) from error

    def _dumps(self, value: Any) -> bytes:
        try:
            return orjson.dumps(value, self._default, _OPTIONS)
        except TypeError as error:
            if _BEYOND not in str(error):
                raise
        # orjson encodes integers of 64 bits; larger ones become JSON text with all digits.
        default = self._default
        return orjson.dumps(
            _with_large_integers(value),
            lambda other: _with_large_integers(default(other)),
            _OPTIONS,
        )

    def _default(self, value: Any) -> Any:
        if isinstance(value, Document):
            return orjson.Fragment(self._tagged(value))
        definition = getattr(type(value), ATTRIBUTE, None)
        if isinstance(definition, ObjectDefinition):
            return self._object(value, self._schema.classes.get(type(value), definition.name))
        serialize = self._serializers.get(type(value))
        return serialize(value) if serialize is not None else _plain(value)

    def _tagged(self, document: Document) -> bytes:
        """Return the document with its discriminators, for fields of an abstract type."""
        tags = self._tags.get(document.type_name)
        if not tags:
            return document.raw
        content = document.raw.strip()[1:].lstrip()
        comma = b"" if content == b"}" else b","
        return orjson.dumps(tags)[:-1] + comma + content

    def _object(self, value: Any, type_name: str) -> dict[str, Any]:
        content: dict[str, Any] = dict(self._tags.get(type_name, {}))
        for field in self._schema.fields[type_name].values():
            if field.computed is None:
                content[field.name] = getattr(value, field.name, None)
        return content


def _with_large_integers(value: Any) -> Any:
    """Return a value with large integers as JSON text."""
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return orjson.Fragment(int.__repr__(value))
    if isinstance(value, list | tuple):
        return [_with_large_integers(item) for item in value]
    return (
        {k: _with_large_integers(v) for k, v in value.items()} if isinstance(value, dict) else value
    )


def _is_list(value: Any) -> bool:
    """Return whether a value is a list; a named tuple is a record."""
    return isinstance(value, list | tuple) and not hasattr(value, "_fields")


def is_record(value: Any) -> bool:
    """Return whether ``value`` is a row of the driver, which is no Mapping but has its methods."""
    return hasattr(value, "items") and hasattr(value, "get") and not isinstance(value, Mapping)


def _tags(schema: Schema, name: str) -> dict[str, str]:
    """Return the discriminators of a type in all its interfaces and unions."""
    tag = schema.objects[name].tag or name
    keys = {"__typename"}
    type_: Any = schema.graphql.type_map[name]
    keys.update(schema.interfaces[interface.name].discriminator for interface in type_.interfaces)
    for union in schema.unions.values():
        if schema.objects[name].python_class in union.members:
            keys.add(union.discriminator)
    return dict.fromkeys(sorted(keys), tag)


def _checked(text: str | bytes | bytearray) -> bytes:
    raw = text.encode() if isinstance(text, str) else bytes(text)
    try:
        check_json(raw)
    except ValueError as error:
        raise DocumentError(f"The document is not JSON: {error}") from error
    return raw


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is not a number of JSON")
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, time):
        return _trimmed(value.isoformat())
    if isinstance(value, Mapping) or is_record(value):
        return dict(value)
    if isinstance(value, set | frozenset):
        return list(value)
    return _text(value)


def _text(value: Any) -> Any:
    if isinstance(value, UUID):  # a subclass of the driver
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, ExactFloat):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not serializable")


def instant(value: datetime) -> str:
    """Return an instant in PostgreSQL's form in UTC, without trailing zeros."""
    if value.tzinfo is None:
        return _trimmed(value.isoformat())
    return _trimmed(value.astimezone(UTC).replace(tzinfo=None).isoformat()) + "+00:00"


def _trimmed(text: str) -> str:
    return text.rstrip("0") if "." in text else text
