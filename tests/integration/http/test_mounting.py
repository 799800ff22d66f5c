"""Mounting below another application, without lifespan, and other protocols."""

from typing import Any

import httpx
import pytest

from fraiseql.http.asgi import Message, Receive, Scope, Send
from tests.integration.http.application import STOP, make_app, served, under

QUERY = {"query": "{ user(id: 1) { name } }"}
ANSWER = {"data": {"user": {"name": "user 1"}}}


@pytest.mark.parametrize("whole_path", [True, False])
def test_mounted_by_a_framework(tables: str, whole_path: bool) -> None:
    app = make_app(tables)
    with served(under("/api", app, whole_path=whole_path), lifespan="off") as address:
        for path in ("/api/graphql", "/api/", "/api"):
            assert httpx.post(address + path, json=QUERY).json() == ANSWER
        assert httpx.get(address + "/api/health").status_code == 200
        assert httpx.get(address + "/api/nothing").status_code == 404
        page = httpx.get(address + "/api/graphql", headers={"accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        # On the loop that its connections belong to: no other may close them.
        assert httpx.get(address + STOP).status_code == 204


def test_below_a_middleware_that_adds_headers(tables: str) -> None:
    app = make_app(tables)

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-added", b"1"))
            await send(message)

        await app(scope, receive, send_more)

    html = {"accept": "text/html"}
    with served(outer) as address, httpx.Client(base_url=address) as client:
        for _ in range(2):
            tag = client.get("/graphql/static/plain.js").headers["etag"]
            for answer in (
                client.post("/graphql", json=QUERY),
                client.post("/graphql", content=b"x"),
                client.get("/graphql", headers=html),
                client.get("/graphql/static/plain.js"),
                client.get("/graphql/static/plain.js", headers={"if-none-match": tag}),
                client.get("/health"),
                client.get("/nothing"),
            ):
                assert answer.headers["x-added"] == "1", answer


def test_another_path(tables: str) -> None:
    with served(make_app(tables, path="/v1/query")) as address:
        assert httpx.post(address + "/v1/query", json=QUERY).json() == ANSWER
        assert httpx.post(address + "/graphql", json=QUERY).status_code == 404


async def converse(app: Any, scope: Scope, *messages: Message) -> list[Message]:
    """Run one ASGI connection and return the sent messages."""
    incoming, sent = list(messages), list[Message]()

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def test_the_lifespan_starts_and_stops(tables: str) -> None:
    sent = await converse(
        make_app(tables),
        {"type": "lifespan"},
        {"type": "lifespan.startup"},
        {"type": "lifespan.shutdown"},
    )
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


async def test_a_failed_start_is_reported_to_the_server(database: str) -> None:
    wrong = database.replace("fql_", "missing_")
    sent = await converse(make_app(wrong), {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert sent[0]["message"]


async def test_a_websocket_is_refused(tables: str) -> None:
    scope = {"type": "websocket", "path": "/graphql", "headers": []}
    sent = await converse(make_app(tables), scope, {"type": "websocket.connect"})
    assert sent == [{"type": "websocket.close", "code": 1008}]
