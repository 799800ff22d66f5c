"""Errors of a response: message, locations, path and code, never anything internal."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from graphql import GraphQLError

from fraiseql.errors import FraiseQLError
from fraiseql.native import LargeText, RenderError
from fraiseql.serving.body import Extract, LargeBody
from fraiseql.serving.planning.plan import Plan
from fraiseql.serving.planning.selection import SelectedField

_INTERNAL = "Internal server error"
_WORDS: Mapping[str, str] = {
    "list": "Expected a list for {place}, found {detail}.",
    "object": "Expected an object for {place}, found {detail}.",
    "enum": "Enum {type_name} cannot represent value {detail} of {place}.",
    "leaf": "{type_name} cannot represent value {detail} of {place}.",
    "type": "The value of {place} does not tell which type of {type_name} it is: {detail}.",
    "json": "The document of {place} is not JSON: {detail}.",
}
_BAD_DOCUMENT = "BAD_DOCUMENT"
_LIST_TOO_LONG = "LIST_TOO_LONG"
_MOST_CHARACTERS = 1_000
_ENCOUNTERED = re.compile(", but encountered error '.*'; found", re.DOTALL)


def rendered_errors(
    errors: Sequence[RenderError], plan: Plan, failures: Sequence[Exception], *, debug: bool
) -> list[dict[str, Any]]:
    """Return the ``errors`` of an executed response."""
    return [_rendered(error, plan, failures, debug=debug) for error in errors]


def _rendered(
    error: RenderError, plan: Plan, failures: Sequence[Exception], *, debug: bool
) -> dict[str, Any]:
    selected, parent = plan.fields[error.field_id]
    if error.code == "failure":
        content = described(failures[int(error.detail)], debug=debug)
    elif error.code == "refused":
        content = described(plan.refusals[int(error.detail)], debug=debug)
    elif error.code == "null":
        message = f"Cannot return null for non-nullable field {parent}.{selected.name}."
        content = {"message": message, "extensions": {"code": _BAD_DOCUMENT}}
    elif error.code == "too_long":
        message = f"{parent}.{selected.name} has more than {error.detail} items."
        content = {"message": message, "extensions": {"code": _LIST_TOO_LONG}}
    else:
        message = _WORDS[error.code].format(
            place=f"{parent}.{selected.name}", detail=error.detail, type_name=error.type_name
        )
        content = {"message": message, "extensions": {"code": _BAD_DOCUMENT}}
    return {
        "message": content["message"],
        "locations": _locations(selected),
        "path": _path(error, failures),
        "extensions": content["extensions"],
    }


def _path(error: RenderError, failures: Sequence[Exception]) -> Sequence[str | int]:
    """Return where an error is; one of introspection knows that itself."""
    failure = failures[int(error.detail)] if error.code == "failure" else None
    own = failure.path if isinstance(failure, GraphQLError) else None
    return own or error.path


def described(error: Exception, *, debug: bool = False) -> dict[str, Any]:
    """Return message and extensions of an error; what is internal is left out."""
    if isinstance(error, FraiseQLError) and (error.for_clients or debug):
        extensions = {"code": error.code, **({"hint": error.hint} if error.hint else {})}
        return {"message": error.message, "extensions": extensions}
    if isinstance(error, GraphQLError):
        code = {"code": "RESOLVER_ERROR", **(error.extensions or {})}
        return {"message": _for_clients(error.message), "extensions": code}
    message = f"{type(error).__name__}: {error}" if debug else _INTERNAL
    return {"message": message, "extensions": {"code": "INTERNAL_ERROR"}}


def _locations(selected: SelectedField) -> list[dict[str, int]]:
    tokens = [node.loc.start_token for node in selected.nodes if node.loc]
    return [{"line": token.line, "column": token.column} for token in tokens]


def _for_clients(message: str) -> str:
    """Return a message of graphql-core as clients see it.

    What an exception of Python says is not for them, and a long text that they sent is cut off.
    """
    if "but encountered error '" in message:
        message = _ENCOUNTERED.sub("; found", message)
    return message if len(message) <= _MOST_CHARACTERS else message[:_MOST_CHARACTERS] + "…"


def request_errors(errors: Sequence[GraphQLError], code: str, *, executed: bool = False) -> bytes:
    """Return the body of a request that was not executed, or none of whose fields could be."""
    content = [
        {
            **error.formatted,
            "message": _for_clients(error.message),
            "extensions": {"code": code, **(error.extensions or {})},
        }
        for error in errors
    ]
    return orjson.dumps({"data": None, "errors": content} if executed else {"errors": content})


def finished(
    body: bytes | LargeText,
    errors: Sequence[Mapping[str, Any]],
    extensions: Mapping[str, Any] | None = None,
) -> bytes | LargeBody:
    """Return the rendered ``{"data": …}`` as a whole body, with what comes after its data."""
    tail = ending(errors, extensions)
    if isinstance(body, LargeText):
        return LargeBody((Extract(body, 0, len(body) - 1), tail))
    return body if tail == b"}" else body[:-1] + tail


def ending(
    errors: Sequence[Mapping[str, Any]], extensions: Mapping[str, Any] | None = None
) -> bytes:
    """Return what comes after the data of a response: errors, extensions, the closing brace."""
    tail = b',"errors":' + orjson.dumps(errors) + b"}" if errors else b"}"
    if extensions is not None:
        tail = tail[:-1] + b',"extensions":' + orjson.dumps(extensions) + b"}"
    return tail
