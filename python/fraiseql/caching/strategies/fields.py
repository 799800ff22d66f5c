"""Checks that a document can store a field's column unchanged."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from graphql import GraphQLScalarType, get_named_type

from fraiseql.caching.definition.rows import FLOATS, MOST_COLUMNS, is_storable
from fraiseql.caching.definition.tables import Table, TableColumn
from fraiseql.caching.strategies.base import Violation, own_fields
from fraiseql.naming import suggestion
from fraiseql.schema import Schema, leaf_form
from fraiseql.schema.definitions import FieldDefinition

_OTHERS: Final = {
    "money": "Make the column numeric: the text of money depends on lc_monetary.",
    "json": "Make the column jsonb: json is text, and jsonb drops its spaces and repeated keys.",
    "xml": "Make the column text.",
}


def refused_fields(
    schema: Schema, type_name: str, table: Table, *, but: Iterable[str] = ()
) -> Iterator[Violation]:
    """Yield why rows of a table cannot be the documents of a type.

    Args:
        schema: The schema.
        type_name: GraphQL name of the type.
        table: Its relation.
        but: Columns to ignore.
    """
    fields = own_fields(schema, type_name)
    if len(fields) > MOST_COLUMNS:
        yield Violation(
            "TABLE_NOT_STORABLE",
            type_name,
            f"it has {len(fields)} stored fields; PostgreSQL's functions take {MOST_COLUMNS}"
            " arguments.",
            "Declare the fields that are read together as a separate type.",
        )
    for field in fields:
        yield from _of_field(schema, type_name, table, field, frozenset(but))


def _of_field(
    schema: Schema, type_name: str, table: Table, field: FieldDefinition, but: frozenset[str]
) -> Iterator[Violation]:
    where = f"{type_name}.{field.name}"
    column = table.columns.get(field.name)
    if column is None or field.name in but:
        yield _without_column(schema, type_name, table, field, but)
    elif not is_storable(column):
        yield Violation(
            "COLUMN_NOT_STORABLE",
            where,
            f"the text of {column.sql_type} values depends on settings of the session.",
            _OTHERS.get(column.base, "Make the column text or jsonb; or leave the type live."),
        )
    else:
        yield from _of_form(schema, type_name, field, column)


def _without_column(
    schema: Schema, type_name: str, table: Table, field: FieldDefinition, but: frozenset[str]
) -> Violation:
    where = f"{type_name}.{field.name}"
    definition = schema.objects.get(type_name)
    document = definition.jsonb_column if definition else None
    if document is not None:
        return Violation(
            "COLUMN_NOT_STORABLE",
            where,
            f"it is part of jsonb_column={document!r}, which stored documents cannot read.",
            "Make it a column of the table, or remove the field.",
        )
    near = suggestion(field.name, [name for name in table.columns if name not in but])
    return Violation(
        "COLUMN_NOT_STORABLE",
        where,
        f"{table.sql} has no column for it.{near}",
        "Add the column, or remove the field.",
    )


def _of_form(
    schema: Schema, type_name: str, field: FieldDefinition, column: TableColumn
) -> Iterator[Violation]:
    """Refuse pairs of column and field whose stored bytes would differ from the live answer."""
    where = f"{type_name}.{field.name}"
    type_: Any = schema.graphql.type_map[type_name]
    leaf = get_named_type(type_.fields[field.graphql_name].type)
    form = leaf_form(leaf) if isinstance(leaf, GraphQLScalarType) else ""
    if column.base in FLOATS and form not in ("Float", "number", "String"):
        yield Violation(
            "COLUMN_NOT_STORABLE",
            where,
            f"the column is {column.sql_type}, the field {leaf.name}: jsonb writes 1e+20 in full.",
            "Declare the field as float, Decimal or str; or make the column numeric.",
        )
    if column.is_array and form == "any":
        yield Violation(
            "COLUMN_NOT_STORABLE",
            where,
            "an array in a field of any JSON is written with other spaces by jsonb.",
            "Declare the field as a list of its items' type, or make the column jsonb.",
        )
