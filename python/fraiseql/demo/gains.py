"""Keep: makes what the demo declares to be kept, and measures it against the live answers."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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

_ROUNDS: Final = 15
"""Times that each operation is asked of each side; the median counts."""


@dataclass(frozen=True, slots=True)
class StoredOperation:
    """An operation that something kept answers.

    Attributes:
        strategy: What answers it.
        name: What a reader of the report sees.
        query: The GraphQL document.
        variables: As sent, JSON values.
    """

    strategy: str
    name: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gain:
    """One operation answered live and from what is kept.

    Attributes:
        strategy: What answers it.
        name: Of the operation.
        live_ms: Median milliseconds of the whole operation, answered live.
        stored_ms: The same, answered from what is kept.
        same: Whether both answers are equal byte for byte.
    """

    strategy: str
    name: str
    live_ms: float
    stored_ms: float
    same: bool

    @property
    def ratio(self) -> float:
        """How many times faster the kept answer is."""
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
    """Make what the demo declares to be kept; return the number of steps that it took.

    Args:
        settings: Where the flights are.
        watch: Told of each step, statement and commit before it runs.

    Raises:
        DatabaseError: A step failed; the next call goes on there.
    """
    pool = await open_pool(settings.database_url, settings)
    try:
        wanted = await load_desired_state(build_schema(types=TYPES, queries=QUERIES), pool)
        async with open_admin(pool) as writer:
            plan = await apply(writer, wanted, watch=watch)
    finally:
        await pool.close()
    return len(plan.steps)


async def measure_gains(settings: Settings) -> AsyncGenerator[Gain]:
    """Ask every operation live and of what is kept, and say how the two compare.

    An index is there for both sides: so that its gain shows, the live side may use none.

    Args:
        settings: Where the flights are; the address must be one of a running server.

    Raises:
        FraiseQLError: The database cannot be reached, or what is declared is not there.
    """
    schema = build_schema(types=TYPES, queries=QUERIES)
    url = settings.database_url
    bare = settings.with_values(database_url=f"{url}{'&' if '?' in url else '?'}{_NO_INDEXES}")
    kept = Service(schema, settings, read_sources, ResultCaches(settings, create_missing_tables))
    live = Service(schema, settings)
    without = Service(schema, bare)
    async with _started(kept), _started(live), _started(without):
        for operation in OPERATIONS:
            other = without if operation.strategy.endswith("index") else live
            yield await _measure(kept, other, operation)


@asynccontextmanager
async def _started(service: Service) -> AsyncIterator[None]:
    await service.start()
    try:
        yield
    finally:
        await service.stop()


async def _measure(kept: Service, live: Service, operation: StoredOperation) -> Gain:
    """Ask an operation of both services in turn, and compare answers and times."""
    seconds: dict[Service, list[float]] = {live: [], kept: []}
    same = True
    for _ in range(_ROUNDS):
        answers = []
        for service in (live, kept):
            request = Request(operation.query, None, dict(operation.variables))
            start = time.perf_counter()
            response = await service.execute(request, {}, Timings())
            seconds[service].append(time.perf_counter() - start)
            answers.append(_data(bytes(response.body)))
        same = same and answers[0] == answers[1]
    live_ms, stored_ms = (median(seconds[service]) * 1000 for service in (live, kept))
    return Gain(operation.strategy, operation.name, live_ms, stored_ms, same)


def _data(body: bytes) -> bytes:
    """Return all of a response but how stale it is: only one side says that."""
    found = orjson.loads(body)
    return orjson.dumps({name: found.get(name) for name in ("data", "errors")})
