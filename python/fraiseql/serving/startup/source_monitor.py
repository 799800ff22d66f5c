"""Monitor of the sources of a running service; what cannot be read is answered live."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from fraiseql.database.writing import server_message
from fraiseql.errors import FraiseQLError, SourceError
from fraiseql.events import logger
from fraiseql.serving.planning.plan import KeptQuery
from fraiseql.sources import SourceMap, StoredSource

REFRESH_SECONDS: Final = 10.0
"""Seconds between two looks at what is kept: so long after an apply, it is read at the latest.

Each look costs a few statements on the catalog, in the background; requests pay nothing for it.
"""


class SourceMonitor:
    """The sources of one started service, as they are at the moment.

    Args:
        find: Reads anew which documents are kept.
        found: What it found at the start.
        use: Told the sources that are to be used from now on.
        pause: Seconds between two looks.
        also: What looks for itself after each look, or None.
    """

    def __init__(
        self,
        find: Callable[[], Awaitable[SourceMap]],
        found: SourceMap,
        use: Callable[[SourceMap], None],
        pause: float = REFRESH_SECONDS,
        also: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._find = find
        self._found = self._used = found
        self._use = use
        self._pause = pause
        self._also = also
        self._lost: dict[str, StoredSource] = {}
        self._incomplete: set[str] = set()
        self._told = ""
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def lost(self, kept: KeptQuery, error: FraiseQLError | None) -> None:
        """Read a type live from now on, and look soon at what is kept.

        Args:
            kept: What could not be read.
            error: Why; None when one document was missing, which is only logged.
        """
        name = kept.type_name
        if error is None:
            if name not in self._incomplete:
                self._incomplete.add(name)
                logger.warning(
                    "A kept document of %s is missing; its fields are answered live."
                    " fraiseql db verify finds it, fraiseql db repair mends it.",
                    name,
                )
        elif self._used.sources[name].kept == kept.source:
            logger.warning(
                "What is kept of %s cannot be read (%s); it is read live.",
                name,
                server_message(error),
            )
            self._lost[name] = kept.source
            self._settle()
            self._woken.set()

    async def look(self, *, trust: bool = True) -> None:
        """Read anew what is kept, and use it.

        Args:
            trust: Whether to try again what could not be read although it is said to be there.

        Raises:
            FraiseQLError: The database cannot be asked.
        """
        async with self._lock:
            self._found = await self._find()
            if trust:
                self._lost.clear()
            self._settle()
            if self._also is not None:
                await self._also()

    async def stop(self) -> None:
        """Look no more."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _settle(self) -> None:
        sources = {
            name: replace(source, kept=None)
            if source.kept is not None and self._lost.get(name) == source.kept
            else source
            for name, source in self._found.sources.items()
        }
        settled = replace(self._found, sources=sources)
        if settled != self._used:
            self._used = settled
            self._incomplete.clear()
            self._use(settled)

    async def _run(self) -> None:
        while True:
            woken = await self._wait()
            try:
                await self.look(trust=not woken)
                self._told = ""
            except FraiseQLError as error:
                self._tell(error)
                if isinstance(error, SourceError):
                    self._distrust()
            except Exception as error:  # noqa: BLE001 - an outermost gate: nobody waits for this
                # task, and one failed look must not be the last.
                logger.error("What is kept could not be looked up.", exc_info=error)

    def _tell(self, error: FraiseQLError) -> None:
        """Log why a look failed, once for as long as it fails for the same reason."""
        if error.message != self._told:
            self._told = error.message
            logger.warning("What is kept could not be looked up: %s", error.message)

    def _distrust(self) -> None:
        """Read all types live: what is true cannot be told of tables that are not as declared."""
        sources = {name: replace(one, kept=None) for name, one in self._found.sources.items()}
        self._found = replace(self._found, sources=sources)
        self._settle()

    async def _wait(self) -> bool:
        """Wait for the next look; return whether something was lost meanwhile."""
        try:
            async with asyncio.timeout(self._pause):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True
