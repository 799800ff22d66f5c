"""Upper bound for a Python server: one statement, documents sent as stored.

It is no GraphQL server: no field is selected or renamed. Free connections are in a list: a pool
would add its own work and a reset query.
"""

from typing import Any

import asyncpg
import orjson

from benchmarks.peers.database import url

# Bytes ready to send: no text is decoded and encoded again.
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
    """Return the requested documents as one JSON array."""
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
