"""Unit: one part of an application's operations, ready to be asked for."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Final

from fraiseql.caching.dependencies.privileges import Reader, joined_digest
from fraiseql.caching.results.backoff import Rest
from fraiseql.caching.results.fill import answer
from fraiseql.caching.results.keys import Keys, NoKey
from fraiseql.caching.results.load_dependencies import Needs
from fraiseql.caching.results.namespace import Place
from fraiseql.caching.results.readers import Readers
from fraiseql.caching.results.runtime import Process
from fraiseql.caching.results.stores.base import Lookup
from fraiseql.caching.results.stores.failsafe import Guarded
from fraiseql.caching.results.stores.request import Subject
from fraiseql.database import watched_writes
from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.results import Answered, Ask, Compute, Computed, Part
from fraiseql.schema.storage import Cache, seconds

_SOON: Final = 1.0
"""Seconds after which it is nothing strange that definitions have changed again."""

_MOST_IN_TURN: Final = 5
"""Times that they may change sooner, before answers are not kept for a while."""

_MOST_ROLES: Final = 1_000

_ETAG: Final = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a unit finds in its application.

    Attributes:
        process: What the process shares.
        store: Where values are kept.
        place: Returns database, role and settings that answers are read under.
        needs: Loads what a part depends on, or says in one word why it is not kept for now.
        outdated: Called when what was loaded for a part is out of date.
        readers: The roles by which requests are judged.
        resettled: Called when connections begin with other settings.
    """

    process: Process
    store: Guarded
    place: Callable[[], Awaitable[Place]]
    needs: Callable[[Part], Awaitable[Needs | str]]
    outdated: Callable[[Part, Needs], None]
    readers: Readers
    resettled: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is known once the dependencies are loaded."""

    needs: Needs
    place: Place
    keys: Keys
    lookup: Lookup
    session: bool
    ttl: float | None
    stale: float
    _rights: dict[str | None, tuple[Reader, int]] = field(default_factory=dict)

    def rights_of(self, reader: Reader) -> int:
        """Return the digest of a reader's roles and the owners of what is read."""
        known = self._rights.get(reader.role)
        if known is None or known[0] is not reader:
            if len(self._rights) >= _MOST_ROLES:
                self._rights.clear()
            needed = self.needs.dependencies
            digest = joined_digest(reader.roles, needed.owners) ^ needed.database_owner
            known = self._rights[reader.role] = reader, digest
        return known[1]


class CachedUnit:
    """Answers one part from its store, or has it computed; see ``fraiseql.results.Unit``.

    Args:
        ground: The application's caches.
        part: What is asked.
    """

    def __init__(self, ground: Ground, part: Part) -> None:
        cache: Cache = part.cache
        self._ground = ground
        self._part = part
        self._python = part.definition.function is not None
        # What Python functions see of a request, its session variables among it, nobody knows.
        self._personal = self._python or bool(part.functions)
        self._query = part.definition.graphql_name
        self._ttl = None if cache.ttl is None else seconds("ttl", cache.ttl)
        self._stale = None if cache.stale is None else seconds("stale", cache.stale)
        self._rest = Rest()
        self._loading = asyncio.Lock()
        self._ready: _Ready | None = None
        self._why = ""
        self._loaded = -_SOON
        self._in_turn = 0
        self._told_no_key = False
        self._told_reads: set[str] = set()

    @property
    def max_age(self) -> float:
        """Seconds for which a value may be given without asking again; 0 for none."""
        return self._stale or 0.0

    @property
    def private(self) -> bool:
        """Whether a value is for one client only."""
        ready = self._ready
        return ready is None or ready.session or bool(self._part.cache.vary)

    def forget(self) -> None:
        """Load anew what the part depends on, when it is next asked for."""
        if self._ready is not None:
            self._ground.outdated(self._part, self._ready.needs)
        self._ready = None
        self._in_turn = self._in_turn + 1 if monotonic() - self._loaded < _SOON else 0
        if self._in_turn >= _MOST_IN_TURN:
            # Whatever it is that changes all the time: it is not loaded for every request.
            self._in_turn, self._why = 0, "redefined"
            self._rest.failed()

    def look(self) -> None:
        """Try again at once what could not be kept."""
        if self._ready is None:
            self._rest.succeeded()

    async def answer(self, ask: Ask, compute: Compute) -> Answered:
        """Answer a request; what the cache cannot do, ``compute`` does.

        Raises:
            Whatever ``compute`` raises; the cache itself fails no request.
        """
        process = self._ground.process
        if self._python or self._part.functions:
            compute = partial(self._watching, compute)
        ready = self._ready or await self._made_ready()
        if isinstance(ready, str):
            return await process.alone(self._query, compute, ready)
        try:
            key = ready.keys.key(ask)
        except NoKey as error:
            self._tell(error)
            return await process.alone(self._query, compute, "no_key")
        reader = self._ground.readers.get(ask.identity.role) or await self._reader(ask)
        if reader is None:
            return await process.alone(self._query, compute, "failed")
        etags = _etags(ask) if ask.etags else ()
        if ready.stale:
            remembered = process.remembered(self._query, key, ready.stale, etags)
            if remembered is not None:
                return remembered
        subject = self._subject(ready, ask, key, reader)
        return await answer(process, self._ground.store, subject, etags, compute)

    async def _reader(self, ask: Ask) -> Reader | None:
        """Load the roles by which a request is judged; None where that fails."""
        try:
            return await self._ground.readers.load(ask.identity.role)
        except FraiseQLError as error:
            self._ground.store.failed(error, self._query, self._rest)
            return None

    def redefined(self) -> None:
        """Load again what the part depends on, when it is next asked for."""
        self.forget()

    def rights_changed(self, role: str | None) -> None:
        """Load again which roles count, of the part and of requests with ``role``."""
        self._ground.readers.drop(role)
        self.forget()

    def settings_changed(self) -> None:
        """Replace connections, and load the settings again that they begin with."""
        self._ground.resettled()

    def _subject(self, ready: _Ready, ask: Ask, key: bytes, reader: Reader) -> Subject:
        found = ready.lookup
        return Subject(
            key=key,
            query=self._query,
            lookup=Lookup(found.dependencies, found.stale, found.source_age, reader),
            tags=lambda: ready.needs.tags(ask.arguments()),
            ttl=ready.ttl,
            stale=ready.stale,
            timed=ready.needs.timed,
            rest=self._rest,
            freshness=self._part.freshness,
            place=ready.place,
            sessions=ready.session,
            rights=ready.rights_of(reader),
            known=self,
        )

    async def _made_ready(self) -> _Ready | str:
        """Load what the part depends on, once for all who ask meanwhile."""
        if self._rest.resting:
            return self._why
        async with self._loading:
            if self._ready is None and not self._rest.resting:
                self._why = await self._load()
            return self._ready or self._why

    async def _load(self) -> str:
        """Load; return in one word why it is not kept for now, or nothing."""
        try:
            needs = await self._ground.needs(self._part)
            if isinstance(needs, str):
                self._rest.failed()
                return needs
            self._ready = await self._ready_with(needs)
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is computed
            self._ground.store.failed(error, self._query, self._rest)
            return "failed"
        self._loaded = monotonic()
        return ""

    async def _ready_with(self, needs: Needs) -> _Ready:
        found = needs.dependencies
        session = found.session or self._personal
        # Also of what depends on nothing that is logged: a Python function may read this database,
        # and those of others may share the store.
        place = await self._ground.place()
        keys = Keys(
            place.key(sessions=session), self._part, sessions=session, meaning=needs.meaning
        )
        freshness = self._part.freshness
        # Where time alone decides, what is invalidated is gone at once all the same.
        stale = 0.0 if needs.timed else self._stale or 0.0
        lookup = Lookup(found, stale, None if freshness is None else freshness.age)
        # Where time alone decides, each of the two stands for the other.
        ttl = self._stale if needs.timed and self._ttl is None else self._ttl
        behind = self._stale or (self._ttl if needs.timed else None) or 0.0
        return _Ready(needs, place, keys, lookup, session, ttl, behind)

    async def _watching(self, compute: Compute) -> Computed:
        """Compute; leave the cache alone for a while where the key says too little."""
        computed = await without_writes(compute)
        if computed.unvaried:
            self._tell_reads(computed.unvaried)
            # Requests would only wait for one another.
            self._ready, self._why = None, "unvaried"
            self._rest.failed()
        return computed

    def _tell_reads(self, names: Sequence[str]) -> None:
        new = [name for name in names if name not in self._told_reads]
        if new:
            self._told_reads.update(new)
            logger.warning(
                "An answer of %s is not cached: its code read %s, which is not in the key."
                " Name an entry of info.context in vary= of its Cache, or in shared= where it is"
                " the same for every client; pass anything else as an argument.",
                self._query,
                ", ".join(new),
            )

    def _tell(self, error: NoKey) -> None:
        if not self._told_no_key:
            self._told_no_key = True
            logger.warning(
                "%s is not kept: %r is nothing that JSON can say, so it cannot be in the key.",
                self._query,
                error.what,
            )


async def without_writes(compute: Compute) -> Computed:
    """Compute; what was computed while something was written is not sound."""
    with watched_writes() as writes:
        computed = await compute()
    return replace(computed, sound=False) if writes.any else computed


def _etags(ask: Ask) -> Sequence[bytes]:
    return [bytes.fromhex(etag) for etag in ask.etags if _ETAG.fullmatch(etag)]
