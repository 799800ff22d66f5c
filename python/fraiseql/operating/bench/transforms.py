"""Transforms of a stored document, in Python and in Rust."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from fraiseql.naming import to_camel
from fraiseql.native import Shape
from fraiseql.operating.bench.sample import Sample, sample_of

Selection = Mapping[str, Any]

_SELECTION: Final[Selection] = {
    "id": None,
    "first_name": None,
    "last_name": None,
    "email": None,
    "user_posts": {"id": None, "post_title": None},
}
_ID_ONLY: Final[Selection] = {"id": None}


def document() -> bytes:
    """Return a user with ten posts."""
    posts = [{"id": n, "post_title": f"Title {n}"} for n in range(10)]
    user = {"id": 1, "first_name": "First 1", "last_name": "Last 1", "email": "1@example.org"}
    return json.dumps({**user, "user_posts": posts}).encode()


def transform_samples(runs: int) -> dict[str, Sample]:
    """Return the times of both transforms.

    Args:
        runs: Runs of each.
    """
    text = document()
    every, few = Shape(_description(_SELECTION)), Shape(_description(_ID_ONLY))
    method = f"one document of {len(text)} bytes"
    return {
        "python_transform": _timed(lambda: _in_python(text), runs, f"json in Python, {method}"),
        "rust_transform": _timed(lambda: every.render([[[text]]]), runs, f"whole pass, {method}"),
        "rust_selection": _timed(lambda: few.render([[[text]]]), runs, f"one key of {method}"),
        "rust_typename": _timed(
            lambda: every.render([[[text]]]), runs, f"whole pass, which writes it, {method}"
        ),
    }


def _timed(work: Callable[[], object], runs: int, method: str) -> Sample:
    times = []
    for turn in range(-runs // 10, runs):
        start = time.perf_counter()
        work()
        if turn >= 0:
            times.append((time.perf_counter() - start) * 1000)
    return sample_of(times, method)


def _in_python(text: bytes) -> bytes:
    users = [_walked(json.loads(text), _SELECTION, "User")]
    return json.dumps({"data": {"users": users}}, separators=(",", ":")).encode()


def _walked(value: Any, selection: Selection | None, name: str) -> Any:
    """Select, rename and name the type of every object."""
    if selection is None:
        return value
    if isinstance(value, list):
        return [_walked(item, selection, name) for item in value]
    inner = {
        to_camel(key): _walked(item, selection[key], "Post")
        for key, item in value.items()
        if key in selection
    }
    return {"__typename": name, **inner}


def _description(selection: Selection) -> bytes:
    """Return the description of the shape of users."""
    nodes: list[dict[str, Any]] = [{"kind": "leaf", "form": "any", "type": "JSON"}]

    def record(name: str, selected: Selection) -> int:
        fields = []
        for identity, (key, below) in enumerate(selected.items()):
            node = 0 if below is None else many(record("Post", below))
            source = {"name": key}
            written = {"id": identity, "key": to_camel(key), "source": source}
            fields.append({**written, "node": node, "nullable": False})
        nodes.append({"kind": "object", "type": name, "fields": fields})
        return len(nodes) - 1

    def many(item: int) -> int:
        nodes.append({"kind": "list", "item": item, "item_nullable": False})
        return len(nodes) - 1

    users = {
        "id": 9,
        "key": "users",
        "source": {"stream": 0},
        "node": many(record("User", selection)),
    }
    nodes.append({"kind": "object", "type": "Query", "fields": [{**users, "nullable": False}]})
    return json.dumps({"root": len(nodes) - 1, "nodes": nodes}).encode()
