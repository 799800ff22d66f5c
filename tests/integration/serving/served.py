"""An application's service on a real database, for synchronous tests."""

import asyncio
import json
import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import asyncpg

import fraiseql
from fraiseql.events import Timings
from fraiseql.serving import Request, Service
from fraiseql.usual_hints import HINTS

T = TypeVar("T")

_ID: Final = re.compile(rb',"id":"\w{8}"(?=\}\})')


class Served:
    """A started service with a loop of its own.

    Args:
        url: Address of the database.
        **options: Arguments of ``create_app``.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.app = fraiseql.create_app(database_url=url, **options)
        self.service: Service = self.app.service
        self.loop = asyncio.new_event_loop()

    def run(self, work: Awaitable[T]) -> T:
        """Run on the service's own loop."""
        return self.loop.run_until_complete(work)

    def execute(self, sql: str) -> None:
        """Run SQL as the database's owner, on a connection of its own."""
        self.run(execute(self.url, sql))

    def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Return rows as the driver gives them, on a connection of its own."""
        return self.run(fetch(self.url, sql, args))

    async def respond(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        **request: Any,
    ) -> bytes:
        """Return the body of the response."""
        operation = Request(query, variables=variables, **request)
        response = await self.service.execute(operation, dict(context or {}), Timings())
        return bytes(response.body)

    def body(self, query: str, variables: Mapping[str, Any] | None = None, **more: Any) -> bytes:
        """Return the body of the response."""
        return self.run(self.respond(query, variables, **more))

    def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the decoded response."""
        answer: dict[str, Any] = json.loads(self.body(query, variables, **more))
        return answer

    def data(self, query: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return the data of a response that must have no errors."""
        answer = self.ask(query, variables, **more)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, query: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return the one error of a response."""
        answer = self.ask(query, variables, **more)
        assert len(answer.get("errors", ())) == 1, answer
        return answer["errors"][0]

    def close(self) -> None:
        """Stop the service."""
        self.run(self.service.stop())
        self.loop.close()


def hinted(code: str, path: Sequence[str | int] = ()) -> dict[str, Any]:
    """Return the extensions of an error with the usual hint and the place of a value."""
    place = {"input": list(path)} if path else {}
    return {"code": code, **place, "hint": HINTS[code]}


def unnumbered(body: bytes) -> bytes:
    """Return a body without the ids of its errors, which are random."""
    return _ID.sub(b"", body)


async def execute(url: str, sql: str) -> None:
    """Run SQL on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def fetch(url: str, sql: str, args: Any = ()) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(sql, *args)]
    finally:
        await connection.close()


@contextmanager
def served(url: str, sql: str = "", **options: Any) -> Iterator[Served]:
    """Serve an application on a database where ``sql`` has run."""
    application = Served(url, **options)
    try:
        if sql:
            application.execute(sql)
        application.run(application.service.start())
        yield application
    finally:
        application.close()
