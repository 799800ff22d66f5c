"""Monitor of a running service's sources; unreadable ones are read live."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from fraiseql.database.writing import server_message
from fraiseql.errors import FraiseQLError, SourceError
from fraiseql.events import logger
from fraiseql.serving.planning.plan import StoredQuery
from fraiseql.sources import SourceMap, StoredSource

REFRESH_SECONDS: Final = 10.0
"""Seconds between two refreshes: the longest delay after an apply.

A refresh costs a few statements on the catalog, in the background; requests do not wait for it.
"""


class SourceMonitor:
    """Keeps the sources of a started service up to date.

    Args:
        load: Loads the sources.
        loaded: The sources at the start.
        use: Called with the sources to use from then on.
        pause: Seconds between two refreshes.
        after: Called after each refresh, or None.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[SourceMap]],
        loaded: SourceMap,
        use: Callable[[SourceMap], None],
        pause: float = REFRESH_SECONDS,
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._load = load
        self._loaded = self._used = loaded
        self._use = use
        self._pause = pause
        self._after = after
        self._lost: dict[str, StoredSource] = {}
        self._incomplete: set[str] = set()
        self._logged = ""
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def lost(self, stored: StoredQuery, error: FraiseQLError | None) -> None:
        """Read a type live from now on, and refresh soon.

        Args:
            stored: The query that could not be read.
            error: The reason; None when one document was missing, which is only logged.
        """
        name = stored.type_name
        if error is None:
            if name not in self._incomplete:
                self._incomplete.add(name)
                logger.warning(
                    "A stored document of %s is missing; its fields are answered live."
                    " fraiseql db verify finds it, fraiseql db repair repairs it.",
                    name,
                )
        elif self._used.sources[name].stored == stored.source:
            logger.warning(
                "Stored documents of %s cannot be read (%s); the type is read live.",
                name,
                server_message(error),
            )
            self._lost[name] = stored.source
            self._settle()
            self._woken.set()

    async def refresh(self, *, trust: bool = True) -> None:
        """Load the sources, and use them.

        Args:
            trust: Whether to try again the types that could not be read.

        Raises:
            FraiseQLError: The sources cannot be loaded.
        """
        async with self._lock:
            self._loaded = await self._load()
            if trust:
                self._lost.clear()
            self._settle()
            if self._after is not None:
                await self._after()

    async def stop(self) -> None:
        """Stop refreshing."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _settle(self) -> None:
        sources = {
            name: replace(source, stored=None)
            if source.stored is not None and self._lost.get(name) == source.stored
            else source
            for name, source in self._loaded.sources.items()
        }
        settled = replace(self._loaded, sources=sources)
        if settled != self._used:
            self._used = settled
            self._incomplete.clear()
            self._use(settled)

    async def _run(self) -> None:
        while True:
            woken = await self._wait()
            try:
                await self.refresh(trust=not woken)
                self._logged = ""
            except FraiseQLError as error:
                self._log_once(error)
                if isinstance(error, SourceError):
                    self._distrust()
            except Exception as error:  # noqa: BLE001 - no caller awaits this task, and
                # a failed refresh must not be the last.
                logger.error("Stored documents could not be looked up.", exc_info=error)

    def _log_once(self, error: FraiseQLError) -> None:
        """Log why a refresh failed, once for as long as the reason is the same."""
        if error.message != self._logged:
            self._logged = error.message
            logger.warning("Stored documents could not be looked up: %s", error.message)

    def _distrust(self) -> None:
        """Read all types live: a table differs from its declaration."""
        sources = {
            name: replace(source, stored=None) for name, source in self._loaded.sources.items()
        }
        self._loaded = replace(self._loaded, sources=sources)
        self._settle()

    async def _wait(self) -> bool:
        """Wait for the next refresh; return whether a type became unreadable."""
        try:
            async with asyncio.timeout(self._pause):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True
