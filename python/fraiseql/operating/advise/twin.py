"""Statistics twin: an empty copy that plans as the original."""

import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.database import Identity, Pool, Transaction, open_pool
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.database.writing import open_admin, server_message
from fraiseql.errors import FraiseQLError
from fraiseql.expressions import literal
from fraiseql.operating.advise.candidate import INDEX_KINDS, Candidate
from fraiseql.operating.advise.dump import dump_statistics, restore
from fraiseql.operating.advise.plan_session import PlanSession, PlanTree, cost
from fraiseql.operating.advise.scratch_server import no_scratch
from fraiseql.operating.advise.workload import WorkloadStatement
from fraiseql.settings import Settings
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_PAGE: Final = 8_192
_SEGMENT_PAGES: Final = 131_072
_DATABASE: Final = "twin"
_LEAST_TUPLE: Final = 20.0
"""Bytes of an index for each row at least: a partial one has few rows."""

_FULL: Final = "No space left on device"


class StatisticsTwin:
    """Plans statements in a twin, with candidates as if they existed.

    Made by ``open_twin``.

    Args:
        server: The server of the twin.
        pool: Connections to the twin.
        session: The transaction that plans.

    Attributes:
        refusals: Why a candidate cannot be made, by its id.
    """

    name = "a statistics twin"
    factor = 2.0

    def __init__(self, server: EmbeddedServer, pool: Pool, session: Transaction) -> None:
        self._server = server
        self._pool = pool
        self._session = session
        self._planner = PlanSession(session)
        self._indexes: dict[str, int] = {}
        self._used: frozenset[int] = frozenset()
        self._plans: dict[str, list[PlanTree]] = {}
        self.refusals: dict[str, str] = {}

    async def add(self, candidates: Iterable[Candidate]) -> None:
        """Create the indexes of candidates, which no plan uses before it is asked to.

        Raises:
            DatabaseError: The twin cannot be reached.
        """
        every = list(candidates)
        for each in every:
            if each.kind == "drop index":
                await self._find(each)
        indexes = [each for each in every if each.kind in INDEX_KINDS]
        new = [each for each in indexes if each.id not in self._indexes]
        tables = {each.table: each.within_schema(each.table) for each in new}
        sizes = {name: await self._sizes(parts) for name, parts in tables.items()}
        # An index over empty files takes no time; their statistics return afterwards.
        for name in tables:
            self._resize(sizes[name]["path"], 0)
        async with open_admin(self._pool) as writer:
            for each in new:
                await self._create(writer, each, sizes[each.table])
            for name, parts in tables.items():
                size = sizes[name]
                await writer.fetch(_SQL["sized"].text, *parts, size["pages"], size["rows"])
            await writer.execute("CHECKPOINT")
        for name in tables:
            self._resize(sizes[name]["path"], sizes[name]["pages"])
        created = [self._indexes[each.id] for each in new if each.id in self._indexes]
        await self._session.execute(_SQL["hide"].text.format(_oids(created)))

    async def _find(self, candidate: Candidate) -> None:
        """Find an index that a candidate drops."""
        rows = await self._pool.inspect(
            _SQL["index"].text, candidate.within_schema(candidate.target)
        )
        if rows:
            self._indexes[candidate.id] = rows[0]["oid"]
        else:
            self.refusals[candidate.id] = "the copy has no such index"

    async def _create(
        self, writer: Transaction, candidate: Candidate, size: Mapping[str, Any]
    ) -> None:
        try:
            await writer.execute(candidate.ddl[0].replace(" CONCURRENTLY ", " ", 1))
        except FraiseQLError as error:
            self.refusals[candidate.id] = server_message(error)
            return
        row = await writer.fetchrow(_SQL["newest"].text, *candidate.within_schema(candidate.table))
        assert row is not None  # noqa: S101 - it was created
        pages = max(candidate.size // _PAGE, 1)
        rows = min(size["rows"], float(candidate.size) / _LEAST_TUPLE)
        await writer.fetch(_SQL["sized"].text, row["schema"], row["name"], pages, rows)
        self._resize(row["path"], pages)
        self._indexes[candidate.id] = row["oid"]

    async def _sizes(self, names: Sequence[str]) -> Mapping[str, Any]:
        (row,) = await self._pool.inspect(_SQL["size"].text, names)
        return dict(row)

    def _resize(self, path: str, pages: int) -> None:
        grow(self._server.data / path, pages)

    async def plans(self, statement: WorkloadStatement) -> Sequence[PlanTree]:
        """Return the plans without any candidate; empty if it cannot be planned."""
        if statement.id not in self._plans:
            await self._use(frozenset())
            self._plans[statement.id] = await self._planner.plans(statement)
        return self._plans[statement.id]

    async def cost_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> float | None:
        """Return the cost with candidates; None if it cannot be planned."""
        if not await self._use_those_of(candidates):
            return None
        plans = await self._planner.plans(statement)
        return cost(plans) if plans else None

    async def work_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> float | None:
        """Return the cost with candidates without pages; None if it cannot be planned."""
        if not await self._use_those_of(candidates):
            return None
        return await self._planner.work(statement)

    async def _use_those_of(self, candidates: Sequence[Candidate]) -> bool:
        """Make the indexes of candidates valid; return whether all exist."""
        if any(each.id in self.refusals for each in candidates):
            return False
        await self._use(
            frozenset(self._indexes[each.id] for each in candidates if each.id in self._indexes)
        )
        return True

    async def _use(self, oids: frozenset[int]) -> None:
        """Make these indexes valid, and the other candidates invalid."""
        changed = oids ^ self._used
        if changed:
            await self._session.execute(_SQL["toggle"].text.format(_oids(changed)))
            self._used = oids


def _oids(oids: Iterable[int]) -> str:
    return ", ".join(str(oid) for oid in oids) or "0"


def grow(path: Path, pages: int) -> None:
    """Give a relation a size without contents, in files of a gigabyte."""
    place = 0
    while True:
        part = path if place == 0 else path.with_name(f"{path.name}.{place}")
        own = min(max(pages - place * _SEGMENT_PAGES, 0), _SEGMENT_PAGES)
        if place and not own:
            part.unlink(missing_ok=True)
            return
        with part.open("ab"):
            os.truncate(part, own * _PAGE)
        place += 1


@asynccontextmanager
async def open_twin(
    server: EmbeddedServer, pool: Pool, settings: Settings, page_cost: float
) -> AsyncIterator[StatisticsTwin]:
    """Copy the definitions and statistics of a database to an empty server.

    Args:
        server: The server, which nothing else uses.
        pool: Connections to the database.
        settings: Settings of the application, with the address of the database.
        page_cost: ``random_page_cost`` of the plans.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: the database cannot be copied.
        DatabaseError: A database cannot be reached.
    """
    planning = await pool.inspect(_SQL["planning"].text)
    await _copy(server, pool, settings)
    own = await open_pool(server.url_for(_DATABASE), settings)
    try:
        await _grow_all(own, server.data)
        async with own.acquire(Identity.NONE, recorded=True) as connection:
            session = Transaction(connection)
            await session.execute("BEGIN READ WRITE")
            values = {row["name"]: row["setting"] for row in planning}
            await _set_planning(session, {**values, "random_page_cost": str(page_cost)})
            yield StatisticsTwin(server, own, session)
    finally:
        await own.close()


async def _copy(server: EmbeddedServer, pool: Pool, settings: Settings) -> None:
    first = await open_pool(server.url, settings)
    try:
        async with open_admin(first) as writer:
            await writer.execute(f"DROP DATABASE IF EXISTS {quote(_DATABASE)} WITH (FORCE)")
            await writer.execute(f"CREATE DATABASE {quote(_DATABASE)} TEMPLATE template0")
    finally:
        await first.close()
    twin, programs = server.url_for(_DATABASE), server.binaries
    rows = await pool.inspect(_SQL["unreadable"].text)
    dump = await dump_statistics(settings.database_url, programs, [row["name"] for row in rows])
    # What an extension that is not installed here defines is missing: its statements have no plan.
    errors = await restore(twin, programs, dump)
    full = [error for error in errors if _FULL in error]
    if full:
        raise no_scratch(full[0])


async def _grow_all(pool: Pool, data: Path) -> None:
    async with open_admin(pool) as writer:
        await writer.execute("CHECKPOINT")
        rows = await writer.fetch(_SQL["all_sizes"].text)
    try:
        for row in rows:
            grow(data / row["path"], row["pages"])
    except OSError as error:
        raise no_scratch(f"{data}: {error.strerror or error}") from error


async def _set_planning(session: Transaction, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        await session.execute("SAVEPOINT setting")
        try:
            await session.execute(f"SET LOCAL {quote(name)} = {literal(value)}")
        except FraiseQLError:
            # A setting of another version.
            await session.execute("ROLLBACK TO SAVEPOINT setting")
