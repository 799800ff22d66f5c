"""Wraps a store so that its errors never fail a request."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from math import inf
from typing import Final

from fraiseql.caching.results.backoff import Backoff
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.stores.base import Entry, LookupResult, PutOutcome, Store
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.caching.results.stores.transient_errors import concerns_request, error_kind
from fraiseql.database.writing import server_message
from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.results import CacheResult

_FAULT: Final = "fault"


class FillLock:
    """The right to compute a key, among all processes, until it is released."""

    __slots__ = ("_on_error", "_stack")

    def __init__(self, stack: AsyncExitStack, on_error: Callable[[Exception], None]) -> None:
        self._stack = stack
        self._on_error = on_error

    async def release(self) -> None:
        """Let another process compute; safe to call again."""
        try:
            await self._stack.aclose()
        except Exception as error:  # noqa: BLE001 - an outermost gate: the request has its answer
            self._on_error(error)


class FailsafeStore:
    """One store, opened on first use.

    Args:
        name: ``unlogged``, ``logged`` or ``redis``.
        open_store: Opens it; called until it succeeds.
        metrics: Counts failures.
    """

    def __init__(
        self, name: str, open_store: Callable[[], Awaitable[Store]], metrics: Metrics
    ) -> None:
        self.name = name
        self._open = open_store
        self._metrics = metrics
        self._backoff = Backoff()
        self._logged: set[str] = set()

    def is_backing_off(self, request: CacheRequest) -> bool:
        """Whether a recent failure says not to ask now."""
        return self._backoff.active or request.backoff.active

    async def find(self, request: CacheRequest, etags: Sequence[bytes]) -> LookupResult | None:
        """Look up an entry; None where the store failed."""
        try:
            store = await self._open()
            result = await store.find(request.lookup, request.key, etags, request.definitions)
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is computed
            self.failed(error, request.query, request.backoff)
            return None
        self._backoff.succeeded()
        request.backoff.succeeded()
        return self._checked(result, request.query)

    async def put(self, request: CacheRequest, entry: Entry) -> PutOutcome | None:
        """Store an entry; None where the store failed."""
        try:
            return await (await self._open()).put(entry)
        except Exception as error:  # noqa: BLE001 - an outermost gate: the request has its answer
            self.failed(error, request.query, request.backoff)
            return None

    async def acquire_fill_lock(self, request: CacheRequest) -> FillLock | None:
        """Return the lock for computing the key; None while another process holds it.

        A store that fails hands out the lock: otherwise requests would wait for nothing.
        """
        stack = AsyncExitStack()
        lock = FillLock(stack, lambda error: self.failed(error, request.query, request.backoff))
        try:
            store = await self._open()
            if await stack.enter_async_context(store.acquire_fill_lock(request.key)):
                return lock
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is computed
            self.failed(error, request.query, request.backoff)
            return lock
        await lock.release()
        return None

    def _checked(self, result: LookupResult, query: str) -> LookupResult:
        """Drop an entry that no store could have written; it is counted, and logged once."""
        if result.hit is not None and not _is_valid(result.hit):
            result = replace(result, reason="invalid", hit=None)
        if result.reason != "invalid":
            return result
        self._metrics.event(query, result.reason)
        if result.reason not in self._logged:
            self._logged.add(result.reason)
            logger.warning(
                "The result cache %s has an entry that is damaged or was not written with this"
                " application's secret. It is ignored.",
                self.name,
            )
        return result

    def failed(self, error: Exception, query: str, backoff: Backoff) -> None:
        """Count a failure, log the first one of its kind, and back off.

        Args:
            error: The failure.
            query: Name for statistics.
            backoff: Backoff of the request, for failures that concern nothing else.
        """
        kind = error_kind(error) or _FAULT
        (backoff if concerns_request(kind) else self._backoff).failed()
        self._metrics.event(query, f"store_error:{kind}")
        if kind in self._logged:
            return
        self._logged.add(kind)
        if kind == _FAULT:
            logger.error(
                "The result cache %s failed; answers are computed.", self.name, exc_info=error
            )
        else:
            message = server_message(error) if isinstance(error, FraiseQLError) else str(error)
            logger.warning(
                "The result cache %s is unavailable (%s); answers are computed: %s",
                self.name,
                kind,
                message,
            )


def _is_valid(hit: CacheResult) -> bool:
    """Whether a hit has a value and numbers that can be counted and sent; NaN fails too."""
    numbers = (hit.lag_seconds or 0.0, hit.age_seconds, hit.cost_ms, hit.ttl or 0.0)
    has_value = hit.unchanged or hit.value is not None
    return has_value and all(0.0 <= number < inf for number in numbers)
