"""Fingerprint: how a root field is answered, so that another version of it has other entries.

What a request asks for is in the canonical text. Here is the rest: limits and orders that are
declared, SQL, names and forms of fields, the code of Python functions.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from inspect import unwrap
from types import CodeType
from typing import Any

import orjson

from fraiseql.serving.execution.run import CompiledKeptRoot, CompiledPlan
from fraiseql.serving.planning.plan import PythonRoot, SqlRoot


def fingerprint(compiled: CompiledPlan) -> str:
    """Return 32 hexadecimal digits for the plan of one root field."""
    digest = sha256()
    for line in _lines(compiled):
        digest.update(line)
        digest.update(b"\n")
    return digest.hexdigest()[:32]


def _lines(compiled: CompiledPlan) -> Iterator[bytes]:
    shape = compiled.plan.shape
    # The root's node has the response key, and ids are numbers within the whole operation.
    nodes = [node for number, node in enumerate(shape["nodes"]) if number != shape["root"]]
    yield orjson.dumps([_without_ids(node) for node in nodes])
    for statement in compiled.sql:
        yield statement.query.text.encode()
        if isinstance(statement, CompiledKeptRoot):
            yield str(statement.kept.source.source.freshness).encode()
    for root in compiled.plan.roots:
        if isinstance(root, SqlRoot):
            yield f"{root.query.limit} {root.max_limit}".encode()
        elif isinstance(root, PythonRoot):
            yield from _code(root.definition.function)
    for step in compiled.plan.computed.values():
        yield f"{step.parent}.{step.definition.name}{step.needs}".encode()
        if step.definition.computed is not None:
            yield from _code(step.definition.computed.function)


def _without_ids(node: dict[str, Any]) -> dict[str, Any]:
    fields = node.get("fields")
    if fields is None:
        return node
    return {**node, "fields": [{**field, "id": 0} for field in fields]}


def _code(function: Callable[..., Any] | None) -> Iterator[bytes]:
    """Yield what a function does; what other functions do that it calls is not in it."""
    code = getattr(unwrap(function), "__code__", None) if function is not None else None
    if isinstance(code, CodeType):
        yield from _compiled(code)


def _compiled(code: CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _compiled(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, constant))).encode()
        else:
            yield repr(constant).encode()
