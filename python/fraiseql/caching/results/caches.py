"""Caches: the result caches of one application, in one process."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from fraiseql.caching.results.admin.privileges import advice, lacking
from fraiseql.caching.results.cached_field import CachedUnit, Ground
from fraiseql.caching.results.declared import caches_of, has_caches
from fraiseql.caching.results.load_dependencies import NOT_APPLIED, Needs, load_needs
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.namespace import Place, load_place
from fraiseql.caching.results.readers import Readers
from fraiseql.caching.results.refusals import cache_refusals
from fraiseql.caching.results.runtime import Process
from fraiseql.caching.results.sharing import SharedNeeds
from fraiseql.caching.results.stats import EVERY, Figures
from fraiseql.caching.results.stores.failsafe import Guarded
from fraiseql.caching.results.stores.registry import Stores
from fraiseql.caching.results.stores.transient_errors import kind_of
from fraiseql.catalog.picture import quote
from fraiseql.database import Pool
from fraiseql.database.origin import NEEDED
from fraiseql.database.writing import server_message
from fraiseql.errors import DatabaseUnavailable, DeclarationError, FraiseQLError
from fraiseql.events import logger
from fraiseql.results import Part, Unit
from fraiseql.schema import Schema
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.storage import Cache
from fraiseql.settings import Settings

_MOST_EXPLICIT: Final = 1_000
"""Kinds of results under programs' own keys of which is remembered what they depend on."""

_THERE: Final = """\
SELECT to_regclass('fraiseql.changes') IS NOT NULL
  AND to_regprocedure('fraiseql.result_shape(oid[])') IS NOT NULL AS there,
  current_user::text AS role,
  ARRAY(SELECT f FROM unnest($1::text[]) AS f
    WHERE NOT has_function_privilege(f, 'EXECUTE')) AS server"""

CreateTables = Callable[[Pool], Awaitable[None]]

_NOT_ALLOWED: Final = "not_allowed"

_started: Final[WeakKeyDictionary[Pool, "ResultCaches"]] = WeakKeyDictionary()


class ResultCaches:
    """Keeps results as declared; see ``fraiseql.results.Results``.

    Args:
        settings: The application's.
        create_tables: Creates the tables that no declaration asks for, unless they exist.

    Attributes:
        counted: What is counted in this process.
        figures: Writes it to the database.
        stores: Stores and the connections that they share.
        process: What the process shares.
    """

    def __init__(self, settings: Settings, create_tables: CreateTables) -> None:
        self._settings = settings
        self._create_tables = create_tables
        self.counted = Metrics()
        self.figures = Figures(self.counted)
        self._units: WeakSet[CachedUnit] = WeakSet()
        self._reads: Pool | None = None
        self._applied = self._allowed = False
        self._told: set[str] = set()
        self._flushing: asyncio.Task[None] | None = None
        self._begin()

    def _begin(self) -> None:
        settings = self._settings
        self.stores = Stores(settings)
        self.process = Process(
            self.counted, settings.request_timeout, settings.cache_max_entry_bytes
        )
        self._guarded: dict[str, Guarded] = {}
        self._shared = SharedNeeds()
        self._place: Place | None = None
        self._placing = asyncio.Lock()
        self._readers = Readers(lambda: self._reads)
        self._making = asyncio.Lock()
        self._made = False
        self._explicit: OrderedDict[tuple[str, Cache], CachedUnit] = OrderedDict()

    # Life.

    async def start(self, schema: Schema, pool: Pool) -> None:
        """Make ready.

        Raises:
            DeclarationError: Something is declared to be kept that cannot be; the reason is told.
            ConfigurationError: A store cannot be used as the settings are.
            DatabaseError: The database cannot be reached.
        """
        self._begin()
        self._reads = pool
        pool.on_replaced = self._resettle
        _started[pool] = self
        if not self._settings.cache or not has_caches(schema):
            return
        refused = await cache_refusals(schema, pool)
        if refused:
            raise DeclarationError("\n".join(map(str, refused)), code=refused[0].code)
        for name in sorted({cache.store for cache in caches_of(schema)}):
            await self.stores.open(name)
        await self._look_for_tables(pool)
        if not self._applied:
            self._warn(
                "Results are kept as soon as `fraiseql db apply` has run with this application;"
                " until then every answer is computed."
            )
        self._begin_flushing()

    async def stop(self) -> None:
        """Write what is to be written and give back what was opened."""
        flushing, self._flushing = self._flushing, None
        if flushing is not None:
            flushing.cancel()
            await asyncio.wait([flushing])
            await self.process.puts.finish()
            await self._flush()
        await self.process.puts.finish()
        await self.stores.close()
        pool, self._reads = self._reads, None
        if pool is not None:
            pool.on_replaced = None
            _started.pop(pool, None)

    async def look(self) -> None:
        """Look anew at what the declarations read, as the database has it now."""
        if self._reads is None or not self._settings.cache:
            return
        await self._look_for_tables(self._reads)
        origin, place = await self._reads.check(), self._place
        if place is not None and not place.origin.same_settings(origin):
            self._resettle()
        self._shared.clear()
        for unit in tuple(self._units):
            unit.look()

    # Answers.

    def unit(self, part: Part) -> Unit | None:
        """Return what answers a part; None where it is not kept."""
        if not self._settings.cache:
            return None
        unit = CachedUnit(self._ground(part.cache), part)
        self._units.add(unit)
        return unit

    async def explicit(self, query: str, cache: Cache) -> CachedUnit | None:
        """Return what answers under keys that a program makes; None where nothing is kept.

        Args:
            query: The kind of result.
            cache: How it is kept.
        """
        if not self._settings.cache:
            return None
        if not self._made:
            await self.made()
        unit = self._explicit.get((query, cache))
        if unit is None:
            unit = CachedUnit(
                self._ground(cache), part_of(query, cache, self._settings.code_version)
            )
            self._explicit[query, cache] = unit
            self._units.add(unit)
            if len(self._explicit) > _MOST_EXPLICIT:
                self._explicit.popitem(last=False)
        self._explicit.move_to_end((query, cache))
        return unit

    async def made(self) -> None:
        """Have the tables made that no declaration wants; tried once, by one at a time."""
        async with self._making:
            if not self._made and self._reads is not None:
                await self._make(self._reads)
                self._made = True
        self._begin_flushing()

    async def _make(self, reads: Pool) -> None:
        try:
            pool = await self.stores.pool()
            await self._create_tables(pool)
            await self._look_for_tables(reads)
        except FraiseQLError as error:
            self._warn(
                "The tables of result caches cannot be made, and what was to be kept there is"
                f" computed: {server_message(error)}"
            )

    def metrics(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, in the text format of Prometheus."""
        return self.counted.lines()

    def store(self, name: str) -> Guarded:
        """Return a store as requests see it."""
        found = self._guarded.get(name)
        if found is None:
            opened = partial(self.stores.open, name)
            found = self._guarded[name] = Guarded(name, opened, self.counted)
        return found

    async def place(self) -> Place:
        """Return the database, role and settings that answers are read under.

        Raises:
            DatabaseError: The database cannot be asked.
        """
        async with self._placing:
            place = self._place
            if place is None:
                if self._reads is None:
                    raise DatabaseUnavailable("The application is not started.")
                place = self._place = await load_place(self._reads)
                (await self.stores.pool()).replace_all()
        return place

    def _resettle(self) -> None:
        """Load settings again, on new connections; a unit that does so all the time rests."""
        if self._placing.locked():
            return
        self._place = None
        for unit in tuple(self._units):
            unit.forget()

    def _ground(self, cache: Cache) -> Ground:
        store = self.store(cache.store)
        return Ground(
            self.process,
            store,
            self.place,
            self._needs,
            self._shared.drop,
            self._readers,
            self._resettle,
        )

    async def _needs(self, part: Part) -> Needs | str:
        pool = self._reads
        if pool is None:
            raise DatabaseUnavailable("The application is not started.")
        if not self._applied:
            return NOT_APPLIED
        if not self._allowed:
            return _NOT_ALLOWED
        shared = self._shared.get(part)
        if shared is not None:
            return shared
        needs = await load_needs(pool, part)
        if isinstance(needs, str):
            self._tell(part, needs)
        else:
            self._shared.put(part, needs)
        return needs

    def _tell(self, part: Part, why: str) -> None:
        name = part.definition.graphql_name
        hint = " Run `fraiseql db apply`." if why == NOT_APPLIED else ""
        if hint and part.definition.function is part_of:
            hint = " Its tags name a relation that no applied query with `cache=` reads."
        self._warn(f"Answers of {name} are computed and not kept: {why}.{hint}")

    def _warn(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            logger.warning(text)

    async def _look_for_tables(self, pool: Pool) -> None:
        rows: Any = await pool.inspect(_THERE, [NEEDED])
        self._applied = bool(rows[0]["there"])
        if self._applied:
            missing = await lacking(pool.inspect)
            self._allowed = all(one.purpose != "answers" for one in missing)
            if missing:
                self._warn(advice(rows[0]["role"], missing))
            if rows[0]["server"]:
                self._allowed = False
                self._warn(_unknown_server(rows[0]["role"], rows[0]["server"]))

    # Figures.

    def _begin_flushing(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_always())

    async def _flush_always(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._flush()

    async def _flush(self) -> None:
        with suppress(DatabaseUnavailable):
            pool = await self.stores.pool()
            try:
                await self.figures.flush(pool.inspect)
            except FraiseQLError as error:
                self._warn(f"Figures of result caches cannot be written: {kind_of(error)}")


def _unknown_server(role: str, functions: Sequence[str]) -> str:
    named = ", ".join(functions)
    return (
        f"The role {role} may not ask which server its connections lead to, so no answer is stored:"
        f" GRANT EXECUTE ON FUNCTION {named} TO {quote(role)}."
    )


def part_of(query: str, cache: Cache, code_version: str = "") -> Part:
    """Return the part that stands for results under keys that a program makes."""
    definition = QueryDefinition(query, query, Any, function=part_of, takes_info=False)
    return Part(definition, cache, code_version.encode(), ("key",), ())


def caches_behind(pool: Pool) -> ResultCaches | None:
    """Return the caches of the application whose connections these are; None where it has none."""
    return _started.get(pool)
