"""Log lines of errors that hide something from clients."""

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
"""Where graphql-core quotes an exception of Python, which clients are not shown."""
_HIDDEN_WORDS: Final = re.compile(f"{_QUOTED}.*'; found", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """Where in a response an error is.

    Attributes:
        path: Response keys and indices; empty where no field is concerned.
        field: Schema coordinate of the field.
        relation: Relation that the field is read from.
    """

    path: Sequence[str | int] = ()
    field: str = ""
    relation: str = ""


NOWHERE: Final = ErrorPlace()


class ErrorLog:
    """Writes the log lines of one request: one for each kind of error at each field.

    Args:
        operation: Name of the operation; None where it has none, or is not known.
    """

    __slots__ = ("_ids", "_operation", "_seen")

    def __init__(self, operation: str | None = None) -> None:
        self._operation = operation
        self._ids: dict[tuple[str, ...], str] = {}
        self._seen: set[int] = set()

    def extensions(
        self, error: Exception, place: ErrorPlace = NOWHERE, code: str | None = None
    ) -> Mapping[str, str]:
        """Return the id of an error for ``extensions``; nothing where the client is shown it all.

        Its line is written when it is met first.

        Args:
            error: What a client is told of.
            place: Where it is.
            code: Code that the client is sent where the error has none of its own.
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
        """Write the lines of errors that the response has no place for: null stands above them."""
        written = {kind[:-1] for kind in self._ids}
        for error in errors:
            if id(error) not in self._seen and _kind(error) not in written:
                self.extensions(error)

    def _write(self, error_id: str, error: Exception, place: ErrorPlace, code: str) -> None:
        sqlstate = sqlstate_of(error)
        # A request that could not be parsed may have said anything here.
        name = self._operation
        facts = {
            "error_id": error_id,
            "operation": name if name and _NAME.fullmatch(name) else None,
            "path": ".".join(map(str, place.path)) or None,
            "relation": _relation(error) or place.relation or None,
            "sqlstate": sqlstate or None,
        }
        unforeseen = not sqlstate and code == "INTERNAL_ERROR"
        logger.log(
            logging.ERROR if code in _SERIOUS else logging.WARNING,
            "%s id=%s operation=%s path=%s relation=%s sqlstate=%s %s",
            code,
            *[value or "-" for value in facts.values()],
            _words(error),
            exc_info=error if unforeseen else None,
            extra={"error_code": code, **facts},
        )


def hides(error: Exception) -> bool:
    """Return whether a client is shown less of an error than there is."""
    if isinstance(error, FraiseQLError):
        return error.hides or not error.for_clients or bool(sqlstate_of(error))
    if isinstance(error, GraphQLError):
        # A ValueError is how a scalar refuses a value: there is no more to know of it.
        origin = _origin(error)
        return origin is not None and not isinstance(origin, ValueError)
    return True


def without_quoted(message: str) -> str:
    """Return a message of graphql-core without the exception of Python that it quotes."""
    return _HIDDEN_WORDS.sub("; found", message) if _QUOTED in message else message


def _origin(error: GraphQLError) -> Exception | None:
    """Return the exception that graphql-core met, if its words stand in the message."""
    if _QUOTED not in error.message:
        return None
    origin: Exception | None = error
    while isinstance(origin, GraphQLError):
        origin = origin.original_error
    return origin


def code_of(error: Exception) -> str:
    """Return the code of an error as a client is sent it."""
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


def _words(error: Exception) -> str:
    """Return the kind of an error and, where they quote no value, its words; always one line."""
    if isinstance(error, GraphQLError):
        return type(_origin(error)).__name__
    cause = error.__cause__ if isinstance(error, FraiseQLError) else None
    source = cause or error
    words = "" if _quotes_values(error, cause) else _message(source)
    line = "".join([letter for letter in " ".join(words.split()) if letter.isprintable()])
    kind = type(source).__name__
    return f"{kind}: {line[:_MOST_CHARACTERS]}" if line else kind


def _quotes_values(error: Exception, cause: BaseException | None) -> bool:
    if isinstance(cause, ValueError) or sqlstate_of(error).startswith(_VALUES):
        return True
    return isinstance(error, DocumentError) and cause is not None and type(cause) is not TypeError


def _message(error: BaseException) -> str:
    if isinstance(error, FraiseQLError):
        return error.message
    # PostgreSQL's details, which quote rows, come after its first words.
    return str(error).partition("\n")[0]
