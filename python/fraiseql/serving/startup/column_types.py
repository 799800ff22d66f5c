"""Rules of which column types can answer which field types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    is_leaf_type,
)

from fraiseql.catalog.details import ColumnType
from fraiseql.schema import Schema, leaf_form
from fraiseql.schema.leaves import LEAF_NAMES

_SMALL: Final = frozenset({"int2", "int4"})
_WHOLE: Final = _SMALL | {"int8"}
_FLOATS: Final = frozenset({"float4", "float8"})
_NUMBERS: Final = _WHOLE | _FLOATS | {"numeric"}
_JSON: Final = frozenset({"json", "jsonb"})
_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "name", "citext"})
_INSTANTS: Final = frozenset({"timestamptz", "timestamp"})
_TIMES: Final = frozenset({"time", "timetz"})
_INT_DIGITS: Final = 9
_BEYOND_INT: Final = "values beyond 32 bits are answered with an error"
_FRACTIONS: Final = "values with a fraction are answered with an error"
_UNCHECKED: Final = "other text in it is answered with an error, and compared as null"
_ANY_JSON: Final = "other JSON in it is answered with an error, and compared as null"

_PYTHON: Final[Mapping[str, str]] = {
    **dict.fromkeys(_SMALL, "int"),
    **dict.fromkeys(_FLOATS, "float"),
    **dict.fromkeys(_JSON, "dict"),
    **dict.fromkeys(_INSTANTS, "datetime.datetime"),
    **dict.fromkeys(_TIMES, "datetime.time"),
    "int8": "fraiseql.BigInt",
    "numeric": "decimal.Decimal",
    "bool": "bool",
    "uuid": "uuid.UUID",
    "date": "datetime.date",
}
_NAMES: Final[Mapping[str, str]] = {
    "Int": "int",
    "Float": "float",
    "String": "str",
    "Boolean": "bool",
    "ID": "fraiseql.ID",
    "BigInt": "fraiseql.BigInt",
    "Decimal": "decimal.Decimal",
    "UUID": "uuid.UUID",
    "DateTime": "datetime.datetime",
    "Date": "datetime.date",
    "Time": "datetime.time",
    "JSON": "dict",
}
_FITTING: Final[Mapping[str, frozenset[str]]] = {
    "Int": _SMALL,
    "Float": _NUMBERS,
    "ID": _WHOLE,
    "BigInt": _WHOLE,
    "Decimal": _WHOLE | {"numeric"},
    "Boolean": frozenset({"bool"}),
    "UUID": frozenset({"uuid"}),
    "DateTime": _INSTANTS,
    "Date": frozenset({"date"}),
    "Time": _TIMES,
}
_DOUBTFUL: Final[Mapping[str, Mapping[str, str]]] = {
    "Int": {"int8": _BEYOND_INT, **dict.fromkeys(_FLOATS | {"numeric"}, _FRACTIONS)},
    "BigInt": dict.fromkeys(_FLOATS | {"numeric"}, _FRACTIONS),
    "ID": dict.fromkeys(_FLOATS | {"numeric"}, _FRACTIONS),
    "Decimal": dict.fromkeys(
        _FLOATS, "a binary fraction is not exact, and NaN and Infinity are answered with an error"
    ),
    "String": dict.fromkeys(_NUMBERS, "filters compare numbers, and take digits only"),
    **dict.fromkeys(("UUID", "DateTime", "Date", "Time"), dict.fromkeys(_TEXTS, _UNCHECKED)),
}
_FORMS: Final[Mapping[str, frozenset[str]]] = {
    "number": _NUMBERS,
    "integer": _WHOLE | {"numeric"},
    "boolean": frozenset({"bool"}),
}
"""For an application's own scalars: the column types whose JSON has that form."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a field does not fit its column.

    Attributes:
        certain: Whether no value, or no comparison with one, can be right.
        reason: The consequence; empty where the two types explain it.
        instead: The hint to write in the declaration.
        inside: The path inside the column: attributes of a composite type.
    """

    certain: bool
    reason: str
    instead: str
    inside: str = ""


def _form_of(leaf: Any) -> str:
    """Return the form of a scalar's JSON, or ``enum``."""
    return "enum" if isinstance(leaf, GraphQLEnumType) else leaf_form(leaf)


def python_name(graphql_type: Any) -> str:
    """Return the Python hint of a GraphQL type."""
    if isinstance(graphql_type, GraphQLNonNull):
        return python_name(graphql_type.of_type)
    if isinstance(graphql_type, GraphQLList):
        return f"list[{python_name(graphql_type.of_type)}]"
    return _NAMES.get(graphql_type.name, str(graphql_type.name))


def hint_of(column: ColumnType) -> str:
    """Return the Python hint that fits a column."""
    if column.kind == "array" and column.item is not None:
        return f"list[{hint_of(column.item)}]"
    if column.kind == "enum":
        return f"an enum with the values {', '.join(map(repr, column.labels))}, or str"
    if column.kind == "composite":
        return f"a declared type with {', '.join(column.attributes)}, or dict"
    if column.digits is not None and column.digits <= _INT_DIGITS:
        return "int"
    return _PYTHON.get(column.name, "str")


def misfits(schema: Schema, graphql_type: Any, column: ColumnType) -> Iterator[Misfit]:
    """Yield why values of a column cannot, or may not, be values of a field's type.

    Args:
        schema: The declarations.
        graphql_type: Type of the field.
        column: Type of its column.
    """
    bare = graphql_type.of_type if isinstance(graphql_type, GraphQLNonNull) else graphql_type
    if column.kind == "other" or getattr(bare, "name", "") == "JSON":
        return
    if column.name in _JSON:
        # Such columns are for lists and objects; a leaf is also compared.
        if is_leaf_type(bare) and _form_of(bare) != "any":
            yield Misfit(False, _ANY_JSON, hint_of(column))
        return
    if isinstance(bare, GraphQLList):
        # An array of several dimensions has the same type: the innermost items are compared.
        item = column.item
        yield from [_certain(column)] if item is None else misfits(schema, _innermost(bare), item)
    elif not is_leaf_type(bare):
        yield from _of_object(schema, bare, column)
    elif isinstance(bare, GraphQLEnumType):
        yield from _of_enum(bare, column)
    elif bare.name in LEAF_NAMES:
        yield from _of_leaf(bare.name, column)
    else:
        yield from _of_scalar(bare, column)


def _innermost(type_: Any) -> Any:
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        type_ = type_.of_type
    return type_


def _certain(column: ColumnType, reason: str = "") -> Misfit:
    return Misfit(True, reason, hint_of(column))


def _of_leaf(name: str, column: ColumnType) -> Iterator[Misfit]:
    if column.kind in ("array", "composite"):
        yield _certain(column)
        return
    base = column.name
    if base in _FITTING.get(name, ()) or (name == "String" and base not in _NUMBERS | {"bool"}):
        return
    if name == "ID" and base not in _NUMBERS | {"bool"}:
        return
    if column.digits is not None and name in ("Int", "BigInt", "ID"):
        if name == "Int" and column.digits > _INT_DIGITS:
            yield Misfit(False, _BEYOND_INT, "fraiseql.BigInt")
        return
    reason = _DOUBTFUL.get(name, {}).get(base)
    yield _certain(column) if reason is None else Misfit(False, reason, hint_of(column))


def _of_scalar(scalar: GraphQLScalarType, column: ColumnType) -> Iterator[Misfit]:
    form = leaf_form(scalar)
    if form == "any":
        return
    plain = column.kind in ("base", "enum")
    strings = plain and column.name not in _NUMBERS | {"bool"}
    if strings if form == "string" else plain and column.name in _FORMS[form]:
        return
    yield _certain(column, f"{scalar.name} is declared with the form {form!r}")


def _of_enum(enum: GraphQLEnumType, column: ColumnType) -> Iterator[Misfit]:
    values = [_stored(entry.value) for entry in enum.values.values()]
    if column.kind == "enum":
        yield from _of_labels(values, column)
        return
    kinds = {type(value) for value in values}
    numeric, boolean = column.name in _NUMBERS, column.name == "bool"
    fits = (
        column.kind == "base"
        and (not numeric or kinds <= {int, float})
        and (not boolean or kinds <= {bool})
        and (numeric or boolean or kinds <= {str})
    )
    if not fits:
        shown = ", ".join(map(repr, values))
        yield _certain(column, f"the members of {enum.name} are stored as {shown}")


def _of_labels(values: list[Any], column: ColumnType) -> Iterator[Misfit]:
    unknown = [value for value in values if value not in column.labels]
    missing = [label for label in column.labels if label not in values]
    instead = f"members whose values are {', '.join(map(repr, column.labels))}"
    if unknown:
        shown = ", ".join(map(repr, unknown))
        yield Misfit(True, f"{column.sql} has no label {shown}", instead)
    elif missing:
        shown = ", ".join(map(repr, missing))
        yield Misfit(False, f"rows with {shown} are answered with an error", instead)


def _stored(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _of_object(schema: Schema, named: Any, column: ColumnType) -> Iterator[Misfit]:
    """Compare an object with a composite type; the content of a JSON column is unknown."""
    if column.kind != "composite":
        yield Misfit(True, "", f"{hint_of(column)}, or embed {named.name} with fraiseql.embed")
        return
    for graphql_name, field in schema.fields.get(named.name, {}).items():
        if field.embed is not None or field.computed is not None:
            continue
        attribute = column.attributes.get(field.name)
        if attribute is None:
            names = ", ".join(column.attributes)
            reason = f"{column.sql} has no attribute {field.name!r}, only {names}"
            yield Misfit(True, reason, "fields with the names of its attributes", f".{field.name}")
            continue
        type_ = named.fields[graphql_name].type
        for misfit in misfits(schema, type_, attribute):
            yield Misfit(
                misfit.certain,
                misfit.reason or f"{field.name} is {python_name(type_)} over {attribute.sql}",
                f"{misfit.instead} for {named.name}.{field.name}",
                f".{field.name}{misfit.inside}",
            )
