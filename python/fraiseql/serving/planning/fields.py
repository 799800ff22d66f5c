"""Fields that a request may compare or order by."""

from collections.abc import Mapping

from fraiseql.errors import InputError
from fraiseql.field_access import OPAQUE, FieldAccess, column_access, own_column, stored_column
from fraiseql.naming import suggestion

__all__ = [
    "UNCOMPARED",
    "FieldAccess",
    "column_access",
    "orderable",
    "own_column",
    "require_access",
    "stored_column",
]

UNCOMPARED: Mapping[str, str] = {
    "any": "JSON",
    "array": "a list",
    OPAQUE: "values that PostgreSQL does not compare",
}
"""Descriptions of forms whose values are only compared with null."""


OWN_OPERATORS: Mapping[str, str] = {"list": "a list", "json": "JSON"}
"""Descriptions of forms whose values are compared by operators of their own."""


def require_access(accesses: Mapping[str, FieldAccess], name: str, owner: str) -> FieldAccess:
    """Return the access called ``name``.

    Raises:
        InputError: The field does not exist; the message suggests a similar name.
    """
    access = accesses.get(name)
    if access is None:
        raise InputError(
            f"{owner} has no field {name!r} to compare or order by.{suggestion(name, accesses)}",
            code="UNKNOWN_FIELD",
        )
    return access


def orderable(accesses: Mapping[str, FieldAccess], name: str, owner: str) -> FieldAccess:
    """Return the access called ``name`` if rows can be ordered by it.

    Raises:
        InputError: The field does not exist, or its values have no order.
    """
    access = require_access(accesses, name, owner)
    if access.form in UNCOMPARED:
        raise InputError(f"{owner}.{name} holds {UNCOMPARED[access.form]}: it gives no order.")
    if access.form in OWN_OPERATORS:
        raise InputError(f"{owner}.{name} holds {OWN_OPERATORS[access.form]}: it gives no order.")
    if not access.ordered:
        raise InputError(f"{owner}.{name} holds {access.column.type_name}, which has no order.")
    return access
