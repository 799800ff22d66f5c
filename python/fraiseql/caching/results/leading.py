"""Leading: the steps of the one who answers for all that ask for a key at the same time.

Look up; then lead among all processes, look up again (another one may have stored it meanwhile),
compute, store. What is computed is labelled with the snapshot of the look-up before it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import uniform
from time import monotonic
from typing import Final

from fraiseql.caching.results.coalescing import Flight
from fraiseql.caching.results.compute import computed_value, entry_of, is_kept, put, why
from fraiseql.caching.results.early_recompute import compute_early, is_due
from fraiseql.caching.results.runtime import Process, Value, given
from fraiseql.caching.results.stores.base import Entry, Found
from fraiseql.caching.results.stores.failsafe import Guarded, Lead
from fraiseql.caching.results.stores.request import Subject
from fraiseql.results import Answered, Compute

_FIRST_POLL: Final = 0.02
_LONGEST_POLL: Final = 0.1
_GROWTH: Final = 1.5


class Leading:
    """One turn of answering a key.

    Args:
        process: What the process shares.
        store: Where the value is kept.
        subject: What is asked.
        flight: Those who wait for the same; it is ended in any case.
        etags: Digests of values that the client has.
        compute: Computes the value.
        waited: Whether another one's turn was waited for.
    """

    def __init__(
        self,
        process: Process,
        store: Guarded,
        subject: Subject,
        *,
        flight: Flight[Value],
        etags: Sequence[bytes],
        compute: Compute,
        waited: bool,
    ) -> None:
        self._process = process
        self._store = store
        self._subject = subject
        self._flight = flight
        self._etags = etags
        self._compute = compute
        self._flying = True
        self._lead: Lead | None = None
        self._waited = waited
        self._at = 0.0

    async def answer(self) -> Answered:
        """Answer the request, and those who wait.

        Raises:
            Whatever the computation raises.
        """
        try:
            return await self._answered()
        except asyncio.CancelledError:
            self._give_up(failed=False)
            raise
        except BaseException:
            self._give_up(failed=True)
            raise

    async def _answered(self) -> Answered:
        """Lead among all processes, or wait for the one that does."""
        found = await self._look()
        pause, until = _FIRST_POLL, monotonic() + self._process.patience
        while self._is_wanted(found):
            self._flight.reopen()
            self._lead = await self._store.lead(self._subject)
            if self._lead is not None:
                found = await self._look()
                break
            if monotonic() > until:
                # Who comes from now on may have written: it is not in what is computed.
                self._flight.begin()
                break
            self._waited = True
            await asyncio.sleep(pause * uniform(1.0, _GROWTH))  # noqa: S311 - no secret
            pause = min(pause * _GROWTH, _LONGEST_POLL)
            found = await self._look()
        if found is not None and not self._subject.source_serves(found):
            return await self._apart()
        if found is not None and self._subject.gives(found):
            return await self._hit(found)
        return await self._computed(found)

    async def _look(self) -> Found | None:
        """Look up for all who are there; those who come later wait for what is begun later."""
        crowd = self._flight.begin()
        self._at = monotonic()
        found = await self._store.find(self._subject, () if crowd else self._etags)
        if found is not None:
            self._subject.compare(found)
        return found

    def _is_wanted(self, found: Found | None) -> bool:
        """Whether a value is to be computed that can be stored."""
        subject = self._subject
        if found is None or subject.gives(found):
            return False
        return subject.fills(found) and subject.source_serves(found)

    async def _hit(self, found: Found) -> Answered:
        subject, process = self._subject, self._process
        value = _value_of(found, subject)
        process.remember(subject, value, self._at)
        if value.body is not None:
            self._flight.land(value)
        self._end()
        if is_due(found):
            early = await compute_early(process, self._store, subject, self._compute)
            if early is not None:
                return early
        return process.count(subject, value, given(value, self._etags, collapsed=self._waited))

    async def _apart(self) -> Answered:
        """Have everybody compute: what is read instead of the tables is too old to be given."""
        self._flying = False
        self._flight.disperse()
        self._end()
        return await self._process.alone(self._subject.query, self._compute, "source_stale")

    async def _computed(self, found: Found | None) -> Answered:
        """Compute, give it to those who wait, and have it stored."""
        subject, process = self._subject, self._process
        computed, value = await computed_value(self._compute, subject, found, self._at)
        outcome, detail = why(found) if value is None else (value.outcome, value.detail)
        answered = Answered(outcome, computed=computed, collapsed=self._waited, detail=detail)
        answered.source_seconds = computed.source_seconds
        if value is None:
            process.metrics.event(subject.query, "unsound")
            self._give_up(failed=True)
        else:
            self._share(found, value, answered)
        size = len(computed.value or b"")
        process.metrics.answered(subject.query, subject.key, answered, 0.0, size)
        return answered

    def _share(self, found: Found | None, value: Value, answered: Answered) -> None:
        subject, process = self._subject, self._process
        answered.etag = value.etag.hex()
        self._flight.land(value)
        if found is None or not is_kept(process, subject, found, value):
            self._end()
            return
        entry = entry_of(subject, found, value)
        answered.ttl, answered.stored = entry.ttl, True
        process.remember(subject, replace(value, ttl=entry.ttl), self._at)
        process.puts.start(self._put(entry), len(entry.body))

    async def _put(self, entry: Entry) -> None:
        """Store, and only then let others look up and lead: they are to find it."""
        try:
            await put(self._process, self._store, self._subject, entry)
        finally:
            self._end()

    def _end(self) -> None:
        """Let others look up, lead and compute."""
        self._release()
        if self._flying:
            self._flying = False
            self._flight.end()

    def _give_up(self, *, failed: bool) -> None:
        """Have one who waits compute in our place."""
        self._release()
        if self._flying:
            self._flying = False
            self._flight.give_up(failed=failed)

    def _release(self) -> None:
        lead, self._lead = self._lead, None
        if lead is not None:
            # Not here: who is cancelled has no time, and nobody is to wait for it.
            self._process.puts.start(lead.release())


def _value_of(found: Found, subject: Subject) -> Value:
    return Value(
        "hit",
        found.body,
        found.etag,
        subject.behind(found),
        found.source_seconds,
        found.ttl,
        found.cost,
        found.made,
    )
