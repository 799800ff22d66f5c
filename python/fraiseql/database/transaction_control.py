"""Refusal of statements that end the transaction of a block."""

import re
from typing import Final

from fraiseql.errors import DatabaseError

_BLANK: Final = r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_ENDS: Final = re.compile(
    rf"{_BLANK}(?:commit|end|abort|rollback(?!{_BLANK}(?:work{_BLANK}|transaction{_BLANK})?to\b)"
    rf"|prepare{_BLANK}transaction)\b",
    re.IGNORECASE | re.DOTALL,
)
_HINT: Final = (
    "The framework ends it: let an exception leave the block to undo its writes, and use a block of"
    " db.transaction(readonly=False) inside a mutation for a savepoint."
)


def refuse_its_end(sql: str) -> None:
    """Refuse a statement that ends the transaction: what follows would run in none.

    Raises:
        DatabaseError: It begins with ``COMMIT``, ``END``, ``ABORT``, ``PREPARE TRANSACTION``, or
            ``ROLLBACK`` without ``TO``.
    """
    if _ENDS.match(sql):
        raise DatabaseError("A statement may not end the transaction of its block.", hint=_HINT)


def ended_by(sql: str) -> DatabaseError:
    """Return the error of statements of one text that have ended the transaction."""
    return DatabaseError(
        "The transaction was ended by a statement in it, and what it wrote until then may stay.",
        hint=f"It was in: {sql[:200]}. {_HINT}",
    )
