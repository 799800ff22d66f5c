"""Fingerprint of how a root field is answered, for cache keys.

The canonical text has the request's side. This is the server's side: declared limits and orders,
SQL, names and forms of fields, the code of Python functions.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson

from fraiseql.serving.execution.compiled_plan import CompiledPlan
from fraiseql.serving.execution.run import CompiledStoredRoot
from fraiseql.serving.planning.plan import PythonRoot, SqlRoot
from fraiseql.serving.preparation.declared_code import DeclaredCode


def fingerprint(compiled: CompiledPlan, code: DeclaredCode) -> str:
    """Return 32 hexadecimal digits for the plan of one root field."""
    digest = sha256()
    for line in _lines(compiled, code):
        digest.update(line)
        digest.update(b"\n")
    return digest.hexdigest()[:32]


def _lines(compiled: CompiledPlan, code: DeclaredCode) -> Iterator[bytes]:
    yield code.leaves.encode()
    shape = compiled.plan.shape
    # The root's node has the response key, and ids are numbers within the whole operation.
    nodes = [node for number, node in enumerate(shape["nodes"]) if number != shape["root"]]
    yield orjson.dumps([_without_ids(node) for node in nodes])
    for statement in compiled.sql:
        yield statement.query.text.encode()
        if isinstance(statement, CompiledStoredRoot):
            yield str(statement.stored.source.source.freshness).encode()
    for root in compiled.plan.roots:
        if isinstance(root, SqlRoot):
            yield f"{root.query.limit} {root.max_limit}".encode()
        elif isinstance(root, PythonRoot):
            yield code.query(root.definition).encode()
    for step in compiled.plan.computed.values():
        yield f"{step.parent}.{step.definition.name}{step.needs}".encode()
        yield code.computed(step.parent, step.definition).encode()


def _without_ids(node: dict[str, Any]) -> dict[str, Any]:
    fields = node.get("fields")
    if fields is None:
        return node
    return {**node, "fields": [{**field, "id": 0} for field in fields]}
