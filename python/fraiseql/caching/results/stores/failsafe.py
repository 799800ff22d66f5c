"""Guarded: a store as requests see it; whatever fails in it is counted, and fails no request."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from fraiseql.caching.results.backoff import Rest
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.stores.base import Entry, Found, Put, Store
from fraiseql.caching.results.stores.request import Subject
from fraiseql.caching.results.stores.transient_errors import concerns_one, kind_of
from fraiseql.database.writing import server_message
from fraiseql.errors import FraiseQLError
from fraiseql.events import logger

_FAULT: Final = "fault"


class Lead:
    """The right to compute a key, among all processes; it ends when it is released."""

    __slots__ = ("_release", "_stack")

    def __init__(self, stack: AsyncExitStack, release: Callable[[Exception], None]) -> None:
        self._stack = stack
        self._release = release

    async def release(self) -> None:
        """Let another process compute; safe to call again."""
        try:
            await self._stack.aclose()
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is there already
            self._release(error)


class Guarded:
    """One store, opened when it is first asked.

    Args:
        name: ``unlogged``, ``logged`` or ``redis``.
        opened: Opens it; called until it succeeds.
        metrics: Counts failures.
    """

    def __init__(self, name: str, opened: Callable[[], Awaitable[Store]], metrics: Metrics) -> None:
        self.name = name
        self._opened = opened
        self._metrics = metrics
        self._rest = Rest()
        self._told: set[str] = set()

    def rests(self, subject: Subject) -> bool:
        """Whether it is not to be asked this now, since that failed a moment ago."""
        return self._rest.resting or subject.rest.resting

    async def find(self, subject: Subject, etags: Sequence[bytes]) -> Found | None:
        """Return what there is; None where the store could not tell."""
        try:
            store = await self._opened()
            found = await store.find(subject.lookup, subject.key, etags)
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is computed
            self.failed(error, subject.query, subject.rest)
            return None
        self._rest.succeeded()
        subject.rest.succeeded()
        return self._checked(found, subject.query)

    async def put(self, subject: Subject, entry: Entry) -> Put | None:
        """Keep an entry; None where that failed."""
        try:
            return await (await self._opened()).put(entry)
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is there already
            self.failed(error, subject.query, subject.rest)
            return None

    async def lead(self, subject: Subject) -> Lead | None:
        """Return the lead; None while another process has it.

        Where it cannot be had because of a failure, it is as if it had been: nobody waits for what
        may never come.
        """
        stack = AsyncExitStack()
        lead = Lead(stack, lambda error: self.failed(error, subject.query, subject.rest))
        try:
            store = await self._opened()
            if await stack.enter_async_context(store.lead(subject.key)):
                return lead
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is computed
            self.failed(error, subject.query, subject.rest)
            return lead
        await lead.release()
        return None

    def _checked(self, found: Found, query: str) -> Found:
        """Return what was found, without what no entry can be; such are counted, one is logged."""
        if not found.sound:
            found = replace(found, reason="invalid", body=None, unchanged=False)
        if found.reason != "invalid":
            return found
        self._metrics.event(query, found.reason)
        if found.reason not in self._told:
            self._told.add(found.reason)
            logger.warning(
                "The result cache %s had an entry that is damaged or was not written with this"
                " application's secret; it counts as absent.",
                self.name,
            )
        return found

    def failed(self, error: Exception, query: str, rest: Rest) -> None:
        """Count a failure, log the first one of its kind, and have nothing asked for a while.

        Args:
            error: What failed.
            query: What was asked, for the figures.
            rest: Of what was asked: for failures that concern nothing else.
        """
        kind = kind_of(error) or _FAULT
        (rest if concerns_one(kind) else self._rest).failed()
        self._metrics.event(query, f"forgiven:{kind}")
        if kind in self._told:
            return
        self._told.add(kind)
        if kind == _FAULT:
            logger.error(
                "The result cache %s failed; answers are computed.", self.name, exc_info=error
            )
        else:
            said = server_message(error) if isinstance(error, FraiseQLError) else str(error)
            logger.warning(
                "The result cache %s cannot be used (%s); answers are computed: %s",
                self.name,
                kind,
                said,
            )
