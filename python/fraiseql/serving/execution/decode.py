"""Decoding of parents of computed fields from JSON to their classes."""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from graphql import GraphQLEnumType, GraphQLError, GraphQLScalarType, is_list_type, is_non_null_type

from fraiseql.errors import DocumentError, FraiseQLError
from fraiseql.schema import Schema, leaf_form
from fraiseql.schema.defaults import refuse_beyond_python
from fraiseql.serving.planning.reads import DOCUMENT_KEY

Convert = Callable[[Any], Any]

_EXACT = frozenset({"number", "integer", "any"})
"""Forms whose numbers must not be converted to float."""


class _Unloaded:
    """A field that was not read: its use is an error, not the class's default."""

    def __init__(self, type_name: str, name: str) -> None:
        self._message = f"{type_name}.{name} was not read for this computed field."
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        raise FraiseQLError(
            self._message,
            hint=f"Name it: @fraiseql.field(needs=[{self._name!r}, ...]).",
            code="FIELD_NOT_READ",
        )


class ParentDecoder:
    """Decodes the parents of a computed field.

    Args:
        schema: The application's schema.
        type_name: GraphQL type of the parents.
        needs: Python names of the fields to read.
        all_times: Whether dates and times that Python does not have are read as text.
    """

    def __init__(
        self, schema: Schema, type_name: str, needs: Sequence[str], *, all_times: bool = False
    ) -> None:
        self._schema = schema
        self._read = _read_any if all_times else _read
        self._converters = self._converters_of(type_name, needs)
        exact = any(self._is_exact(type_name, name) for name in needs)
        self._loads: Callable[[bytes], Any] = _loads_exactly if exact else orjson.loads
        base = schema.objects[type_name].python_class
        unloaded = {
            field.name: _Unloaded(type_name, field.name)
            for field in schema.fields[type_name].values()
            if field.computed is None and field.name not in needs
        }
        self._class = type(base.__name__, (base,), unloaded)

    def __call__(self, raw: bytes) -> Any:
        """Return the parent of the row ``raw``.

        Raises:
            DocumentError: A value has the wrong form for its field.
        """
        content = self._loads(raw)
        inner = content.get(DOCUMENT_KEY) or {}
        parent: Any = object.__new__(self._class)
        for name, convert in self._converters.items():
            value = content[name] if name in content else inner.get(name)
            parent.__dict__[name] = None if value is None else _converted(convert, value, name)
        return parent

    def _converters_of(self, type_name: str, needs: Sequence[str] | None) -> Mapping[str, Convert]:
        owner: Any = self._schema.graphql.type_map[type_name]
        return {
            field.name: self._converter(owner.fields[name].type)
            for name, field in self._schema.fields[type_name].items()
            if field.computed is None and (needs is None or field.name in needs)
        }

    def _is_exact(self, type_name: str, name: str) -> bool:
        owner: Any = self._schema.graphql.type_map[type_name]
        for graphql_name, field in self._schema.fields[type_name].items():
            if field.name == name:
                named = owner.fields[graphql_name].type
                while hasattr(named, "of_type"):
                    named = named.of_type
                return not isinstance(named, GraphQLScalarType) or leaf_form(named) in _EXACT
        return False

    def _converter(self, type_: Any) -> Convert:
        if is_non_null_type(type_):
            return self._converter(type_.of_type)
        if is_list_type(type_):
            convert = self._converter(type_.of_type)
            return lambda value: [None if item is None else convert(item) for item in value]
        if isinstance(type_, GraphQLEnumType):
            return self._schema.enums[type_.name].python_class
        if isinstance(type_, GraphQLScalarType):
            return self._scalar(type_)
        # Converters of nested objects are made on demand: types may refer to each other.
        return lambda value: self._nested(type_.name, value)

    def _scalar(self, type_: GraphQLScalarType) -> Convert:
        form = leaf_form(type_)
        if form == "Float":
            return _float
        if form == "any":
            return lambda value: value
        if form in ("String", "ID"):
            return _text
        return lambda value: self._read(type_, value)

    def _nested(self, type_name: str, value: Any) -> Any:
        definition = self._schema.objects.get(type_name)
        if definition is None or not isinstance(value, dict):
            return value
        nested: Any = object.__new__(definition.python_class)
        for name, convert in self._converters_of(type_name, None).items():
            if name in value:
                member = value[name]
                nested.__dict__[name] = (
                    None if member is None else _converted(convert, member, name)
                )
        return nested


def _loads_exactly(raw: bytes) -> Any:
    return json.loads(raw, parse_float=Decimal)


def _read(type_: GraphQLScalarType, value: Any) -> Any:
    coerced = _read_any(type_, value)
    refuse_beyond_python(coerced)
    return coerced


def _read_any(type_: GraphQLScalarType, value: Any) -> Any:
    return type_.coerce_input_value(value)


def _float(value: Any) -> float:
    # Stored documents have -0 as text, with its sign; JSON readers drop the sign of a number.
    # Adding zero drops it in both cases.
    return float(value) + 0.0


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        raise TypeError
    return json.dumps(value, default=str)


def _converted(convert: Convert, value: Any, name: str) -> Any:
    try:
        return convert(value)
    except (ValueError, TypeError, ArithmeticError, GraphQLError) as error:
        raise DocumentError(
            f"The stored value of {name!r} has the wrong form for its field."
        ) from error
