"""Published keys of an issuer, cached and fetched again."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final, Protocol

from fraiseql.bounded import Bounded
from fraiseql.events import logger
from fraiseql.http.jwt.fetching import FetchError

_UNKNOWN_SECONDS: Final = 60.0
"""Seconds for which an unknown key id does not cause another fetch."""

_PAUSE_SECONDS: Final = 1.0
"""Seconds between two fetches, whatever ids clients invent."""

_FAILED_SECONDS: Final = 5.0
"""The same after a fetch that failed."""

_REFRESH_SECONDS: Final = 3600.0
"""Age at which keys are fetched again, so that withdrawn keys end."""

_MOST_UNKNOWN: Final = 1_000


Keys = Any
"""One key, or a set of keys by their ids, as the library of the tokens has them."""

ReadKeys = Callable[[object], tuple[Keys, frozenset[str]]]
"""Returns the keys of a document, and their ids; raises ``ValueError`` where it has none."""


class KeySource(Protocol):
    """The keys that tokens are verified with."""

    async def keys(self, kid: str | None) -> Keys | None:
        """Return the keys for a token with this key id, or None."""

    def seconds(self) -> float | None:
        """Return the seconds for which the keys need not be fetched again; None for ever."""

    def when_replaced(self, call: Callable[[], None]) -> None:
        """Call a function whenever there are other keys."""


class FixedKey:
    """One configured key, whatever id a token names."""

    def __init__(self, key: Keys) -> None:
        self._key = key

    async def keys(self, kid: str | None) -> Keys | None:  # noqa: ARG002 - there is one key
        """Return the key."""
        return self._key

    def seconds(self) -> float | None:
        """Return None: it stays."""
        return None

    def when_replaced(self, call: Callable[[], None]) -> None:
        """Do nothing: it stays."""


class PublishedKeys:
    """The keys at an address.

    Args:
        fetch: Fetches the document.
        read: Reads it.
        clock: Returns seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[object]],
        read: ReadKeys,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._fetch = fetch
        self._read = read
        self._clock = clock
        self._keys: Keys | None = None
        self._ids: frozenset[str] = frozenset()
        self._fetched_at = float("-inf")
        self._next_fetch = float("-inf")
        self._unknown: Bounded[str, float] = Bounded(_MOST_UNKNOWN)
        self._fetching: asyncio.Task[None] | None = None
        self._replaced: list[Callable[[], None]] = []

    async def keys(self, kid: str | None) -> Keys | None:
        """Return the keys for a token; old ones while the address does not answer."""
        now = self._clock()
        if self._keys is None or (kid is not None and kid not in self._ids):
            if self._may_fetch(kid, now):
                await self._fetch_once()
        elif now - self._fetched_at > _REFRESH_SECONDS and now >= self._next_fetch:
            # Nobody waits for it: the keys are good for now.
            self._start()
        return self._keys

    def seconds(self) -> float | None:
        """Return the seconds until a token makes them be fetched again."""
        return max(0.0, self._fetched_at + _REFRESH_SECONDS - self._clock())

    def when_replaced(self, call: Callable[[], None]) -> None:
        """Call a function whenever they have been fetched."""
        self._replaced.append(call)

    def _may_fetch(self, kid: str | None, now: float) -> bool:
        if self._running() is not None:
            return True
        if now < self._next_fetch:
            return False
        if kid is not None and self._keys is not None:
            refused = self._unknown.get(kid)
            if refused is not None and now - refused < _UNKNOWN_SECONDS:
                return False
            self._unknown.put(kid, now)
        return True

    async def _fetch_once(self) -> None:
        # A request that is cancelled does not end the fetch that others wait for.
        await asyncio.shield(self._start())

    def _start(self) -> "asyncio.Task[None]":
        running = self._running()
        if running is None:
            running = self._fetching = asyncio.get_running_loop().create_task(self._refresh())
        return running

    def _running(self) -> "asyncio.Task[None] | None":
        task = self._fetching
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            return None
        return task

    async def _refresh(self) -> None:
        pause = _FAILED_SECONDS
        try:
            self._keys, self._ids = self._read(await self._fetch())
            self._fetched_at, pause = self._clock(), _PAUSE_SECONDS
            for call in self._replaced:
                call()
        except (FetchError, ValueError) as error:
            logger.warning("The keys of jwks_url were not fetched: %s.", error)
        finally:
            self._next_fetch = self._clock() + pause
