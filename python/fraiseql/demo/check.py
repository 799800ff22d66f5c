"""Comparison of answers over HTTP with plain SQL."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fraiseql.database import Database
from fraiseql.demo.client import HttpClient, HttpResponse
from fraiseql.demo.compare import difference
from fraiseql.demo.fold import fold
from fraiseql.demo.tour import INVALID, OPERATIONS, InvalidOperation, TourOperation


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the report.

    Attributes:
        name: Of the operation.
        rows: Objects in the answer, and scalars at its root.
        first_ms: Milliseconds of the first request, which is parsed, validated and planned.
        again_ms: Milliseconds of the same request once more.
        fault: The difference; None if the answer is right.
    """

    name: str
    rows: int
    first_ms: float
    again_ms: float
    fault: str | None


async def check(
    client: HttpClient,
    database: Database,
    operations: Sequence[TourOperation] = OPERATIONS,
    invalid: Sequence[InvalidOperation] = INVALID,
) -> AsyncGenerator[Outcome]:
    """Send every operation twice, and yield its comparison.

    Args:
        client: Connected to the served demo.
        database: Where plain SQL is run.
        operations: Operations that must be answered.
        invalid: Operations that must be refused.

    Raises:
        OSError, http.client.HTTPException: The server went away.
        DatabaseError: Plain SQL could not be run.
    """
    for operation in operations:
        yield await _answered(client, database, operation)
    for rejected in invalid:
        yield await _refused(client, rejected)


async def _answered(client: HttpClient, database: Database, operation: TourOperation) -> Outcome:
    first, again = await _twice(client, operation)
    fault = await fault_of(database, operation, first) or _unsteady(first, again)
    return _outcome(operation.name, _rows(_parsed(first).get("data")), first, again, fault)


async def fault_of(
    database: Database, operation: TourOperation, answer: HttpResponse
) -> str | None:
    """Return the difference between an answer and plain SQL; None if they agree.

    Raises:
        DatabaseError: Plain SQL could not be run.
    """
    got = _parsed(answer)
    expected: dict[str, Any] = {}
    for statement in operation.oracle:
        expected |= fold(await database.fetch(statement.sql, *statement.parameters))
    return _failure(answer, got) or difference(got.get("data"), expected)


async def _refused(client: HttpClient, operation: InvalidOperation) -> Outcome:
    first, again = await _twice(client, operation)
    got = _parsed(first)
    fault = _unsteady(first, again)
    if first.status != operation.status:
        fault = f"the status is {first.status}, not {operation.status}"
    elif "data" in got:
        fault = "it was answered"
    elif operation.message not in _message(got):
        fault = f"the message is {_message(got)!r}, without {operation.message!r}"
    return _outcome(f"refused: {operation.name}", 0, first, again, fault)


async def _twice(
    client: HttpClient, operation: TourOperation | InvalidOperation
) -> tuple[HttpResponse, HttpResponse]:
    first = await asyncio.to_thread(client.post, operation.query, operation.variables)
    return first, await asyncio.to_thread(client.post, operation.query, operation.variables)


def _outcome(
    name: str, rows: int, first: HttpResponse, again: HttpResponse, fault: str | None
) -> Outcome:
    return Outcome(name, rows, first.seconds * 1000, again.seconds * 1000, fault)


def _parsed(answer: HttpResponse) -> dict[str, Any]:
    """Parse a body with every digit of its numbers."""
    try:
        content = json.loads(answer.body, parse_float=Decimal)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"errors": [{"message": "not a JSON object"}]}


def _failure(answer: HttpResponse, got: dict[str, Any]) -> str | None:
    if "errors" in got:
        return f"it was answered with an error: {_message(got)}"
    return None if answer.status == 200 else f"the status is {answer.status}"  # noqa: PLR2004 - OK


def _unsteady(first: HttpResponse, again: HttpResponse) -> str | None:
    return None if first.body == again.body else "the second answer differs"


def _message(got: dict[str, Any]) -> str:
    errors = got.get("errors") or [{}]
    return str(errors[0].get("message", ""))


def _rows(value: Any) -> int:
    """Count the objects below the root, and the scalars at the root."""
    if not isinstance(value, dict):
        return 0
    return sum(_objects(item) if isinstance(item, dict | list) else 1 for item in value.values())


def _objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_objects, value))
    if isinstance(value, dict):
        return 1 + sum(map(_objects, value.values()))
    return 0
