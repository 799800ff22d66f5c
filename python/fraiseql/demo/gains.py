"""The demo's stored types, and their gain over live answers."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final

import orjson

from fraiseql.caching.ddl.apply import Watch, apply
from fraiseql.caching.ddl.bootstrap import create_missing_tables
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.demo.queries import QUERIES, TYPES
from fraiseql.events import Timings
from fraiseql.schema import build_schema
from fraiseql.serving import Request, Service
from fraiseql.settings import Settings

_ROUNDS: Final = 7
"""Requests of each operation on each side; the median counts."""


@dataclass(frozen=True, slots=True)
class StoredOperation:
    """An operation answered from stored data.

    Attributes:
        strategy: Its strategy.
        name: Its name in the report.
        query: The GraphQL document.
        variables: As sent, JSON values.
    """

    strategy: str
    name: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gain:
    """Times of one operation, live and stored.

    Attributes:
        strategy: Its strategy.
        name: Of the operation.
        live_ms: Median milliseconds of the whole operation, answered live.
        stored_ms: The same, answered from stored data.
        same: Whether both answers are equal byte for byte.
    """

    strategy: str
    name: str
    live_ms: float
    stored_ms: float
    same: bool

    @property
    def ratio(self) -> float:
        """Speed-up of the stored answer."""
        return self.live_ms / self.stored_ms


_NO_INDEXES: Final = "enable_indexscan=off&enable_indexonlyscan=off&enable_bitmapscan=off"

OPERATIONS: Final = (
    StoredOperation(
        "projection",
        "one airport with departures, arrivals, weather",
        """
{ airport(faa: "JFK") {
  name departures { id carrier dest } arrivals { id } weather { timeHour temp }
} }""",
    ),
    StoredOperation(
        "projection",
        "100 planes, each with 10 flights and 3 around each",
        """
query Planes($n: Int!) {
  planes(manufacturer: "BOEING", limit: $n) {
    tailnum model seats
    flights { timeHour dest arrDelay airline { name } destAirport { name tz } weather { temp } }
  }
}""",
        {"n": 100},
    ),
    StoredOperation(
        "materialized view",
        "the year at a glance",
        "{ dashboard { flights cancelled planes destinations punctual meanDepDelay miles } }",
    ),
    StoredOperation(
        "result cache",
        "every airline's year",
        "{ airlineYears { carrier flights cancelled punctual miles } }",
    ),
    StoredOperation(
        "partial index",
        "the longest of all cancelled flights",
        """
{ flights(where: {depTime: {isNull: true}}, orderBy: [{distance: DESC}], limit: 50) {
  id timeHour carrier origin dest distance
} }""",
    ),
    StoredOperation(
        "rolling index",
        "the latest long flights since a day",
        """
query Latest($since: DateTime!, $miles: Int!) {
  flights(
    where: {timeHour: {gte: $since}, distance: {gt: $miles}}
    orderBy: [{timeHour: DESC}]
    limit: 20
  ) { id timeHour carrier tailnum dest }
}""",
        {"since": "2013-12-30T00:00:00Z", "miles": 2000},
    ),
)


async def apply_stored(settings: Settings, watch: Watch) -> int:
    """Create the stored types; return the number of steps.

    Args:
        settings: Where the flights are, and whether they are traced.
        watch: Called with each step, statement and commit before it runs.

    Raises:
        DatabaseError: A step failed; the next call continues with it.
    """
    pool = await open_pool(settings.database_url, settings)
    try:
        schema = build_schema(types=TYPES, queries=QUERIES)
        # As the application declares it: otherwise the tables of the trace are dropped.
        schema = replace(schema, traced=settings.trace != "off")
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            plan = await apply(writer, desired, watch=watch)
    finally:
        await pool.close()
    return len(plan.steps)


async def measure_gains(settings: Settings) -> AsyncGenerator[Gain]:
    """Run every operation live and stored, and yield its gain.

    Both sides have the indexes: to show their gain, the live side may use none.

    Args:
        settings: Where the flights are; the address must be one of a running server.

    Raises:
        FraiseQLError: The database cannot be reached, or a declared object does not exist.
    """
    schema = build_schema(types=TYPES, queries=QUERIES)
    url = settings.database_url
    bare = settings.with_values(database_url=f"{url}{'&' if '?' in url else '?'}{_NO_INDEXES}")
    stored = Service(schema, settings, read_sources, ResultCaches(settings, create_missing_tables))
    live = Service(schema, settings)
    without = Service(schema, bare)
    async with _started(stored), _started(live), _started(without):
        for operation in OPERATIONS:
            other = without if operation.strategy.endswith("index") else live
            yield await _measure(stored, other, operation)


@asynccontextmanager
async def _started(service: Service) -> AsyncIterator[None]:
    await service.start()
    try:
        yield
    finally:
        await service.stop()


async def _measure(stored: Service, live: Service, operation: StoredOperation) -> Gain:
    """Run an operation on both services in turn, and compare answers and times."""
    seconds: dict[Service, list[float]] = {live: [], stored: []}
    same = True
    for _ in range(_ROUNDS):
        answers = []
        for service in (live, stored):
            request = Request(operation.query, None, dict(operation.variables))
            start = time.perf_counter()
            response = await service.execute(request, {}, Timings())
            seconds[service].append(time.perf_counter() - start)
            answers.append(_data(bytes(response.body)))
        same = same and answers[0] == answers[1]
    live_ms, stored_ms = (median(seconds[service]) * 1000 for service in (live, stored))
    return Gain(operation.strategy, operation.name, live_ms, stored_ms, same)


def _data(body: bytes) -> bytes:
    """Return a response without its staleness, which only one side has."""
    response = orjson.loads(body)
    return orjson.dumps({name: response.get(name) for name in ("data", "errors")})
