"""Native plans, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from fraiseql.serving.document import Operation
from fraiseql.serving.document.request import Request
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.run import CompiledRoot, CompiledStoredRoot
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.native.refusals import NUMBER, PARAMETER
from fraiseql.serving.native.variables import (
    WIRES,
    Place,
    Template,
    is_exact,
    place_of,
    varying,
    with_lengths,
)
from fraiseql.serving.planning.plan import ConstantRoot
from fraiseql.serving.preparation.serving_plan import ServingPlan
from fraiseql.serving.sql import Parameter
from fraiseql.serving.sql.parameters import pattern_ends
from fraiseql.settings import Settings

_NO_VARIABLES: Final[Mapping[str, Any]] = {}


class NotNativeError(Exception):
    """A plan that Rust cannot run; the message is the reason."""


@dataclass(frozen=True, slots=True)
class NativePlan:
    """A plan for Rust.

    Attributes:
        content: Its description, without its number.
        statements: Texts of its statements, in order.
        key: Distinguishes it from the other native plans of its serving plan.
    """

    content: Mapping[str, Any]
    statements: tuple[str, ...]
    key: bytes

    def text(self, number: int) -> bytes:
        """Return its JSON text with a number."""
        return orjson.dumps({"number": number, **self.content})


def native_plan(
    serving: ServingPlan,
    operation: Operation,
    request: Request,
    values: Mapping[str, Any],
    settings: Settings,
) -> NativePlan:
    """Return the plan for requests that differ from ``request`` only in bound values.

    Args:
        serving: A plan without a refusal.
        operation: Its operation.
        request: A request that it answered.
        values: Coerced variables of that request.
        settings: Uses ``max_complexity`` and ``max_response_bytes``.

    Raises:
        NotNativeError: Values of the request are of kinds that Rust does not know.
    """
    raw = request.variables or _NO_VARIABLES
    if not is_exact(raw):
        raise NotNativeError(NUMBER)
    queries = [_query(root) for root in serving.compiled.sql]
    parameters = [parameter for query in queries for parameter in query.parameters]
    plan = serving.compiled.plan
    forms = varying(operation, values, parameters, plan, settings.max_complexity)
    bounded = with_lengths(forms, operation.variables.limits.max_values, raw)
    template = Template(operation, raw, bounded)
    content = {
        "document": request.query,
        "operation": request.operation_name,
        "variables": template.nodes,
        "slots": len(template.slots),
        "statements": [
            _statement(root, query, values, template.slots)
            for root, query in zip(serving.compiled.sql, queries, strict=True)
        ],
        "constants": [
            [root.stream, root.json.decode()]
            for root in plan.roots
            if isinstance(root, ConstantRoot)
        ],
        "streams": plan.streams,
        "shape": plan.shape,
        "max_bytes": settings.max_response_bytes,
        "rights": list((request.outcomes or {}).items()),
    }
    key = orjson.dumps([template.nodes, content["rights"]])
    return NativePlan(content, tuple(query.text for query in queries), key)


def _query(root: CompiledRoot) -> PreparedQuery:
    return root.stored.query if isinstance(root, CompiledStoredRoot) else root.query


def _statement(
    root: CompiledRoot, query: PreparedQuery, values: Mapping[str, Any], slots: Mapping[Place, int]
) -> Mapping[str, Any]:
    answer = "key" if root.by_key else "many" if root.many else "one"
    sources = [
        _source(parameter, slots) or {"text": _text(value)}
        for parameter, value in zip(query.parameters, query.bind(values), strict=True)
    ]
    return {
        "stream": root.stream,
        "text": query.text,
        "answer": answer,
        "parameters": sources,
        "complete": isinstance(root, CompiledStoredRoot),
    }


def _source(parameter: Parameter, slots: Mapping[Place, int]) -> Mapping[str, Any] | None:
    """Return where Rust reads a parameter in the variables; None for a constant."""
    if not isinstance(parameter.source, ValueRef):
        return None
    slot = slots.get(place_of(parameter.source))
    if slot is None:
        return None
    if parameter.cursor is not None:
        reader, place = parameter.cursor.reader, parameter.cursor.place
        part = {"digest": reader.digest, "place": place, "nullable": reader.nullable}
        return {"cursor": [slot, part]}
    if parameter.pattern:
        before, after = pattern_ends(parameter.pattern)
        return {"pattern": [slot, before, after]}
    return {"list" if parameter.array else "slot": [slot, WIRES[parameter.wire]]}


def _text(value: Any) -> str | None:
    """Return a parameter as PostgreSQL reads it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _array(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal | UUID):
        return str(value)
    raise NotNativeError(PARAMETER)


def _array(items: Sequence[Any]) -> str:
    texts = []
    for item in items:
        text = _text(item)
        if isinstance(item, list):
            raise NotNativeError(PARAMETER)
        texts.append("NULL" if text is None else _quoted(text))
    return "{" + ",".join(texts) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
