"""Names of PostgreSQL's own functions, operators and types, qualified.

PostgreSQL takes the best match on the whole search path for a name without a schema: whoever may
create there could put code of their own in the place of what is meant, to run as whoever connects.
"""

from collections.abc import Mapping
from typing import Final

CATALOG: Final = "pg_catalog"

OWN_PATH: Final = "SET search_path = pg_catalog, pg_temp"
"""Has a session find nothing but PostgreSQL's own; temporary relations and types come last."""

OWN_PATH_OF_TRANSACTION: Final = "SET LOCAL search_path = pg_catalog, pg_temp"
"""The same until the end of the transaction."""


def op(sign: str, schema: str = CATALOG) -> str:
    """Return an operator, to stand between two operands.

    All of them bind alike, tighter than comparisons and looser than arithmetic does without a
    schema: write parentheses around an operand that has an operator itself.

    Args:
        sign: ``=``, ``->>`` …
        schema: Where it is; operators of an extension's type are where that is.
    """
    # The schema comes from the catalog.
    name = schema if schema == CATALOG else '"' + schema.replace('"', '""') + '"'
    return f"OPERATOR({name}.{sign})"


def fn(name: str) -> str:
    """Return the name of a function."""
    return f"{CATALOG}.{name}"


def ty(name: str) -> str:
    """Return the name of a type; words of SQL's own need no schema."""
    return _WORDS.get(name, f"{CATALOG}.{name}")


_WORDS: Final[Mapping[str, str]] = {
    "bool": "boolean",
    "float8": "double precision",
    "int8": "bigint",
    "numeric": "numeric",
}
