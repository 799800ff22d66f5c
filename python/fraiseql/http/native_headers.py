"""Headers of requests and responses, for the native server."""

from collections.abc import Mapping
from typing import Final

import orjson

from fraiseql.http.negotiate import JSON, Accepted
from fraiseql.http.reply import FOR_GET, late_reply
from fraiseql.native import Engine
from fraiseql.settings import Settings

_MOST: Final = 256


class NativeHeaders:
    """Tells an engine how Python reads the headers of requests.

    Rust compares headers with those that Python has read before, and reads none of them.

    Args:
        engine: The engine.
        settings: Settings of the application.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._graphiql = settings.graphiql
        self._learned: set[tuple[bytes | None, bytes | None]] = set()
        late = late_reply(settings.request_timeout, JSON)
        content = {
            "max_body_bytes": settings.max_body_bytes,
            "most_plans": settings.document_cache_size,
            "most_plan_bytes": settings.native_plan_bytes,
            "request_seconds": settings.request_timeout,
            "late_body": bytes(late.body).decode(),
            "late_headers": _texts(late.headers[2:]),
            "get_headers": _texts(FOR_GET),
        }
        engine.configure(orjson.dumps(content))

    def learn(self, headers: Mapping[bytes, bytes], accepted: Accepted, *, read_only: bool) -> None:
        """Report the headers of a request that is well-formed.

        Args:
            headers: Headers of the request.
            accepted: The meaning of its ``Accept``.
            read_only: Whether it is a GET, whose ``Content-Type`` was not read.
        """
        accept = headers.get(b"accept")
        content_type = None if read_only else headers.get(b"content-type")
        pair = (accept, content_type)
        if pair in self._learned or len(self._learned) >= _MOST:
            return
        self._learned.add(pair)
        # A GET that prefers a page gets GraphiQL.
        if accepted.media is not None and not accepted.html:
            self._engine.accept(accept, accepted.media.header[1])
        if content_type is not None:
            self._engine.json(content_type)


def _texts(
    headers: "tuple[tuple[bytes, bytes], ...] | list[tuple[bytes, bytes]]",
) -> list[list[str]]:
    return [[name.decode(), value.decode()] for name, value in headers]
