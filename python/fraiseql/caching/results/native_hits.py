"""Exact responses in the memory of the native server.

A response that consists of exact values in memory equals the live answer of a moment after its
request began. So the native server may give it again for an equal request while no check after the
one that had finished before the request began names one of its tags, or other definitions. See
``docs/concepts/result-caches.md``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Final, Protocol

from fraiseql.caching.results.checks import CheckSetup
from fraiseql.caching.results.memory import RememberedValue, memory_bytes
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.events import OperationEvents, RepeatedRuns
from fraiseql.native import Hits
from fraiseql.results import CacheStatus
from fraiseql.settings import Settings

_OFFERS: Final = 1_000
"""Responses that are offered between two counts, unless others ask for the counts."""


class Sent(Protocol):
    """A request as the client sent it."""

    @property
    def is_get(self) -> bool:
        """Whether it is a GET; otherwise it is a POST."""

    @property
    def query(self) -> bytes:
        """The raw query string."""

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]:
        """The headers."""

    @property
    def body(self) -> bytes:
        """The body."""

    @property
    def client(self) -> int:
        """The number of the identity of its client; 0 if all clients are alike."""


@dataclass(frozen=True, slots=True)
class _Offered:
    """A response that is offered, for counting its hits.

    Attributes:
        values: The values that it consists of.
        keys: The response keys of their root fields.
        at: When it was offered, by the clock of the process.
        size: Bytes of its body.
        operation: Receiver of its requests.
    """

    values: Sequence[RememberedValue[DefinitionsCheck]]
    keys: Sequence[str]
    at: float
    size: int
    operation: OperationEvents | None


class NativeHits:
    """Offers responses to the native server, and counts its hits.

    Args:
        hits: Memory of the native server.
        runtime: Returns the state that the cached fields share.
        settings: Uses ``memory_max_bytes`` and ``check_interval``.
        bounds: Bounds of the durations that are counted, see ``RepeatedRuns``.
    """

    def __init__(
        self,
        hits: Hits,
        runtime: Callable[[], CacheRuntime],
        settings: Settings,
        bounds: Sequence[int],
    ) -> None:
        self._hits = hits
        self._runtime = runtime
        self._interval = settings.check_interval
        self._setup: CheckSetup | None = None
        self._offered: dict[int, _Offered] = {}
        self._ids = count(1)
        self.begin = hits.begin
        self.forget = hits.forget
        max_bytes = memory_bytes(settings, shared=True)
        runtime().memory.max_bytes = max_bytes
        self._bytes, self._most_bytes = 0, max_bytes // 4
        hits.configure(max_bytes, bounds)

    def offer(
        self,
        begun: tuple[int, int] | None,
        sent: Sent,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        status: CacheStatus,
    ) -> None:
        """Offer a response with status 200 that consists of exact values in memory.

        Args:
            begun: Result of ``begin`` for its request, before any statement was sent.
            sent: The request.
            headers: Headers of the response.
            body: Its body.
            status: How caches answered the request.
        """
        values: Sequence[RememberedValue[DefinitionsCheck]] = status.remembered  # type: ignore[assignment]
        setup = self._runtime().checks.setup
        if setup is None or setup.address is None:
            return
        if setup is not self._setup:
            self._use(setup, setup.address)
        elif begun is not None and _may_be_repeated(values, setup):
            tags = list({tag for value in values for tag in value.entry.tags})
            number = next(self._ids)
            request = (sent.is_get, sent.query, list(sent.headers), sent.body, sent.client)
            answer = (list(headers), body)
            if self._hits.remember(number, begun, (setup.watch, tags), request, answer):
                keys = tuple(status.answers)
                offered = _Offered(values, keys, monotonic(), len(body), status.operation)
                self._offered[number] = offered
                self._bytes += len(body)
                if self._bytes > self._most_bytes or number % _OFFERS == 0:
                    # Those that Rust has dropped are held until their counts are taken.
                    self.drain()

    def _use(self, setup: CheckSetup, address: str) -> None:
        self._setup = setup
        pair = (setup.pair.probe, setup.pair.statement)
        self._hits.check((address, *setup.times), setup.watch, pair, self._interval)

    def stop(self) -> None:
        """Forget everything, and make no more checks."""
        self._setup = None
        self._hits.stop()
        self.drain()

    def totals(self) -> tuple[int, int, int, int]:
        """Return the numbers of responses, bytes, checks, and requests that waited for checks."""
        return self._hits.totals()

    def drain(self) -> None:
        """Count the hits since the last call."""
        self._bytes = 0
        counts, gone = self._hits.drain()
        for number, hits, unchanged, seconds, ages, oldest, classes in counts:
            offered = self._offered.get(number)
            if offered is not None:
                runs = RepeatedRuns(hits, unchanged, seconds, ages, oldest, classes)
                self._count(offered, runs)
        for number in gone:
            self._offered.pop(number, None)

    def _count(self, offered: _Offered, runs: RepeatedRuns) -> None:
        metrics = self._runtime().metrics
        sizes = []
        for value in offered.values:
            result = value.entry.result
            age = result.age_seconds + offered.at - value.entry.at
            size = len(result.value or b"")
            metrics.repeated(value.query, value.key, size, result.cost_ms, age, runs)
            sizes.append(size)
        if offered.operation is not None:
            answers = tuple(zip(offered.keys, sizes, strict=True))
            offered.operation.repeated(answers, offered.size, runs)


def _may_be_repeated(
    values: Sequence[RememberedValue[DefinitionsCheck]], setup: CheckSetup
) -> bool:
    """Whether the checks of a setup notice every change that ends these values.

    A key with a part of the request differs between requests that are equal for the native server.
    """
    return all(
        value.definitions.watch == setup.watch
        and value.entry.result.ttl is None
        and not value.of_request
        for value in values
    )
