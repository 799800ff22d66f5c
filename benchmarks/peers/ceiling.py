"""Ceiling: what Python can do at best. Reads the request, runs one statement, sends the documents.

It is no GraphQL server: documents go out as they are stored, no field is selected or renamed. Its
free connections are in a list, because a pool's own work and its reset query are not needed here.
"""

from typing import Any

import asyncpg
import orjson

from benchmarks.peers.database import url

# Bytes that are ready to be sent: neither the driver nor we decode the text to encode it again.
USER = "SELECT convert_to(data::text, 'UTF8') FROM tv_user WHERE id = $1"
USERS = """
SELECT convert_to(data::text, 'UTF8') FROM tv_user
WHERE (data->>'active')::boolean AND id > $1 ORDER BY id LIMIT 20
"""
POSTS = "SELECT convert_to(data::text, 'UTF8') FROM tv_post WHERE id > $1 ORDER BY id LIMIT 100"
STATEMENTS = {"Q1": USER, "Q2": USER, "Q3": USERS, "Q4": POSTS}

HEADERS = [(b"content-type", b"application/json")]
free: list["asyncpg.Connection[asyncpg.Record]"] = []


async def answer(body: bytes) -> bytes:
    """Return the documents that the request in ``body`` is about, as one JSON array."""
    request = orjson.loads(body)
    (value,) = request["variables"].values()
    connection = free.pop() if free else await asyncpg.connect(url())
    rows = await connection.fetch(STATEMENTS[request["operationName"]], value)
    free.append(connection)
    return b"[" + b",".join([row[0] for row in rows]) + b"]"


async def app(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one ASGI request."""
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    payload = await answer(body)
    length = (b"content-length", str(len(payload)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": payload})
