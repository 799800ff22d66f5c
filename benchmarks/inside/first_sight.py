"""Time of the first request of an operation.

Reads ``{"operations": [{"name", "body"}], "samples": n}`` and prints times of first and later
requests. The process is warm (modules imported, code run), and so is the schema: the other
operations were answered before. Application, caches and connections are new for every sample.
"""

import asyncio
import gc
import json
import re
import statistics
import sys
import time
from typing import Any

import uvloop

from benchmarks.peers.fraiseql_documents import application

LATER = 20


async def request(app: Any, body: bytes) -> tuple[float, dict[str, float]]:
    """Return milliseconds from request to answer, and the steps that Server-Timing names."""
    messages: list[Any] = []
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [*headers, (b"host", b"localhost"), (b"accept", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return pending.pop() if pending else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        messages.append(message)

    started = time.perf_counter()
    await app(scope, receive, send)
    took = (time.perf_counter() - started) * 1e3
    if messages[0]["status"] != 200:
        raise ValueError(messages)
    timing = dict(messages[0]["headers"])[b"server-timing"].decode()
    return took, {name: float(ms) for name, ms in re.findall(r"(\w+);dur=([\d.]+)", timing)}


async def lifespan(app: Any, events: asyncio.Queue[str], states: asyncio.Queue[str]) -> None:
    """Start and stop the application."""

    async def receive() -> Any:
        return {"type": f"lifespan.{await events.get()}"}

    async def send(message: Any) -> None:
        await states.put(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)


async def sample(body: bytes, others: list[bytes]) -> dict[str, Any]:
    """Return the first request's time and steps, and the median time of later ones."""
    app = application()
    events: asyncio.Queue[str] = asyncio.Queue()
    states: asyncio.Queue[str] = asyncio.Queue()
    life = asyncio.create_task(lifespan(app, events, states))
    await events.put("startup")
    if (state := await states.get()) != "lifespan.startup.complete":
        raise ValueError(state)
    for other in others * 2:
        await request(app, other)
    gc.collect()  # The request must not pay for garbage of the set-up.
    first, steps = await request(app, body)
    later = [await request(app, body) for _ in range(LATER)]
    await events.put("shutdown")
    await life
    return {"first_ms": first, "later_ms": statistics.median(ms for ms, _ in later), "steps": steps}


async def measured(task: dict[str, Any]) -> dict[str, Any]:
    """Return samples for each operation; they take turns."""
    bodies = {each["name"]: each["body"].encode() for each in task["operations"]}
    samples_by_name: dict[str, list[Any]] = {name: [] for name in bodies}
    for number in range(task["samples"] + 1):
        for name, body in bodies.items():
            others = [other for other in bodies.values() if other != body]
            measured_sample = await sample(body, others)
            if number:  # The very first samples also pay for one-time work of the process.
                samples_by_name[name].append(measured_sample)
    return samples_by_name


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(runner.run(measured(json.load(sys.stdin))), sys.stdout)
