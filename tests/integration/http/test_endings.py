"""Ends of requests: deadlines, disconnects, unexpected errors and outages."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

import fraiseql
from fraiseql.http import HttpRequest
from tests.integration.http.application import make_app, served

SLEEP = {"query": "{ sleep(seconds: 30) }"}


@contextmanager
def client_of(database_url: str, **options: Any) -> Iterator[httpx.Client]:
    with (
        served(make_app(database_url, **options)) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        yield client


def sleeping(database_url: str) -> int:
    """How many statements sleep on the server."""

    async def count() -> int:
        connection = await asyncpg.connect(database_url)
        try:
            return await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                " AND datname = current_database() AND query LIKE '%pg_sleep($1)%'"
                " AND pid <> pg_backend_pid()"
            )
        finally:
            await connection.close()

    return asyncio.run(count())


def await_sleeping(database_url: str, expected: int) -> None:
    """Wait until that many statements sleep; far less long than they would by themselves."""
    end = time.monotonic() + 60
    while (count := sleeping(database_url)) != expected:
        assert time.monotonic() < end, f"{count} statements sleep instead of {expected}"
        time.sleep(0.05)


def test_the_deadline_ends_the_request_and_its_statement(tables: str) -> None:
    with client_of(tables, request_timeout=0.5) as client:
        answer = client.post("/graphql", json=SLEEP)
        assert answer.status_code == 504
        assert answer.json()["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"
        await_sleeping(tables, 0)
        assert client.post("/graphql", json={"query": "{ users { id } }"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_client_that_leaves_cancels_its_statement(tables: str, method: str) -> None:
    body = json.dumps(SLEEP) if method == "POST" else ""
    path = "/graphql" if method == "POST" else "/graphql?query=" + quote(SLEEP["query"])
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    with served(make_app(tables)) as address:
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
            await_sleeping(tables, 1)
        await_sleeping(tables, 0)
        answer = httpx.post(f"{address}/graphql", json={"query": "{ user(id: 1) { id } }"})
        assert answer.json() == {"data": {"user": {"id": 1}}}


def test_a_body_that_never_ends_is_given_up_at_the_deadline(tables: str) -> None:
    start = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with served(make_app(tables, request_timeout=0.3)) as address:
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(start + b'Content-Length: 100\r\n\r\n{"query": ')
            assert b" 504 " in connection.recv(4096).splitlines()[0]


def test_an_unforeseen_error_is_logged_and_not_shown(
    tables: str, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(request: HttpRequest) -> dict[str, Any]:
        raise ValueError("the secret")

    with caplog.at_level(logging.ERROR, "fraiseql"), client_of(tables, context=hook) as client:
        answer = client.post("/graphql", json=SLEEP)
    assert answer.status_code == 500
    (error,) = answer.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (
        "Internal server error",
        "INTERNAL_ERROR",
    )
    assert error["extensions"]["id"] in caplog.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the secret"
    assert record.exc_info[2] is not None


def test_debug_shows_an_unforeseen_error(tables: str) -> None:
    def hook(request: HttpRequest) -> dict[str, Any]:
        raise ValueError("the secret")

    with client_of(tables, context=hook, debug=True) as client:
        assert "the secret" in client.post("/graphql", json=SLEEP).text


def test_the_context_hook_adds_to_the_context_or_refuses(tables: str) -> None:
    async def hook(request: HttpRequest) -> dict[str, Any]:
        await asyncio.sleep(0)
        token = request.headers.get("authorization")
        if token is None:
            raise fraiseql.FraiseQLError("Sign in first.", code="UNAUTHENTICATED")
        return {"visitor": token.removeprefix("Bearer ")}

    with client_of(tables, context=hook) as client:
        query = {"query": "{ visitor agent }"}
        headers = {"authorization": "Bearer ada", "user-agent": "test"}
        answer = client.post("/graphql", json=query, headers=headers)
        assert answer.json() == {"data": {"visitor": "ada", "agent": "test"}}
        refused = client.post("/graphql", json=query)
        assert refused.status_code == 401
        assert refused.json()["errors"][0]["message"] == "Sign in first."


def test_health_and_readiness(client: httpx.Client) -> None:
    for path, content in (("/health", {"status": "ok"}), ("/ready", {"status": "ready"})):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, content)
        assert answer.headers["cache-control"] == "no-store"
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == answer.headers["content-length"]
        assert client.post(path).status_code == 405


def test_without_its_database_the_process_lives_but_is_not_ready() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody:s3cret@127.0.0.1:{closed.getsockname()[1]}/none"
        app = make_app(url, connect_timeout=1)
        # As in a mounted application, nothing is started before the first request.
        with (
            served(app, lifespan="off") as address,
            httpx.Client(base_url=address, timeout=20) as client,
        ):
            assert client.get("/health").status_code == 200
            assert client.get("/ready").status_code == 503
            answer = client.post("/graphql", json=SLEEP)
            assert answer.status_code == 503
            assert answer.json()["errors"][0]["extensions"]["code"] == "DATABASE_UNAVAILABLE"
            assert "s3cret" not in answer.text


def test_where_nothing_could_be_answered_the_status_is_503(
    tables: str, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"pool_size": 1, "connect_timeout": 0.1, "request_timeout": 2.0}
    with client_of(tables, **options) as client:
        occupying = threading.Thread(target=client.post, args=["/graphql"], kwargs={"json": SLEEP})
        occupying.start()
        await_sleeping(tables, 1)
        query = {"query": "{ __typename user(id: 1) { id } other: user(id: 2) { id } }"}
        for accept in ("application/json", "application/graphql-response+json"):
            answer = client.post("/graphql", json=query, headers={"accept": accept})
            assert (answer.status_code, answer.json()["data"]) == (503, None)
            assert [error["path"] for error in answer.json()["errors"]] == [["user"], ["other"]]
            for error in answer.json()["errors"]:
                assert error["extensions"]["code"] == "DATABASE_UNAVAILABLE"
                assert caplog.text.count(error["extensions"]["id"]) == 1
        # A field without the database is answered, and so is the request.
        partly = client.post("/graphql", json={"query": "{ agent user(id: 1) { id } }"})
        assert (partly.status_code, partly.json()["data"]["user"]) == (200, None)
        occupying.join()
