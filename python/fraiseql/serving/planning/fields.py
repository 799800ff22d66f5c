"""Fields of a relation: how SQL reaches each stored value that may be read or compared."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraiseql.catalog import Column, Relation
from fraiseql.errors import InputError, SourceError
from fraiseql.naming import suggestion

_COLUMN_FORMS: Mapping[str, str] = {
    **dict.fromkeys(("int2", "int4", "int8"), "integer"),
    **dict.fromkeys(("numeric", "float4", "float8"), "number"),
    "bool": "boolean",
    **dict.fromkeys(("json", "jsonb"), "any"),
}

UNCOMPARED: Mapping[str, str] = {"any": "JSON", "array": "a list"}
"""Forms whose values are only compared with null, in words."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a stored value is reached in a row.

    Attributes:
        name: Python name of the field or name of the column.
        column: The relation's own column, or the document column that holds the key ``name``.
        in_document: Whether the value stands in ``column`` under the key ``name``.
        form: Form of the leaf, as shapes name it; ``array`` for an array of PostgreSQL.
        type_name: GraphQL type of the leaf; empty for a column that is not declared.
    """

    name: str
    column: Column
    in_document: bool
    form: str
    type_name: str = ""


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


def require_access(accesses: Mapping[str, Access], name: str, what: str) -> Access:
    """Return the access called ``name``.

    Raises:
        InputError: There is none; the message has the nearest name.
    """
    found = accesses.get(name)
    if found is None:
        raise InputError(
            f"{what} has no field {name!r} to compare or order by.{suggestion(name, accesses)}",
            code="UNKNOWN_FIELD",
        )
    return found


def orderable(accesses: Mapping[str, Access], name: str, what: str) -> Access:
    """Return the access called ``name`` if rows can be ordered by it.

    Raises:
        InputError: There is none, or its values have no order.
    """
    found = require_access(accesses, name, what)
    if found.form in UNCOMPARED:
        raise InputError(f"{what}.{name} holds {UNCOMPARED[found.form]}: it gives no order.")
    return found
