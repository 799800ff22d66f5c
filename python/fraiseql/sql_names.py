"""Qualified names of PostgreSQL's own functions, operators and types.

PostgreSQL takes the best match on the whole search path for a name without a schema. A role that
may create objects there could substitute code, which would run with the privileges of the caller.
"""

from collections.abc import Mapping
from typing import Final

CATALOG: Final = "pg_catalog"

OWN_PATH: Final = "SET search_path = pg_catalog, pg_temp"
"""Limits a session to PostgreSQL's own objects; temporary relations and types come last."""

OWN_PATH_OF_TRANSACTION: Final = "SET LOCAL search_path = pg_catalog, pg_temp"
"""The same until the end of the transaction."""


def op(sign: str, schema: str = CATALOG) -> str:
    """Return an operator, for use between two operands.

    All qualified operators have one precedence, above plain comparisons and below plain arithmetic:
    put parentheses around an operand with an operator.

    Args:
        sign: ``=``, ``->>`` …
        schema: Its schema; operators of an extension's type are in that of the extension.
    """
    # The schema comes from the catalog.
    name = schema if schema == CATALOG else '"' + schema.replace('"', '""') + '"'
    return f"OPERATOR({name}.{sign})"


def fn(name: str) -> str:
    """Return the name of a function."""
    return f"{CATALOG}.{name}"


def ty(name: str) -> str:
    """Return the name of a type; SQL's own keywords need no schema."""
    return _WORDS.get(name, f"{CATALOG}.{name}")


_WORDS: Final[Mapping[str, str]] = {
    "bool": "boolean",
    "float8": "double precision",
    "int8": "bigint",
    "numeric": "numeric",
}
