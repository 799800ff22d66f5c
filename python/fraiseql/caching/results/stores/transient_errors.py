"""Forgiven: the failures of a store after which an answer is computed as if there were none.

The list is closed: what is not in it is a fault of this package, and is logged as one.
"""

from typing import Final

from fraiseql.errors import DatabaseUnavailable, FraiseQLError, sqlstate_of

_OF_DEFINITION: Final = {
    "3F000": "schema_missing",
    "42P01": "relation_missing",
    "42703": "column_missing",
    "42883": "function_missing",
    "42501": "not_allowed",
}
"""Something is not there, or may not be used: no other question need fail because of it."""

_OF_STORE: Final = {
    "55000": "not_ready",
    "55P03": "locked",
    "57014": "timeout",
    "25006": "read_only",
    "0A000": "not_supported",
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "53400": "limit_exceeded",
}

LOST: Final = "connection_lost"


class StoreUnavailable(FraiseQLError):  # noqa: N818 - reads as the state that it reports
    """A store that is no table of the database cannot be used now.

    Args:
        kind: What failed, as one word.
    """

    default_code = "DATABASE_UNAVAILABLE"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The store of a result cache cannot be used: {kind}.")
        self.kind = kind


def kind_of(error: BaseException) -> str:
    """Return what failed, as one word for counting; empty for what is not forgiven."""
    if isinstance(error, StoreUnavailable):
        return error.kind
    if not isinstance(error, FraiseQLError):
        return ""
    state = sqlstate_of(error)
    known = _OF_DEFINITION.get(state) or _OF_STORE.get(state)
    return known or (LOST if isinstance(error, DatabaseUnavailable) else "")


def concerns_one(kind: str) -> bool:
    """Whether a failure concerns what was asked, and not the store as a whole."""
    return kind in _OF_DEFINITION.values()
