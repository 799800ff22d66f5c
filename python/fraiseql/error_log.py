"""Log of errors whose details are hidden from clients."""

import logging
import re
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

from graphql import GraphQLError

from fraiseql.errors import DocumentError, FraiseQLError, sqlstate_of
from fraiseql.events import logger

_SERIOUS: Final = frozenset({"INTERNAL_ERROR", "DATABASE_ERROR", "DATABASE_UNAVAILABLE"})
_VALUES: Final = "22"
"""Class of the SQLSTATEs whose messages quote values."""
_MOST_CHARACTERS: Final = 300
_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_QUOTED: Final = ", but encountered error '"
"""Text before a Python exception in a message of graphql-core, hidden from clients."""
_HIDDEN_TEXT: Final = re.compile(f"{_QUOTED}.*'; found", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """Place of an error in a response.

    Attributes:
        path: Response keys and indices; empty without a field.
        field: Schema coordinate of the field.
        relation: Relation of the field.
    """

    path: Sequence[str | int] = ()
    field: str = ""
    relation: str = ""


NOWHERE: Final = ErrorPlace()


class ErrorLog:
    """Writes the log lines of a request: one for each kind of error of each field.

    Args:
        operation: Name of the operation; None if it has none or is unknown.
    """

    __slots__ = ("_ids", "_operation", "_seen")

    def __init__(self, operation: str | None = None) -> None:
        self._operation = operation
        self._ids: dict[tuple[str, ...], str] = {}
        self._seen: set[int] = set()

    def extensions(
        self, error: Exception, place: ErrorPlace = NOWHERE, code: str | None = None
    ) -> Mapping[str, str]:
        """Return the id of an error for ``extensions``; empty if no detail is hidden.

        Its line is written the first time.

        Args:
            error: The error.
            place: Its place.
            code: Code for the client if the error has none.
        """
        if not hides(error):
            return {}
        self._seen.add(id(error))
        kind = (*_kind(error), place.field)
        error_id = self._ids.get(kind)
        if error_id is None:
            error_id = self._ids[kind] = b32encode(token_bytes(5)).decode().lower()
            self._write(error_id, error, place, code or code_of(error))
        return {"id": error_id}

    def write_unshown(self, errors: Iterable[Exception]) -> None:
        """Write the lines of errors that are not in the response, below a null."""
        written = {kind[:-1] for kind in self._ids}
        for error in errors:
            if id(error) not in self._seen and _kind(error) not in written:
                self.extensions(error)

    def _write(self, error_id: str, error: Exception, place: ErrorPlace, code: str) -> None:
        sqlstate = sqlstate_of(error)
        # In a request that could not be parsed, the name may be any text.
        name = self._operation
        details = {
            "error_id": error_id,
            "operation": name if name and _NAME.fullmatch(name) else None,
            "path": ".".join(map(str, place.path)) or None,
            "relation": _relation(error) or place.relation or None,
            "sqlstate": sqlstate or None,
        }
        unexpected = not sqlstate and code == "INTERNAL_ERROR"
        logger.log(
            logging.ERROR if code in _SERIOUS else logging.WARNING,
            "%s id=%s operation=%s path=%s relation=%s sqlstate=%s %s",
            code,
            *[value or "-" for value in details.values()],
            _summary(error),
            exc_info=error if unexpected else None,
            extra={"error_code": code, **details},
        )


def hides(error: Exception) -> bool:
    """Return whether details of an error are hidden from clients."""
    if isinstance(error, FraiseQLError):
        return error.hides or not error.for_clients or bool(sqlstate_of(error))
    if isinstance(error, GraphQLError):
        # A scalar refuses a value with a ValueError, which has no more details.
        origin = _origin(error)
        return origin is not None and not isinstance(origin, ValueError)
    return True


def without_quoted(message: str) -> str:
    """Return a message of graphql-core without the Python exception in it."""
    return _HIDDEN_TEXT.sub("; found", message) if _QUOTED in message else message


def _origin(error: GraphQLError) -> Exception | None:
    """Return the Python exception in a message of graphql-core, if there is one."""
    if _QUOTED not in error.message:
        return None
    origin: Exception | None = error
    while isinstance(origin, GraphQLError):
        origin = origin.original_error
    return origin


def code_of(error: Exception) -> str:
    """Return the code of an error for clients."""
    if isinstance(error, FraiseQLError):
        return error.code if error.for_clients else FraiseQLError.default_code
    if isinstance(error, GraphQLError):
        return str((error.extensions or {}).get("code", "RESOLVER_ERROR"))
    return FraiseQLError.default_code


def _kind(error: Exception) -> tuple[str, ...]:
    return code_of(error), type(error).__name__, sqlstate_of(error)


def _relation(error: Exception) -> str:
    cause: Any = error.__cause__
    table = getattr(cause, "table_name", None)
    if table:
        return f"{getattr(cause, 'schema_name', None) or '?'}.{table}"
    return error.relation if isinstance(error, FraiseQLError) else ""


def _summary(error: Exception) -> str:
    """Return the class of an error and its message, unless that contains values; one line."""
    if isinstance(error, GraphQLError):
        return type(_origin(error)).__name__
    cause = error.__cause__ if isinstance(error, FraiseQLError) else None
    source = cause or error
    message = "" if _quotes_values(error, cause) else _message(source)
    line = "".join([letter for letter in " ".join(message.split()) if letter.isprintable()])
    kind = type(source).__name__
    return f"{kind}: {line[:_MOST_CHARACTERS]}" if line else kind


def _quotes_values(error: Exception, cause: BaseException | None) -> bool:
    if isinstance(cause, ValueError) or sqlstate_of(error).startswith(_VALUES):
        return True
    return isinstance(error, DocumentError) and cause is not None and type(cause) is not TypeError


def _message(error: BaseException) -> str:
    if isinstance(error, FraiseQLError):
        return error.message
    # The details of PostgreSQL, which contain rows, are on the next lines.
    return str(error).partition("\n")[0]
