"""Transforms of stored documents into a response.

Reads ``{"documents": [...], "factors": [...], "seconds": s}`` and prints times of each transform.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson

import fraiseql_rs

Selection = Mapping[str, Any]
SELECTION: Selection = {
    "id": None,
    "title": None,
    "views": None,
    "created_at": None,
    "author": {"id": None, "first_name": None, "last_name": None},
    "comments": {"id": None, "body": None, "created_at": None},
}


@cache
def camel_case(name: str) -> str:
    """Return ``name`` as GraphQL writes it."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def walked(value: Any, selection: Selection | None) -> Any:
    """Select and rename generically: visit every key of every object."""
    if selection is None:
        return value
    if isinstance(value, list):
        return [walked(item, selection) for item in value]
    if isinstance(value, dict):
        return {
            camel_case(key): walked(item, selection[key])
            for key, item in value.items()
            if key in selection
        }
    return value


def with_json(documents: list[bytes]) -> bytes:
    """Read with the standard library, walk the tree, write with the standard library."""
    posts = [walked(json.loads(document), SELECTION) for document in documents]
    return json.dumps({"data": {"posts": posts}}, separators=(",", ":")).encode()


Plan = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str, Any], ...]]


def planned(selection: Selection) -> Plan:
    """Return the leaves (out, in) and the objects (out, in, plan) of ``selection``."""
    leaves = tuple((camel_case(key), key) for key, below in selection.items() if below is None)
    objects = tuple(
        (camel_case(key), key, planned(below))
        for key, below in selection.items()
        if below is not None
    )
    return leaves, objects


PLAN = planned(SELECTION)


def selected(source: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Select and rename by ``plan``: visit only the selected keys."""
    leaves, objects = plan
    result = {key: source[name] for key, name in leaves}
    for key, name, below in objects:
        value = source[name]
        if value.__class__ is list:
            result[key] = [selected(item, below) for item in value]
        else:
            result[key] = selected(value, below)
    return result


def with_orjson(documents: list[bytes]) -> bytes:
    """Read with orjson, select by a precomputed plan, write with orjson."""
    posts = [selected(orjson.loads(document), PLAN) for document in documents]
    return orjson.dumps({"data": {"posts": posts}})


def description() -> bytes:
    """Return the description of the shape of Q4."""
    nodes: list[dict[str, Any]] = []

    def leaf(form: str) -> int:
        nodes.append({"kind": "leaf", "form": form, "type": form})
        return len(nodes) - 1

    def source(name: str, node: int, identity: int) -> dict[str, Any]:
        key, read = camel_case(name), {"name": name}
        return {"id": identity, "key": key, "source": read, "node": node, "nullable": False}

    def record(name: str, fields: list[tuple[str, int]]) -> int:
        written = [source(key, node, identity) for identity, (key, node) in enumerate(fields)]
        nodes.append({"kind": "object", "type": name, "fields": written})
        return len(nodes) - 1

    def many(item: int) -> int:
        nodes.append({"kind": "list", "item": item, "item_nullable": False})
        return len(nodes) - 1

    integer, text, instant = leaf("Int"), leaf("String"), leaf("string")
    author = record("Author", [("id", integer), ("first_name", text), ("last_name", text)])
    comment = record("Comment", [("id", integer), ("body", text), ("created_at", instant)])
    post = record(
        "Post",
        [
            *(("id", integer), ("title", text), ("views", integer), ("created_at", instant)),
            *(("author", author), ("comments", many(comment))),
        ],
    )
    field = {"id": 9, "key": "posts", "source": {"stream": 0}, "node": many(post)}
    nodes.append({"kind": "object", "type": "Query", "fields": [{**field, "nullable": False}]})
    return json.dumps({"root": len(nodes) - 1, "nodes": nodes}).encode()


SHAPE = fraiseql_rs.Shape(description())


def with_shape(documents: list[bytes]) -> bytes:
    """Render with the compiled shape; of a large response, return the first piece."""
    response, errors, missing = SHAPE.render([[documents]])
    if errors or missing:
        raise ValueError((errors, missing))
    return response if isinstance(response, bytes) else response.piece(0, 1)


TRANSFORMS: Mapping[str, Callable[[list[bytes]], bytes]] = {
    "json": with_json,
    "orjson": with_orjson,
    "shape": with_shape,
}


def timed(
    transform: Callable[[list[bytes]], bytes],
    documents: list[bytes],
    seconds: float,
) -> Any:
    """Return median and least processor time of a call, in ms, and how many calls were timed.

    Processor time: nothing waits, and others may use the machine.
    """
    transform(documents)
    times: list[float] = []
    until = time.thread_time() + seconds
    while (started := time.thread_time()) < until or len(times) < 5:
        transform(documents)
        times.append(time.thread_time() - started)
    return {
        "median_ms": statistics.median(times) * 1e3,
        "least_ms": min(times) * 1e3,
        "calls": len(times),
    }


def measured(documents: list[bytes], factors: list[int], seconds: float) -> dict[str, Any]:
    """Return times of every transform with the documents repeated ``factors`` times."""
    answers = [json.loads(transform(documents)) for transform in TRANSFORMS.values()]
    if any(answer != answers[0] for answer in answers):
        raise ValueError("The transforms do not agree.")
    gc.freeze()
    times = {
        str(factor): {
            name: timed(transform, documents * factor, seconds)
            for name, transform in TRANSFORMS.items()
        }
        for factor in factors
    }
    sizes = {"bytes_in": sum(map(len, documents)), "bytes_out": len(with_shape(documents))}
    return {"documents": len(documents), **sizes, "times": times}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    texts = [text.encode() for text in task["documents"]]
    json.dump(measured(texts, task["factors"], task["seconds"]), sys.stdout)
