"""HTTP responses, and the headers that all of them have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson

from fraiseql.errors import DatabaseUnavailable, FraiseQLError, InputError, Unauthenticated
from fraiseql.events import Timings
from fraiseql.http.asgi import Send
from fraiseql.http.errors import Headers, HttpError
from fraiseql.http.negotiate import JSON, Media
from fraiseql.http.timing import NONE, server_timing
from fraiseql.serving.response.body import LargeBody
from fraiseql.serving.response.response import Response
from fraiseql.usual_hints import with_usual_hint

_OK: Final = 200
_CHALLENGE: Final = b"www-authenticate"
VARY: Final = (b"vary", b"accept")
NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
FOR_GET: Final = (VARY, NOSNIFF)
"""Headers of a response to a GET, for caches and browsers."""
_METRICS: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
NO_EXTENSIONS: Final[Mapping[str, str]] = {}
_STATUS_OF_CODE: Final = {
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
}


@dataclass(slots=True)
class Reply:
    """One HTTP response.

    Not frozen, which would slow down each request. The headers are a list, since a middleware may
    add to it.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | LargeBody


async def send_reply(send: Send, reply: Reply, *, head: bool = False) -> None:
    """Send ``reply``; for HEAD without its body."""
    start = {"type": "http.response.start", "status": reply.status, "headers": reply.headers}
    await send(start)
    if isinstance(reply.body, LargeBody) and not head:
        await _send_pieces(send, reply.body)
    else:
        await send({"type": "http.response.body", "body": b"" if head else reply.body})


async def _send_pieces(send: Send, body: LargeBody) -> None:
    """Send a large body in pieces; the server waits for the client between them."""
    for piece in body.pieces():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def graphql_reply(
    response: Response, media: Media, timings: Timings, *, extra: Headers = FOR_GET
) -> Reply:
    """Return a GraphQL response as ``media``.

    Args:
        response: The response.
        media: Type of the body.
        timings: Durations of the steps.
        extra: Further headers; each costs the server about a microsecond.
    """
    status = response.status
    if response.cached is not None and response.cached.unchanged:
        return Reply(HTTPStatus.NOT_MODIFIED, [server_timing(timings), *extra], b"")
    length = (b"content-length", b"%d" % len(response.body))
    headers = [media.header, length, server_timing(timings), *extra]
    if status != _OK:
        if status == HTTPStatus.BAD_REQUEST and media.lenient:
            status = _OK
        elif status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append((b"allow", b"POST"))
    return Reply(status, headers, response.body)


def text_reply(lines: Sequence[str], extra: Headers = ()) -> Reply:
    """Return lines in the text format of Prometheus."""
    body = "".join([f"{line}\n" for line in lines]).encode()
    length = (b"content-length", b"%d" % len(body))
    return Reply(_OK, [_METRICS, length, NOSNIFF, *extra], body)


def json_reply(status: int, content: Any, extra: Headers = ()) -> Reply:
    """Return ``content`` as JSON."""
    body = orjson.dumps(content)
    length = (b"content-length", b"%d" % len(body))
    return Reply(status, [JSON.header, length, NOSNIFF, *extra], body)


def error_reply(
    status: int,
    code: str,
    message: str,
    *,
    media: Media = JSON,
    extra: Headers = (),
    extensions: Mapping[str, str] = NO_EXTENSIONS,
) -> Reply:
    """Return a GraphQL error from outside the serving pipeline."""
    content = {"message": message, "extensions": with_usual_hint({"code": code, **extensions})}
    body = orjson.dumps({"errors": [content]})
    length = (b"content-length", b"%d" % len(body))
    return Reply(status, [media.header, length, NONE, VARY, NOSNIFF, *extra], body)


def late_reply(seconds: float, media: Media) -> Reply:
    """Return the reply to a request that took longer than ``seconds``."""
    return error_reply(
        HTTPStatus.GATEWAY_TIMEOUT,
        "REQUEST_TIMEOUT",
        f"The request took longer than {seconds:g} seconds.",
        media=media,
    )


def reply_to_error(
    error: FraiseQLError, media: Media = JSON, extensions: Mapping[str, str] = NO_EXTENSIONS
) -> Reply:
    """Return the reply for an error that may be shown to clients."""
    if isinstance(error, HttpError):
        extra = error.headers
        if error.status == HTTPStatus.UNAUTHORIZED and not any(n == _CHALLENGE for n, _ in extra):
            extra = (*extra, (_CHALLENGE, b"Bearer"))
        return error_reply(error.status, error.code, error.message, media=media, extra=extra)
    status = _status(error)
    challenge = error.challenge if isinstance(error, Unauthenticated) else "Bearer"
    headers = ((_CHALLENGE, challenge.encode()),) if status == HTTPStatus.UNAUTHORIZED else ()
    return error_reply(
        status, error.code, error.message, media=media, extra=headers, extensions=extensions
    )


def may_be_shown(error: FraiseQLError) -> bool:
    """Return whether the message of ``error`` is meant for clients."""
    return isinstance(error, HttpError | InputError | DatabaseUnavailable) or (
        error.code in _STATUS_OF_CODE
    )


def _status(error: FraiseQLError) -> int:
    if isinstance(error, DatabaseUnavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE.value
    return _STATUS_OF_CODE.get(error.code, HTTPStatus.BAD_REQUEST).value
