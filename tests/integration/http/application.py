"""Application: a small real one for the tests over HTTP, and a real server for it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import asyncpg
import uvicorn

import fraiseql
from fraiseql.cli.native_server import NativeServer
from fraiseql.cli.server import OPTIONS
from fraiseql.http import Application, HttpRequest
from fraiseql.http.asgi import Receive, Scope, Send

TABLES = """
DROP TABLE IF EXISTS users;
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 20) n;
"""


@fraiseql.type(sql_source="users")
class User:
    """Somebody."""

    id: int
    name: str


@fraiseql.query
async def sleep(info: fraiseql.Info, seconds: float) -> bool:
    """Keep the database busy."""
    await info.context["db"].fetchval("SELECT pg_sleep($1)", seconds)
    return True


@fraiseql.query
def agent(info: fraiseql.Info) -> str | None:
    """Return the client's name of itself."""
    request: HttpRequest = info.context["request"]
    return request.headers.get("user-agent")


@fraiseql.query
def visitor(info: fraiseql.Info) -> str | None:
    """Return the client's name from the context hook."""
    return info.context.get("visitor")


def make_app(database_url: str, **options: Any) -> Application:
    """Return the application on a database that has ``TABLES``."""
    return fraiseql.create_app(
        queries=[
            fraiseql.find_one("user", User, by="id"),
            fraiseql.find("users", User, order_by="id"),
            sleep,
            agent,
            visitor,
        ],
        database_url=database_url,
        **options,
    )


async def prepare(database_url: str) -> None:
    """Make the tables."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(TABLES)
    finally:
        await connection.close()


Asgi = Application | Any

STOP = "/stop"
"""Path at which ``under`` stops the application: since there is no lifespan."""


@contextmanager
def served(app: Asgi, **options: Any) -> Iterator[str]:
    """Serve ``app`` as ``fraiseql serve`` does; its address without a final slash.

    Args:
        app: The application; the native server answers for one that nothing is around.
        options: Options of uvicorn.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # The server says that it has started a moment before it listens by itself.
        listening.listen()
        config = uvicorn.Config(app, log_level="error", **{**OPTIONS, **options})
        server = NativeServer(config)
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            _await_start(server, thread)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
    assert not thread.is_alive(), "the server did not stop"


def _await_start(server: uvicorn.Server, thread: Thread) -> None:
    end = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive(), "the application did not start"
        assert time.monotonic() < end, "the server did not start in time"
        time.sleep(0.01)


def under(prefix: str, app: Application, *, whole_path: bool) -> Asgi:
    """Mount ``app`` as frameworks do: with the mount point left in ``path``, or taken out."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == STOP:
            await app.stop()
            await send({"type": "http.response.start", "status": 204, "headers": []})
            return await send({"type": "http.response.body"})
        inner = dict(scope)
        if scope["type"] == "http":
            inner["root_path"] = prefix
            if not whole_path:
                inner["path"] = scope["path"].removeprefix(prefix)
        return await app(inner, receive, send)

    return outer
