"""Scratch copies of a database: where candidates are measured."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Final, Literal

from fraiseql.catalog.picture import quote
from fraiseql.database import Pool, open_pool
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.database.load import copy_rows
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.errors import ConfigurationError, FraiseQLError
from fraiseql.operating.advise.dump import dump_section, restore
from fraiseql.operating.advise.relations import (
    WHOLE,
    CopiedTable,
    incomplete_objects,
    rows_sql,
    tables_to_copy,
)
from fraiseql.operating.advise.scratch_server import no_scratch, scratch_server
from fraiseql.settings import Settings
from fraiseql.sizing.sizes import MB, shown
from fraiseql.sql_files import load_sql
from fraiseql.sql_names import OWN_PATH

Form = Literal["embedded", "url", "transaction"]

_SQL: Final = load_sql(__name__)
_RATE: Final = 20 * MB
"""Bytes that are copied in a second, with their indexes: measured on a machine of two cores."""

_START: Final = 5.0
"""Seconds for the start of a server, and for the definitions."""

_FREE: Final = 2.5
"""Bytes of free disk for each byte of the copy: a second one is made of it."""

_COPY: Final = "before"
_PLANNER: Final = (
    "default_statistics_target",
    "effective_cache_size",
    "from_collapse_limit",
    "hash_mem_multiplier",
    "jit",
    "join_collapse_limit",
    "max_parallel_workers_per_gather",
    "random_page_cost",
    "seq_page_cost",
    "work_mem",
)


@dataclass(frozen=True, slots=True)
class ScratchLimits:
    """Limits of a scratch copy.

    Attributes:
        seconds: Seconds that making it may take.
        percent: Share of the rows of large tables.
    """

    seconds: float = 600.0
    percent: float = WHOLE


USUAL_LIMITS: Final = ScratchLimits()


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where candidates are measured.

    Attributes:
        form: ``embedded``: a copy on a server of its own; ``url``: a database that its owner
            copied; ``transaction``: the database itself, in transactions that are rolled back.
        url: Its address.
        percent: Share of the rows of large tables.
        bytes: Bytes of the tables and indexes that were copied.
        seconds: Seconds that the copy took.
        version: Version of its server.
        notes: Differences from the source.
    """

    form: Form
    url: str
    percent: float = WHOLE
    bytes: int = 0
    seconds: float = 0.0
    version: str = ""
    notes: tuple[str, ...] = ()
    server: EmbeddedServer | None = field(default=None, repr=False)

    @property
    def has_copies(self) -> bool:
        """Whether a second copy can be made, in which ``db apply`` runs."""
        return self.server is not None

    @asynccontextmanager
    async def second_copy(self, settings: Settings) -> AsyncIterator[str]:
        """Make a copy of the copy, which is dropped after the block; yield its address.

        No connection to the first one may be open.

        Raises:
            ConfigurationError: ``ADVISE_NO_SCRATCH``: this form has none, or the disk is full.
        """
        if self.server is None:
            raise no_scratch(f"the form {self.form} has one database")
        name = "after"
        async with _admin(self.server.url, settings) as admin:
            try:
                await admin.execute(f"CREATE DATABASE {name} TEMPLATE {_COPY} STRATEGY file_copy")
                async with _admin(self.url, settings) as first:
                    session = await _session_settings(first)
                await _set_session(admin, name, session)
            except FraiseQLError as error:
                raise no_scratch(_server_words(error)) from error
            try:
                yield self.server.url_for(name)
            finally:
                await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True, slots=True)
class CopyEstimate:
    """Estimated cost of a copy.

    Attributes:
        bytes: Bytes of its tables and indexes.
        seconds: Seconds that it takes.
    """

    bytes: int
    seconds: float


def estimate(tables: Sequence[CopiedTable], percent: float) -> CopyEstimate:
    """Return the estimated cost of copying tables."""
    total = sum(each.bytes + each.index_bytes for each in tables)
    size = int(total * percent / WHOLE)
    return CopyEstimate(size, _START + size / _RATE)


@asynccontextmanager
async def embedded_scratch(
    url: str, settings: Settings, relations: Iterable[str], limits: ScratchLimits
) -> AsyncIterator[Scratch]:
    """Copy relations to a temporary embedded server for the block.

    Args:
        url: Address of the source, which is only read.
        settings: Settings of the application.
        relations: Relations whose rows are needed, each ``schema.name``.
        limits: Limits of the copy.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: it would take too long, the disk is too small,
            or the role may not read a table.
        DatabaseError: The source cannot be reached.
    """
    source = await open_pool(url, settings)
    try:
        tables = await tables_to_copy(source, relations)
        cost = estimate(tables, limits.percent)
        _check_time(cost, limits)
        _check_disk(cost, settings.data_dir)
        with scratch_server(settings.data_dir) as server:
            start = time.monotonic()
            async with asyncio.timeout(limits.seconds):
                notes = await _copied(source, url, server, tables, limits)
            yield Scratch(
                "embedded",
                server.url_for(_COPY),
                limits.percent,
                cost.bytes,
                time.monotonic() - start,
                server.version,
                tuple(notes),
                server,
            )
    except TimeoutError:
        reason = f"copying {shown(cost.bytes)} took longer than {limits.seconds:g} s"
        raise no_scratch(f"{reason}; see --budget and --sample") from None
    finally:
        await source.close()


def _check_time(cost: CopyEstimate, limits: ScratchLimits) -> None:
    if cost.seconds > limits.seconds:
        fitting = limits.percent * max(limits.seconds - _START, 0) / (cost.seconds - _START)
        offer = f", or copy a sample: --sample {fitting:.2g}" if fitting > 0 else ""
        raise ConfigurationError(
            f"A scratch copy of {shown(cost.bytes)} takes about {cost.seconds:.0f} s, longer"
            f" than the {limits.seconds:g} s of --budget.",
            hint=f"Allow more: --budget {max(1, ceil(cost.seconds / 40))}min{offer}.",
            code="ADVISE_NO_SCRATCH",
        )


def _check_disk(cost: CopyEstimate, data_dir: Path | str) -> None:
    place = Path(data_dir).absolute()
    existing = next(each for each in (place, *place.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    needed = int(cost.bytes * _FREE) + 64 * MB
    if free < needed:
        raise no_scratch(
            f"{existing} has {shown(free)} free, and a copy of {shown(cost.bytes)} needs"
            f" {shown(needed)}; --sample copies less, FRAISEQL_DATA_DIR chooses another disk"
        )


async def _copied(
    source: Pool,
    url: str,
    server: EmbeddedServer,
    tables: Sequence[CopiedTable],
    limits: ScratchLimits,
) -> list[str]:
    """Copy definitions and rows; return the differences."""
    settings = Settings()
    async with open_admin(source) as reader, reader.snapshot():
        snapshot = await reader.fetchval(_SQL["snapshot"].text)
        await _create_database(reader, server, settings)
        target = server.url_for(_COPY)
        try:
            before = await dump_section(url, server.binaries, "pre-data", snapshot)
            problems = await restore(target, server.binaries, before)
            async with _admin(target, settings) as writer:
                await _check_present(writer, tables, problems)
                await reader.execute("SET LOCAL row_security = off")
                # Constraints and generated columns may call functions that name no schemas.
                async with writer.declared():
                    for table in tables:
                        query = rows_sql(table, tables, limits.percent)
                        place = (table.schema, table.name)
                        await copy_rows(reader, writer, query, place, table.columns)
            parts = await incomplete_objects(reader, tables, limits.percent)
            without = {(each.catalog, each.id) for each in parts}
            after = await dump_section(url, server.binaries, "post-data", snapshot, without)
            problems += await restore(target, server.binaries, after)
            async with _admin(target, settings) as writer:
                problems += await _analyzed(writer, tables)
        except FraiseQLError as error:
            if isinstance(error, ConfigurationError):
                raise
            raise no_scratch(_server_words(error)) from error
    labels = ", ".join(each.label for each in parts)
    notes = [f"not in the copy, which lacks tables or rows: {labels}"] if parts else []
    return [*notes, *(f"not in the copy: {problem}" for problem in dict.fromkeys(problems))]


async def _analyzed(writer: AdminConnection, tables: Sequence[CopiedTable]) -> list[str]:
    """Collect the statistics of tables; return what failed, such as functions of an index."""
    problems = []
    for table in tables:
        try:
            await writer.execute(f"VACUUM (ANALYZE) {table.sql}")
        except FraiseQLError as error:
            problems.append(f"statistics of {table.label}: {_server_words(error)}")
    return problems


async def _create_database(
    reader: AdminConnection, server: EmbeddedServer, settings: Settings
) -> None:
    """Create the roles that policies name, and a database with the source's planner settings."""
    roles = [row["name"] for row in await reader.fetch(_SQL["roles"].text)]
    session = await _session_settings(reader)
    async with _admin(server.url, settings) as admin:
        for role in roles:
            await admin.execute(f"CREATE ROLE {quote(role)} NOLOGIN")
        await admin.execute(f"CREATE DATABASE {_COPY} TEMPLATE template0")
        await _set_session(admin, _COPY, session)


async def _session_settings(session: AdminConnection) -> dict[str, str]:
    """Return the settings of the planner, and the search path, of a database's sessions."""
    names = [*_PLANNER, "search_path"]
    return {row["name"]: row["value"] for row in await session.fetch(_SQL["settings"].text, names)}


async def _set_session(admin: AdminConnection, database: str, settings: Mapping[str, str]) -> None:
    """Give the sessions of a database some settings."""
    for name, value in settings.items():
        # A search path is a list, which has no form as one literal.
        await admin.execute(_SQL["use"].text, name, value)
        await admin.execute(f"ALTER DATABASE {database} SET {quote(name)} FROM CURRENT")
        await admin.execute(f"RESET {quote(name)}")
    await admin.execute(OWN_PATH)


async def _check_present(
    writer: AdminConnection, tables: Sequence[CopiedTable], problems: Sequence[str]
) -> None:
    for table in tables:
        if await writer.fetchval(_SQL["present"].text, table.sql) is None:
            reason = problems[0] if problems else "it was not created"
            raise no_scratch(f"{table.label} cannot be created in it: {reason}")


@asynccontextmanager
async def _admin(url: str, settings: Settings) -> AsyncIterator[AdminConnection]:
    pool = await open_pool(url, settings)
    try:
        async with open_admin(pool) as admin:
            yield admin
    finally:
        await pool.close()


def _server_words(error: FraiseQLError) -> str:
    cause = error.__cause__
    return str(cause) if cause is not None else error.message
