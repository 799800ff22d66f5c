"""The ``errors`` of a response, without internal details."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from graphql import GraphQLError

from fraiseql.error_log import NOWHERE, ErrorLog, ErrorPlace, code_of, without_quoted
from fraiseql.errors import DocumentError, FraiseQLError, InputError
from fraiseql.events import current_request
from fraiseql.native import LargeText, RenderError
from fraiseql.serving.document.variable_places import place_in_arguments
from fraiseql.serving.planning.nested import NO_ROWS
from fraiseql.serving.planning.plan import OperationPlan, SqlRoot
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.serving.response.body import Extract, LargeBody
from fraiseql.usual_hints import with_usual_hint

NO_DATA: Final = b'{"data":null}'
"""A response without data."""

_INTERNAL: Final = "Internal server error"
_MESSAGES: Final[Mapping[str, str]] = {
    "list": "Expected a list for {place}, found {kind}.",
    "object": "Expected an object for {place}, found {kind}.",
    "enum": "Enum {type_name} cannot represent the value of {place}, {kind}.",
    "leaf": "{type_name} cannot represent the value of {place}, {kind}.",
    "type": "The value of {place} has no known type of {type_name}.",
    "json": "The document of {place} is not JSON.",
}
_KINDS: Final = {
    '"': "a string",
    "[": "a list",
    "{": "an object",
    "t": "a boolean",
    "f": "a boolean",
    "n": "null",
}
_MOST_CHARACTERS: Final = 1_000


class ResponseErrors:
    """Makes the ``errors`` of one request's response.

    Args:
        operation: Name of the operation.
        debug: Whether internal errors are shown.
    """

    __slots__ = ("_debug", "_log")

    def __init__(self, operation: str | None = None, *, debug: bool = False) -> None:
        self._log = ErrorLog(operation)
        self._debug = debug

    def of_fields(
        self, errors: Sequence[RenderError], plan: OperationPlan, failures: Sequence[Exception]
    ) -> list[dict[str, Any]]:
        """Return the errors of an operation's fields, and log hidden details."""
        described = [self._of_field(error, plan, failures) for error in errors]
        self._log.write_unshown(failures)
        return described

    def _of_field(
        self, error: RenderError, plan: OperationPlan, failures: Sequence[Exception]
    ) -> dict[str, Any]:
        selected, parent = plan.fields[error.field_id]
        field = f"{parent}.{selected.name}"
        cause = _cause(error, field, plan, failures)
        path = _path(error, failures)
        content = self.described(cause, ErrorPlace(path, field, _relation(plan, path)))
        if isinstance(cause, InputError):
            content["extensions"] |= _place_of(cause, selected)
        if self._debug and error.code in _MESSAGES:
            content["message"] += f" It is: {error.detail}"
        return {
            "message": content["message"],
            "locations": _locations(selected),
            "path": path,
            "extensions": content["extensions"],
        }

    def described(self, error: Exception, place: ErrorPlace = NOWHERE) -> dict[str, Any]:
        """Return message and extensions of an error; internal details go to the log."""
        extensions: dict[str, Any] = {"code": code_of(error)}
        if isinstance(error, FraiseQLError) and (error.for_clients or self._debug):
            extensions["code"] = error.code
            message = error.message
            # The hint of an error with hidden details is for readers of the log.
            if error.hint and (self._debug or not error.hides):
                extensions["hint"] = error.hint
            if isinstance(error, InputError) and error.path:
                extensions["input"] = error.path
        elif isinstance(error, GraphQLError):
            message = _for_clients(error.message)
            extensions |= error.extensions or {}
        else:
            message = f"{type(error).__name__}: {error}" if self._debug else _INTERNAL
        events = current_request.get()
        if events is not None:
            events.error(str(extensions["code"]))
        return {
            "message": message,
            "extensions": {**with_usual_hint(extensions), **self._log.extensions(error, place)},
        }

    def of_request(
        self, errors: Sequence[GraphQLError], code: str, *, executed: bool = False
    ) -> bytes:
        """Return the body of a request that was not executed."""
        content = [
            {
                **error.formatted,
                "message": _for_clients(error.message),
                "extensions": {
                    **with_usual_hint({"code": code, **(error.extensions or {})}),
                    **self._log.extensions(error, code=code),
                },
            }
            for error in errors
        ]
        return orjson.dumps({"data": None, "errors": content} if executed else {"errors": content})


def _cause(
    error: RenderError, field: str, plan: OperationPlan, failures: Sequence[Exception]
) -> Exception:
    """Return the exception for a fault of the renderer."""
    if error.code == "failure":
        return failures[int(error.detail)]
    if error.code == "refused":
        return plan.refusals[int(error.detail)]
    if error.code == "null" and error.field_id in plan.nested:
        return InputError(NO_ROWS.format(place=field))
    if error.code == "null":
        message = f"Cannot return null for non-nullable field {field}."
        # A missing row is no fault of stored data.
        missing = len(error.path) == 1
        return FraiseQLError(message, code="BAD_DOCUMENT") if missing else DocumentError(message)
    if error.code == "too_long":
        message = f"{field} has more than {error.detail} items."
        return FraiseQLError(message, code="LIST_TOO_LONG")
    kind = _KINDS.get(str(error.detail)[:1], "a number")
    message = _MESSAGES[error.code].format(place=field, kind=kind, type_name=error.type_name)
    return DocumentError(message)


def _relation(plan: OperationPlan, path: Sequence[str | int]) -> str:
    """Return the relation of the root field of a path."""
    for root in plan.roots:
        if isinstance(root, SqlRoot) and path[:1] == [root.key]:
            return root.query.read.relation.sql
    return ""


def _path(error: RenderError, failures: Sequence[Exception]) -> Sequence[str | int]:
    """Return the path of an error; errors of introspection have their own."""
    failure = failures[int(error.detail)] if error.code == "failure" else None
    own = failure.path if isinstance(failure, GraphQLError) else None
    return own or error.path


def _place_of(error: InputError, selected: SelectedField) -> dict[str, Any]:
    """Return the place of the value that PostgreSQL has refused."""
    if not error.variable and error.constant is None:
        return {}
    place = place_in_arguments(selected.nodes, error.variable, error.constant)
    own = {"variable": error.variable} if error.variable else {}
    return own | ({"input": place} if place else {})


def _locations(selected: SelectedField) -> list[dict[str, int]]:
    tokens = [node.loc.start_token for node in selected.nodes if node.loc]
    return [{"line": token.line, "column": token.column} for token in tokens]


def _for_clients(message: str) -> str:
    """Return a message of graphql-core for clients.

    It is truncated, and messages of Python exceptions are removed.
    """
    message = without_quoted(message)
    return message if len(message) <= _MOST_CHARACTERS else message[:_MOST_CHARACTERS] + "…"


def finished(
    body: bytes | LargeText,
    errors: Sequence[Mapping[str, Any]],
    extensions: Mapping[str, Any] | None = None,
) -> bytes | LargeBody:
    """Return the whole body: the rendered ``{"data": …}`` and the rest."""
    tail = ending(errors, extensions)
    if isinstance(body, LargeText):
        return LargeBody((Extract(body, 0, len(body) - 1), tail))
    return body if tail == b"}" else body[:-1] + tail


def ending(
    errors: Sequence[Mapping[str, Any]], extensions: Mapping[str, Any] | None = None
) -> bytes:
    """Return the end of a body: errors, extensions and the closing brace."""
    tail = b',"errors":' + orjson.dumps(errors) + b"}" if errors else b"}"
    if extensions is not None:
        tail = tail[:-1] + b',"extensions":' + orjson.dumps(extensions) + b"}"
    return tail
