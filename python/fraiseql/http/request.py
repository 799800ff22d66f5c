"""Requests: from the body or the query string to one GraphQL request.

Everything malformed is refused here, with a message that says what to send.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson

from fraiseql.http.asgi import Receive
from fraiseql.http.errors import HttpError, bad_request, too_large
from fraiseql.http.persisted import PersistedQueries
from fraiseql.native import check_json
from fraiseql.serving.request import Request
from fraiseql.values import ExactFloat

_PARAMETERS = frozenset({"query", "operationName", "variables", "extensions"})
_MOST_PARAMETERS = 100
_LONG_NUMBER = re.compile(rb"[0-9.]{16}|[:,\[\s]-?[0-9][0-9.]*[eE][+-]?[0-9]{3}")
"""Where a number may have more digits, or a larger exponent, than a float holds."""


class ClientGone(Exception):  # noqa: N818 - an event, not a fault
    """The client went away while its body was being read."""


async def read_body(receive: Receive, declared: bytes | None, limit: int) -> bytes:
    """Read the whole body.

    Args:
        receive: The ASGI callable.
        declared: The ``Content-Length`` header, if any.
        limit: Most bytes that are read.

    Raises:
        HttpError: The body is, or is declared to be, larger than ``limit``.
        ClientGone: The client left before the end.
    """
    if declared is not None and not (declared.isdigit() and int(declared) <= limit):
        raise too_large(limit) if declared.isdigit() else bad_request("Content-Length is wrong.")
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
    """Decode a JSON body into the request that it holds.

    Args:
        body: The body.
        persisted: Documents that clients name by a digest; None for none.

    Raises:
        HttpError: It is not JSON, or a part has the wrong type.
    """
    try:
        content = decoded(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The body is not JSON{_place(error)}.") from error
    if type(content) is not dict:
        raise _not_an_object(content)
    return _request(content, persisted, read_only=False)


def decoded(text: bytes) -> Any:
    """Decode JSON; numbers keep their digits where a float or 64 bits would not hold them.

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
        # More digits than Python reads, or more depth: no such value is taken anyway.
        return content


def _beyond_floats(text: bytes, error: orjson.JSONDecodeError) -> Any:
    """Decode what may be JSON all the same: a number beyond every float is refused like bad JSON.

    Raises:
        orjson.JSONDecodeError: It is not JSON.
    """
    try:
        check_json(text)
        content = json.loads(text, parse_float=_number)
        # Half of a surrogate pair is no text.
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise error from None
    return content


def _number(text: str) -> float:
    number = float(text)
    try:
        held = Decimal(repr(number)) == Decimal(text)
    except InvalidOperation:
        held = False
    return number if held else ExactFloat(text)


def from_query_string(
    query_string: bytes, limit: int, persisted: PersistedQueries | None = None
) -> Request:
    """Decode the query string of a GET into the request that it holds.

    Args:
        query_string: As it was sent.
        limit: Most bytes of it.
        persisted: Documents that clients name by a digest; None for none.

    Raises:
        HttpError: A parameter is given twice, is not text in UTF-8, or has the wrong type.
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
            raise bad_request(f"The parameter {name!r} is given more than once.")
        if name in _PARAMETERS:
            content[name] = value
    for name in ("variables", "extensions"):
        if name in content:
            content[name] = _decoded(name, content[name])
    return _request(content, persisted, read_only=True)


def _parameters(query_string: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise bad_request(
            f"The query string is not URL-encoded UTF-8 of at most {_MOST_PARAMETERS} parameters."
        ) from error


def _decoded(name: str, text: str) -> Any:
    try:
        return decoded(text.encode()) if text else None
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The parameter {name!r} is not JSON{_place(error)}.") from error


def _place(error: orjson.JSONDecodeError) -> str:
    # What the parser says of it is not for clients.
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
        raise bad_request("There is no 'query': send the GraphQL document as a string.")
    # An empty name is a client's way of giving none.
    return Request(query, operation_name or None, variables, read_only)


def _wrong(name: str, wanted: str, value: Any) -> HttpError:
    return bad_request(f"{name!r} must be {wanted}, not {_kind(value)}.")


def _not_an_object(content: Any) -> HttpError:
    if type(content) is list:
        return bad_request("Batches are not supported: send one request as a JSON object.")
    return bad_request(f"The body must be a JSON object, not {_kind(content)}.")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")
