"""Accesses: how SQL reaches each stored value, and the one form in which it is compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLNamedType,
    get_named_type,
    is_leaf_type,
)

from fraiseql.catalog import Column, Relation
from fraiseql.catalog.picture import quote
from fraiseql.errors import SourceError
from fraiseql.naming import suggestion
from fraiseql.schema import Schema, leaf_form
from fraiseql.sources import NO_INDEXES, IndexFacts

_COLUMN_FORMS: Mapping[str, str] = {
    **dict.fromkeys(("int2", "int4", "int8"), "integer"),
    **dict.fromkeys(("numeric", "float4", "float8"), "number"),
    "bool": "boolean",
    **dict.fromkeys(("json", "jsonb"), "any"),
}
_DOCUMENT_WIRES: Mapping[str, str] = {
    **dict.fromkeys(("Int", "Float", "number", "integer"), "numeric"),
    **dict.fromkeys(("Boolean", "boolean"), "bool"),
}
_DOCUMENT_SCALARS: Mapping[str, str] = {"DateTime": "timestamptz", "Date": "date", "Time": "time"}
_INTEGERS: Final = frozenset({"int2", "int4", "int8"})
_FRACTIONS: Final = frozenset({"float4", "float8", "numeric"})
_SAME: Final = frozenset({"bool", "uuid", "timestamptz", "timestamp", "date", "time"})
_KINDS: Mapping[str, str] = {"numeric": "number", "bool": "boolean"}

TEXTS: Final = frozenset({"text", "varchar", "bpchar", "name"})
CASTS: Mapping[str, str] = {
    "timestamptz": "::timestamptz",
    "date": "::date",
    "time": "::time",
}
"""Casts of a document's text that depend on settings of the session: no index can hold them."""

SIGNS: Final[Mapping[str, str]] = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
"""The comparisons that an index's predicate may consist of."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a stored value is reached in a row.

    Attributes:
        name: Python name of the field or name of the column.
        column: The relation's own column, or the document column that holds the key ``name``.
        in_document: Whether the value stands in ``column`` under the key ``name``.
        form: Form of the leaf, as shapes name it; ``array`` for an array of PostgreSQL.
        type_name: GraphQL type of the leaf; empty for a column that is not declared.
        constants: Values that predicates of indexes ask it to be equal to.
        bounds: Operator and value of what else predicates of indexes ask of it.
        contained: Whether equality can be found by containment in a GIN index.
    """

    name: str
    column: Column
    in_document: bool
    form: str
    type_name: str = ""
    constants: tuple[Any, ...] = ()
    bounds: tuple[tuple[str, Any], ...] = ()
    contained: bool = False


def own_column(relation: Relation, document: str | None, name: str) -> Column | None:
    """Return the column that answers the field ``name`` by itself, if there is one.

    The document column is not a field: a field of its name is a key of the document.
    """
    return relation.columns.get(name) if name != document else None


def column_access(column: Column) -> Access:
    """Return the access to a column that no field declares."""
    # PostgreSQL's own names of array types begin with an underscore.
    other = "array" if column.base_type.startswith("_") else "string"
    return Access(column.name, column, False, _COLUMN_FORMS.get(column.base_type, other))


def stored_column(
    relation: Relation, document: str | None, name: str, *, wanted_by: str
) -> tuple[Column, bool]:
    """Return the column that holds the field ``name``, and whether as a key of its document.

    Raises:
        SourceError: The relation has neither a column of that name nor a document column.
    """
    column = own_column(relation, document, name)
    if column is not None:
        return column, False
    if document is not None:
        return relation.columns[document], True
    raise SourceError(
        f"{wanted_by} has no column in {relation.schema}.{relation.name}."
        f"{suggestion(name, relation.columns)}",
        hint=f"Add the column {name!r}, name a jsonb_column that holds it, or remove the field.",
    )


def find_accesses(
    schema: Schema,
    type_name: str,
    relation: Relation,
    document: str | None,
    indexes: IndexFacts = NO_INDEXES,
) -> Mapping[str, Access]:
    """Return every name that may be compared or ordered by: stored leaves and own columns.

    Raises:
        SourceError: A field has neither a column nor a document to stand in.
    """
    found = {column.name: column_access(column) for column in relation.columns.values()}
    for access in _leaves(schema, type_name, relation, document):
        found[access.name] = access
    if indexes is NO_INDEXES:
        return found
    return {name: _indexed(access, indexes) for name, access in found.items()}


def _leaves(
    schema: Schema, type_name: str, relation: Relation, document: str | None
) -> Iterator[Access]:
    for graphql_name, field in schema.fields.get(type_name, {}).items():
        leaf = None if field.embed or field.computed else _leaf(schema, type_name, graphql_name)
        if leaf is not None:
            wanted_by = f"{type_name}.{field.name}"
            column, inside = stored_column(relation, document, field.name, wanted_by=wanted_by)
            yield Access(field.name, column, inside, _form(leaf), leaf.name)


def _leaf(schema: Schema, type_name: str, graphql_name: str) -> GraphQLNamedType | None:
    type_ = schema.graphql.type_map[type_name].fields[graphql_name].type  # type: ignore[attr-defined]
    named = get_named_type(type_)
    bare = getattr(type_, "of_type", type_)
    return named if is_leaf_type(named) and bare is named else None


def _form(leaf: GraphQLNamedType) -> str:
    # Enums are compared by the text that documents and columns hold.
    return "enum" if isinstance(leaf, GraphQLEnumType) else leaf_form(leaf)


def _indexed(access: Access, indexes: IndexFacts) -> Access:
    constants = [value for name, value in indexes.constants if name == access.name]
    bounds = [(sign, value) for name, sign, value in indexes.bounds if name == access.name]
    inside = access.in_document and access.column.name in indexes.contained
    contained = inside and wire_type(access) not in CASTS
    return replace(
        access,
        constants=tuple([value for value in constants if value is not None]),
        bounds=tuple(sorted(bounds, key=repr)),
        contained=contained,
    )


def wire_type(access: Access) -> str:
    """Return the type that values compared with ``access`` are sent as."""
    if access.in_document:
        form = _DOCUMENT_WIRES.get(access.form, "text")
        return _DOCUMENT_SCALARS.get(access.type_name) or form
    base = access.column.base_type
    if base in _INTEGERS:
        # A fraction compared with an integer column must not be cut off.
        return "numeric" if access.form in ("Float", "number") else "int8"
    if base in _FRACTIONS:
        return "float8" if base == "float8" else "numeric"
    return base if base in _SAME else "text"


def literal(text: str) -> str:
    """Return a known constant as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def column_sql(alias: str, access: Access) -> str:
    """Return the column of ``access``; ``alias`` is empty where there is but one relation."""
    return f"{alias}.{quote(access.column.name)}" if alias else quote(access.column.name)


def expression(alias: str, access: Access) -> str:
    """Return the SQL expression of a stored value, in the type that it is compared in.

    A key of a document whose value has another JSON type than its field counts as null.
    """
    column = column_sql(alias, access)
    if not access.in_document:
        return column
    key = literal(access.name)
    text = f"({column}->>{key})"
    wire = wire_type(access)
    if wire not in _KINDS:
        return f"({text}{CASTS[wire]})" if wire in CASTS else text
    typeof = f"{access.column.base_type}_typeof({column}->{key})"
    return f"(CASE WHEN {typeof} = '{_KINDS[wire]}' THEN {text}::{wire} END)"


def tested(alias: str, access: Access) -> str:
    """Return the SQL expression of a stored value as it is compared with null."""
    column = column_sql(alias, access)
    # ->> gives SQL null for a missing key and for a JSON null alike.
    return f"({column}->>{literal(access.name)})" if access.in_document else column


def column_cast(access: Access, wire: str) -> str:
    """Return the cast of a text to the column's own type: an enum, a domain; else nothing."""
    column = access.column
    if wire != "text" or access.in_document or column.base_type in TEXTS:
        return ""
    return f"::{column.type_name}"


def constant(access: Access, value: Any) -> str:
    """Return a known constant as SQL, equal to the parameter that would carry it.

    Args:
        access: What it is compared with.
        value: As ``as_wire`` gives it.
    """
    wire = wire_type(access)
    if wire == "bool":
        return "true" if value else "false"
    # One cast only: a text that is turned into an enum is no constant to an index.
    return _quoted(_text(value)) + (column_cast(access, wire) or f"::{wire}")


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _quoted(text: str) -> str:
    if "\\" not in text:
        return literal(text)
    # Whatever standard_conforming_strings says.
    return "E" + literal(text.replace("\\", "\\\\"))


def compared(alias: str, access: Access, operator: str, value: Any) -> str:
    """Return the comparison with a known constant, as statements and predicates have it.

    Args:
        alias: Of the relation; empty where there is but one.
        access: What is compared.
        operator: One of ``SIGNS``.
        value: As ``as_wire`` gives it; None compares with null.
    """
    if value is None:
        return f"{tested(alias, access)} IS NULL"
    return f"{expression(alias, access)} {SIGNS[operator]} {constant(access, value)}"
