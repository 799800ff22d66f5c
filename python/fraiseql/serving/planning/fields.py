"""Fields of a relation: which of them a request may compare, and which give an order."""

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
"""Forms whose values are only compared with null, in words."""


def require_access(accesses: Mapping[str, FieldAccess], name: str, what: str) -> FieldAccess:
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


def orderable(accesses: Mapping[str, FieldAccess], name: str, what: str) -> FieldAccess:
    """Return the access called ``name`` if rows can be ordered by it.

    Raises:
        InputError: There is none, or its values have no order.
    """
    found = require_access(accesses, name, what)
    if found.form in UNCOMPARED:
        raise InputError(f"{what}.{name} holds {UNCOMPARED[found.form]}: it gives no order.")
    if not found.ordered:
        raise InputError(f"{what}.{name} holds {found.column.type_name}, which has no order.")
    return found
