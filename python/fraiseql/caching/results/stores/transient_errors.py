"""Failures of a store that are expected, after which answers are computed.

The list is closed: any other failure is a bug of this package, and is logged as one.
"""

from typing import Final

from fraiseql.errors import DatabaseUnavailable, FraiseQLError, sqlstate_of

_OF_REQUEST: Final = {
    "3F000": "schema_missing",
    "42P01": "relation_missing",
    "42703": "column_missing",
    "42883": "function_missing",
    "42501": "not_allowed",
}
"""An object is missing or not accessible; requests that do not use it may succeed."""

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
    """A store outside of the database cannot be used now.

    Args:
        kind: The failure, as one word.
    """

    default_code = "DATABASE_UNAVAILABLE"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The store of a result cache cannot be used: {kind}.")
        self.kind = kind


def error_kind(error: BaseException) -> str:
    """Return one word for an expected failure; empty for any other."""
    if isinstance(error, StoreUnavailable):
        return error.kind
    if not isinstance(error, FraiseQLError):
        return ""
    state = sqlstate_of(error)
    kind = _OF_REQUEST.get(state) or _OF_STORE.get(state)
    return kind or (LOST if isinstance(error, DatabaseUnavailable) else "")


def concerns_request(kind: str) -> bool:
    """Whether a failure concerns the request alone, and not the store as a whole."""
    return kind in _OF_REQUEST.values()
