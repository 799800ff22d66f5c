"""Client that runs an application and its lifespan in this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from fraiseql.errors import FraiseQLError
from fraiseql.http.asgi import Message, Receive, Scope, Send

App = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response.

    Attributes:
        status: HTTP status.
        headers: Headers by lower-case name.
        data: ``data`` of the response; None when there is none.
        errors: ``errors`` of the response; empty when there are none.
    """

    status: int
    headers: Mapping[str, str]
    data: dict[str, Any] | None
    errors: tuple[dict[str, Any], ...]


class Client:
    """Sends operations to an ASGI application; used with ``async with``.

    Args:
        app: What ``create_app`` returned, or an application that it is mounted in.
        path: Where GraphQL is served.
        headers: Sent with every operation.

    Raises:
        FraiseQLError: On entering, when the application refuses to start.

    Example:
        ``async with Client(app) as client: answer = await client.execute("{ users { id } }")``
    """

    def __init__(
        self, app: App, *, path: str = "/graphql", headers: Mapping[str, str] | None = None
    ) -> None:
        self._app = app
        self._path = path
        self._headers = dict(headers or {})
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._lifespan: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the application."""
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        run = self._app(scope, self._inbox.get, self._outbox.put)
        self._lifespan = asyncio.ensure_future(run)
        message = await self._say("lifespan.startup")
        if message["type"] == "lifespan.startup.failed":
            await self._lifespan
            raise FraiseQLError(message.get("message", "The application could not start."))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the application."""
        await self._say("lifespan.shutdown")
        if self._lifespan is not None:
            await self._lifespan

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one operation by POST and wait for its answer.

        Args:
            query: Text of the document.
            variables: Values of its variables, as JSON has them.
            operation_name: Which operation, when there are several.
            headers: Sent in addition to the client's.
        """
        content = {"query": query, "variables": variables, "operationName": operation_name}
        body = json.dumps({key: value for key, value in content.items() if value is not None})
        sent = {"content-type": "application/json", "accept": _JSON}
        return await self._post(body.encode(), {**sent, **self._headers, **(headers or {})})

    async def _say(self, kind: str) -> Message:
        await self._inbox.put({"type": kind})
        return await self._outbox.get()

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        exchange = _Exchange(body)
        await self._app(scope, exchange.receive, exchange.send)
        return exchange.answer()


class _Exchange:
    """``receive`` and ``send`` of one request, with the sent messages."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 0
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []

    async def receive(self) -> Message:
        if self._body is None:
            # A waiting client sends nothing more and does not disconnect.
            await asyncio.get_running_loop().create_future()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message["headers"]
            }
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))

    def answer(self) -> Answer:
        content = json.loads(b"".join(self._parts))
        errors = tuple(content.get("errors", ()))
        return Answer(self._status, self._headers, content.get("data"), errors)
