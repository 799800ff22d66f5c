"""Parsing of request bodies and query strings."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson

from fraiseql.bounded import Bounded
from fraiseql.http.asgi import Receive
from fraiseql.http.errors import HttpError, bad_request, too_large
from fraiseql.http.persisted import PersistedQueries
from fraiseql.native import check_json
from fraiseql.serving.document.request import Request
from fraiseql.values import ExactFloat

_PARAMETERS = frozenset({"query", "operationName", "variables", "extensions"})
_MOST_PARAMETERS = 100
_DOCUMENT = "query="
_documents: Bounded[str, list[tuple[str, str]]] = Bounded(1_000, 1_000_000)
_LONG_NUMBER = re.compile(rb"[0-9.]{16}|[:,\[\s]-?[0-9][0-9.]*[eE][+-]?[0-9]{3}")
"""A number that may have more digits, or a larger exponent, than a float."""


class ClientGone(Exception):  # noqa: N818 - an event, not a fault
    """The client disconnected while its body was read."""


async def read_body(receive: Receive, declared: bytes | None, limit: int) -> bytes:
    """Read the whole body.

    Args:
        receive: The ASGI callable.
        declared: The ``Content-Length`` header, if any.
        limit: Maximum bytes.

    Raises:
        HttpError: The body is, or is declared to be, larger than ``limit``.
        ClientGone: The client disconnected before the end.
    """
    if declared is not None and not (declared.isdigit() and int(declared) <= limit):
        raise (
            too_large(limit)
            if declared.isdigit()
            else bad_request("Content-Length must be a number.")
        )
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        if not message.get("more_body", False):
            return b"".join([*chunks, chunk]) if chunks else chunk
        chunks.append(chunk)


def from_body(body: bytes, persisted: PersistedQueries | None = None) -> Request:
    """Parse a JSON body.

    Args:
        body: The body.
        persisted: Persisted queries; None if they are not supported.

    Raises:
        HttpError: It is not JSON, or a member has the wrong type.
    """
    try:
        content = decoded(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The body is not JSON{_place(error)}.") from error
    if type(content) is not dict:
        raise _not_an_object(content)
    return _request(content, persisted, read_only=False)


def decoded(text: bytes) -> Any:
    """Decode JSON; numbers that do not fit a float or 64 bits keep their digits.

    Raises:
        orjson.JSONDecodeError: It is not JSON.
    """
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _beyond_floats(text, error)
    if _LONG_NUMBER.search(text) is None:
        return content
    try:
        return json.loads(text, parse_float=_number)
    except (ValueError, RecursionError):
        # More digits or more depth than Python reads: such a value is refused later.
        return content


def _beyond_floats(text: bytes, error: orjson.JSONDecodeError) -> Any:
    """Decode JSON with numbers beyond the range of floats, which orjson refuses.

    Raises:
        orjson.JSONDecodeError: It is not JSON.
    """
    try:
        check_json(text)
        content = json.loads(text, parse_float=_number)
        # Refuses half of a surrogate pair.
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise error from None
    return content


def _number(text: str) -> float:
    number = float(text)
    try:
        is_exact = Decimal(repr(number)) == Decimal(text)
    except InvalidOperation:
        is_exact = False
    return number if is_exact else ExactFloat(text)


def from_query_string(
    query_string: bytes, limit: int, persisted: PersistedQueries | None = None
) -> Request:
    """Parse the query string of a GET.

    Args:
        query_string: The raw query string.
        limit: Maximum bytes.
        persisted: Persisted queries; None if they are not supported.

    Raises:
        HttpError: A parameter is repeated, is not UTF-8, or has the wrong type.
    """
    if len(query_string) > limit:
        raise HttpError(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            "REQUEST_TOO_LARGE",
            f"The query string is larger than {limit} bytes.",
        )
    content: dict[str, Any] = {}
    for name, value in _parameters(query_string):
        if name in content:
            raise bad_request(f"The parameter {name!r} appears more than once.")
        if name in _PARAMETERS:
            content[name] = value
    for name in ("variables", "extensions"):
        if name in content:
            content[name] = _decoded(name, content[name])
    return _request(content, persisted, read_only=True)


def _parameters(query_string: bytes) -> list[tuple[str, str]]:
    try:
        pieces = query_string.decode("ascii").split("&")
        if len(pieces) > _MOST_PARAMETERS:
            raise ValueError("too many parameters")
        return [pair for piece in pieces for pair in _piece(piece)]
    except ValueError as error:
        raise bad_request(
            f"The query string is not URL-encoded UTF-8 of at most {_MOST_PARAMETERS} parameters."
        ) from error


def _piece(text: str) -> list[tuple[str, str]]:
    """Return the parameter of a piece of a query string; none for an empty piece.

    Documents repeat, and decoding one takes as long as all else for an answer from memory.
    """
    if not text.startswith(_DOCUMENT):
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    pairs = _documents.get(text)
    if pairs is None:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
        _documents.put(text, pairs, 2 * len(text))
    return pairs


def _decoded(name: str, text: str) -> Any:
    try:
        return decoded(text.encode()) if text else None
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The parameter {name!r} is not JSON{_place(error)}.") from error


def _place(error: orjson.JSONDecodeError) -> str:
    # The message of the parser is not for clients.
    return f": see line {error.lineno}, column {error.colno}"


def _request(
    content: Mapping[str, Any], persisted: PersistedQueries | None, *, read_only: bool
) -> Request:
    query = content.get("query")
    if query is not None and type(query) is not str:
        raise _wrong("query", "a string", query)
    variables = content.get("variables")
    if variables is not None and type(variables) is not dict:
        raise _wrong("variables", "an object", variables)
    operation_name = content.get("operationName")
    if operation_name is not None and type(operation_name) is not str:
        raise _wrong("operationName", "a string", operation_name)
    extensions = content.get("extensions")
    if extensions is not None and type(extensions) is not dict:
        raise _wrong("extensions", "an object", extensions)
    if persisted is not None and extensions:
        query = persisted.document(query, extensions)
    if query is None:
        raise bad_request("'query' is missing: send the GraphQL document as a string.")
    # Some clients send an empty name for none.
    return Request(query, operation_name or None, variables, read_only)


def _wrong(name: str, expected: str, value: Any) -> HttpError:
    return bad_request(f"{name!r} must be {expected}, not {_kind(value)}.")


def _not_an_object(content: Any) -> HttpError:
    if type(content) is list:
        return bad_request("Batches are not supported: send one request as a JSON object.")
    return bad_request(f"The body must be a JSON object, not {_kind(content)}.")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")
