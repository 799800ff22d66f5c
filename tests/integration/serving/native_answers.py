"""Answers of Python and of the native engine to the same requests."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from fraiseql.http import Application
from fraiseql.native import Engine

JSON = {"content-type": "application/json"}
VARYING = {b"server-timing", b"date"}
"""Headers that differ."""


class Answers:
    """An application, and the engine that it hands plans over to."""

    def __init__(self, app: Application, engine: Engine) -> None:
        self.app, self.engine = app, engine
        transport = httpx.ASGITransport(app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://test")

    async def python(self, request: httpx.Request) -> httpx.Response:
        """Return Python's answer."""
        return await self.client.send(request)

    async def native(self, request: httpx.Request) -> tuple[int, Any, bytes] | None:
        """Return the engine's answer; None if it leaves the request to Python."""
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        query = request.url.query
        return await asyncio.to_thread(
            self.engine.answer, request.method, query, headers, request.content
        )

    def post(self, query: str, variables: Any = None) -> httpx.Request:
        """Return a request."""
        content = json.dumps({"query": query, "variables": variables})
        return self.client.build_request("POST", "/graphql", content=content, headers=JSON)

    async def first(self, query: str, variables: Any = None) -> None:
        """Have Python plan an operation."""
        response = await self.python(self.post(query, variables))
        assert "errors" not in response.json()

    async def same(self, request: httpx.Request) -> bool:
        """Whether the engine answers; then both have the same status, body and headers."""
        expected, answer = await self.python(request), await self.native(request)
        if answer is None:
            return False
        status, headers, body = answer
        assert (status, body) == (expected.status_code, expected.content)
        names = [(name.lower(), value) for name, value in expected.headers.raw]
        assert [pair for pair in headers if pair[0] not in VARYING] == [
            pair for pair in names if pair[0] not in VARYING
        ]
        return True


@asynccontextmanager
async def answering(app: Application) -> AsyncIterator[Answers]:
    """Start an application with an engine."""
    # Engines of earlier tests hold their connections until they are collected.
    gc.collect()
    engine = Engine()
    app.serve_natively(engine)
    await app.start()
    try:
        yield Answers(app, engine)
    finally:
        await app.stop()
