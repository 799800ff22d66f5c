"""Statements of the serving pipeline, live and stored."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

from benchmarks.stored.pgbench import Load
from fraiseql.caching.read_sources import read_sources
from fraiseql.events import Timings
from fraiseql.schema import Schema
from fraiseql.serving import Service
from fraiseql.serving.document.request import Request
from fraiseql.serving.execution.explain import StatementReport
from fraiseql.settings import Settings

SENTINEL = 737
"""Value of the variable in the explained statement."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation with at most one variable ``x``, a whole number.

    Attributes:
        name: As the report prints it.
        text: The document.
        high: Greatest value of the variable; 0 when there is none.
    """

    name: str
    text: str
    high: int = 0

    def request(self, value: int) -> Request:
        """Return the request with a value of the variable."""
        return Request(self.text, None, {"x": value} if self.high else None)


@asynccontextmanager
async def serving(url: str, schema: Schema, *, stored: bool) -> AsyncIterator[Service]:
    """Start a service that reads stored documents, or everything live."""
    settings = Settings(database_url=url, max_complexity=10_000_000)
    service = Service(schema, settings, read_sources) if stored else Service(schema, settings)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def answer(service: Service, operation: Asked, value: int) -> bytes:
    """Return the body of a response, without its staleness."""
    response = await service.execute(operation.request(value), service.context(), Timings())
    body, more, _ = bytes(response.body).partition(b',"extensions":')
    return body + b"}" if more else body


async def statement(service: Service, operation: Asked) -> StatementReport:
    """Return the statement that answers, with its parameters for the sentinel."""
    return (await service.explain(operation.request(SENTINEL))).statements[0]


def as_load(report: StatementReport, high: int) -> Load:
    """Write a statement as a script of pgbench, with a random value in place of the sentinel."""
    lines, sql = [], report.sql
    for number in reversed(range(1, len(report.parameters) + 1)):
        value = report.parameters[number - 1]
        drawn = f"random(1, {high})" if value == str(SENTINEL) else value
        lines.append(f"\\set p{number} {drawn}")
        sql = sql.replace(f"${number}", f":p{number}")
    return Load("\n".join([*lines, f"{sql};"]) + "\n")


async def request_times(service: Service, operation: Asked, values: list[int]) -> dict[str, float]:
    """Return the median ms of a request in this process, without HTTP, and its processor time."""
    times = []
    used = process_time()
    for value in values:
        request, context, timings = operation.request(value), service.context(), Timings()
        started = perf_counter()
        await service.execute(request, context, timings)
        times.append((perf_counter() - started) * 1e3)
    return {"ms": median(times), "cpu_ms": (process_time() - used) / len(values) * 1e3}
