"""Check: the tour is asked over HTTP, and every answer is compared with plain SQL."""

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
        rows: Objects in the answer, and values right at its root.
        first_ms: Milliseconds of the first request, which is parsed, validated and planned.
        again_ms: Milliseconds of the same request once more.
        fault: What is wrong with the answer; None when it is right.
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
    """Ask every operation twice, and say how its answer compares.

    Args:
        client: Connected to the served demo.
        database: Where plain SQL is run.
        operations: What must be answered.
        invalid: What must be refused.

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
    """Return how an answer differs from what plain SQL says now; None where it does not.

    Raises:
        DatabaseError: Plain SQL could not be run.
    """
    got = _parsed(answer)
    wanted: dict[str, Any] = {}
    for statement in operation.oracle:
        wanted |= fold(await database.fetch(statement.sql, *statement.parameters))
    return _failure(answer, got) or difference(got.get("data"), wanted)


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
    client: HttpClient, asked: TourOperation | InvalidOperation
) -> tuple[HttpResponse, HttpResponse]:
    first = await asyncio.to_thread(client.post, asked.query, asked.variables)
    return first, await asyncio.to_thread(client.post, asked.query, asked.variables)


def _outcome(
    name: str, rows: int, first: HttpResponse, again: HttpResponse, fault: str | None
) -> Outcome:
    return Outcome(name, rows, first.seconds * 1000, again.seconds * 1000, fault)


def _parsed(answer: HttpResponse) -> dict[str, Any]:
    """Read a body, keeping every digit of its numbers."""
    try:
        found = json.loads(answer.body, parse_float=Decimal)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"errors": [{"message": "not a JSON object"}]}


def _failure(answer: HttpResponse, got: dict[str, Any]) -> str | None:
    if "errors" in got:
        return f"it was answered with an error: {_message(got)}"
    return None if answer.status == 200 else f"the status is {answer.status}"  # noqa: PLR2004 - OK


def _unsteady(first: HttpResponse, again: HttpResponse) -> str | None:
    return None if first.body == again.body else "asked again, it was answered otherwise"


def _message(got: dict[str, Any]) -> str:
    errors = got.get("errors") or [{}]
    return str(errors[0].get("message", ""))


def _rows(value: Any) -> int:
    """Count the objects below the root, and what stands at the root without being one."""
    if not isinstance(value, dict):
        return 0
    return sum(_objects(item) if isinstance(item, dict | list) else 1 for item in value.values())


def _objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_objects, value))
    if isinstance(value, dict):
        return 1 + sum(map(_objects, value.values()))
    return 0
