"""Requests with and without a result cache, in pairs, and writes."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Self

from fraiseql.database import Pool
from fraiseql.events import Timings
from fraiseql.operating.advise.candidate import MeasuredGain
from fraiseql.operating.pairs import percentile, without_slowest
from fraiseql.serving import Request, Service

LEAST_ASKS: Final = 30
MOST_ASKS: Final = 200
_WARM_ROUNDS: Final = 3
"""A resolver's first answer is recorded, and its second one stored."""

_NOTHING: Final = "SELECT $1::text AS value"
_DRAWS: Final = 400
_TAIL: Final = 0.025
_P95: Final = 0.95
_HITS: Final = frozenset({"hit"})


class StatementSeconds:
    """Receives the events of an application, and adds up the seconds of its statements.

    Attributes:
        seconds: Their sum since it was last set to zero.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def operation(self, *_: Any) -> Self:
        """Return the receiver of a plan."""
        return self

    def request(self) -> Self:
        """Return the receiver of a request."""
        return self

    def ran(self, sql: str, args: Sequence[Any], seconds: float, rows: int, size: int) -> None:  # noqa: ARG002 - the protocol
        """Add a statement."""
        self.seconds += seconds

    def ignored(self, *_: Any) -> None:
        """Receive an event that says nothing about statements."""

    refused = planned = ran_natively = repeated = failed = answered = error = done = ignored


@dataclass(frozen=True, slots=True)
class AskedPair:
    """A request, answered without the cache and with it.

    Attributes:
        live_ms: Duration without.
        sql_ms: That of its statements.
        cached_ms: Duration with.
        hit: Whether the cache had the answer.
        equal: Whether both answers are equal.
    """

    live_ms: float
    sql_ms: float
    cached_ms: float
    hit: bool
    equal: bool


@dataclass(frozen=True, slots=True)
class CachedReplay:
    """The two applications, both on one database.

    Attributes:
        live: The application without the cache.
        seconds: Receives its statements.
        cached: The application with it.
        finish: Waits until the cache has stored its values.
        write: Writes to the tables that the answers are made of.
    """

    live: Service
    seconds: StatementSeconds
    cached: Service
    finish: Callable[[], Awaitable[None]]
    write: Callable[[int], Awaitable[None]]

    async def pairs(self, requests: Sequence[Request], writes: float, asks: int) -> list[AskedPair]:
        """Send requests that are drawn from the recorded ones.

        Args:
            requests: The recorded ones, each as often as it was recorded.
            writes: Writes before each request; more than one are one.
            asks: Number of requests.
        """
        # The same in every run.
        source = random.Random(0)  # noqa: S311 - no secret
        due, made = 0.0, []
        await self._warm(requests)
        for turn in range(asks):
            due += min(writes, 1.0)
            if due >= 1.0:
                due -= 1.0
                await self.write(turn)
            made.append(await self._pair(source.choice(requests), turn))
        return made

    async def _warm(self, requests: Sequence[Request]) -> None:
        """Answer each request, and write: what is done once is no part of a hit or of a miss."""
        for _ in range(_WARM_ROUNDS):
            for each in requests:
                await self.live.execute(each, {}, Timings())
                await self.cached.execute(each, {}, Timings())
            await self.finish()
        await self.write(0)

    async def _pair(self, request: Request, turn: int) -> AskedPair:
        live, cached, sql = (0.0, b""), (0.0, b""), 0.0
        hit = False
        for is_cached in (True, False) if turn % 2 else (False, True):
            self.seconds.seconds = 0.0
            start = time.perf_counter()
            service = self.cached if is_cached else self.live
            response = await service.execute(request, {}, Timings())
            answer = ((time.perf_counter() - start) * 1_000, bytes(response.body))
            if not is_cached:
                live, sql = answer, self.seconds.seconds * 1_000
                continue
            cached = answer
            answers = {} if response.cached is None else response.cached.answers
            hit = bool(answers) and {each.outcome for each in answers.values()} <= _HITS
            # The next request comes later in production.
            await self.finish()
        return AskedPair(live[0], sql, cached[0], hit, live[1] == cached[1])


async def floor_ms(pool: Pool) -> float:
    """Return the milliseconds of a statement that reads nothing."""
    times = []
    for _ in range(20):
        start = time.perf_counter()
        await pool.inspect(_NOTHING, ["x"])
        times.append((time.perf_counter() - start) * 1_000)
    return median(times)


def hit_share(pairs: Sequence[AskedPair]) -> float:
    """Return the share of the requests that the cache answered."""
    return sum(each.hit for each in pairs) / len(pairs)


def cached_gain(pairs: Sequence[AskedPair], floor: float) -> MeasuredGain:
    """Return the gain of the statements: the time saved of a request is saved of them.

    Args:
        pairs: The requests.
        floor: Milliseconds of a statement that reads nothing: an answer takes one at least.
    """
    before, after = _times(pairs, floor)
    source = random.Random(0)  # noqa: S311 - no secret
    draws = sorted(_ratio(source.choices(pairs, k=len(pairs)), floor) for _ in range(_DRAWS))
    gain = before / after
    statements = [each.sql_ms for each in pairs]
    saved = [max(each.sql_ms - each.live_ms + each.cached_ms, floor) for each in pairs]
    return MeasuredGain(
        before,
        after,
        gain,
        min(draws[int(_TAIL * _DRAWS)], gain),
        max(draws[int((1 - _TAIL) * _DRAWS) - 1], gain),
        len(pairs),
        all(each.equal for each in pairs),
        percentile(statements, _P95),
        percentile(saved, _P95),
        floor_ms=floor,
    )


def _ratio(pairs: Sequence[AskedPair], floor: float) -> float:
    before, after = _times(pairs, floor)
    return before / after


def _times(pairs: Sequence[AskedPair], floor: float) -> tuple[float, float]:
    """Return the milliseconds of the statements without the cache, and with it."""
    before = _middle([each.sql_ms for each in pairs])
    live = _middle([each.live_ms for each in pairs])
    share, after = hit_share(pairs), 0.0
    for hit, part in ((True, share), (False, 1 - share)):
        times = [each.cached_ms for each in pairs if each.hit is hit]
        if times:
            after += part * max(before - live + _middle(times), floor)
    return max(before, floor), after


def _middle(times: Sequence[float]) -> float:
    return median(without_slowest(times))
