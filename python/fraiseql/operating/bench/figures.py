"""Measurement of every figure that a claim names."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Final

from fraiseql.database.writing import AdminConnection
from fraiseql.errors import DatabaseError, sqlstate_of
from fraiseql.operating.bench.queries import COUNTED, DASHBOARD, HIT, READS, REFUSALS, WRITE
from fraiseql.operating.bench.sample import Sample, number, quotient, sample_of, total
from fraiseql.operating.bench.transforms import transform_samples
from fraiseql.sizing import sizes
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql("fraiseql.operating.bench.dataset")
_BY_USERS: Final = frozenset({"users", "posts"})
_OF_SERVER: Final = frozenset({"drop", "buffers", "evict", "sizes"})
_EXAMPLE: Final = 16 * sizes.GB
_EXAMPLE_CONNECTIONS: Final = 32
_SLOW_RUNS: Final = 10

Announce = Callable[[str], None]
Samples = dict[str, Sample]

DERIVED: Final[Mapping[str, tuple[str, str]]] = {
    "hot_gain": ("cold_lookup", "hot_lookup"),
    "stored_gain": ("live_lookup", "stored_lookup"),
    "view_gain": ("live_dashboard", "view_dashboard"),
    "view_total_gain": ("live_dashboard", "view_total"),
    "unlogged_gain": ("logged_write", "unlogged_write"),
    "partial_index_gain": ("full_index_lookup", "partial_index_lookup"),
    "rust_gain": ("python_transform", "rust_transform"),
    "cache_gain": ("live_dashboard", "cache_hit"),
    "gin_gain": ("plain_list", "gin_list"),
}
"""Ratios of two figures."""

SUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "python_total": ("stored_lookup", "python_transform"),
    "rust_total": ("stored_lookup", "rust_transform"),
    "view_total": ("view_dashboard", "rust_transform"),
    "list_total": ("stored_list", "rust_transform"),
    "cached_total": ("cache_hit", "rust_transform"),
}
"""Sums of figures."""

_MEASURED: Final = (
    *READS,
    *REFUSALS,
    *("cold_lookup", "live_dashboard", "view_dashboard", "partial_size_gain", "break_even"),
    *("unlogged_write", "logged_write", "unlogged_read", "logged_read"),
    *("cache_hit", "cache_hit_counted"),
    *("python_transform", "rust_transform", "rust_selection", "rust_typename"),
    *("python_share", "rust_database_share"),
    *("tune_buffers_share", "tune_cache_share", "tune_work_mem"),
)
FIGURES: Final = frozenset({*_MEASURED, *DERIVED, *SUMS})
"""Names of all figures that are measured."""


class Measurements:
    """Measures on a schema of its own.

    Args:
        writer: A connection that may create it.
        users: Number of users; ten posts each.
        runs: Runs of each statement.
        own_server: Whether the server is the bench's own, whose cache it may empty.
    """

    def __init__(self, writer: AdminConnection, users: int, runs: int, *, own_server: bool) -> None:
        self._writer = writer
        self._users = users
        self._runs = runs
        self._own_server = own_server
        self._numbers = random.Random(7)  # noqa: S311 - the same keys in each run

    async def all(self, announce: Announce) -> Samples:
        """Return every figure that this server allows.

        Raises:
            DatabaseError: The role may not create the schema, or the database cannot be reached.
        """
        announce("creating the data")
        await self._create()
        try:
            samples = await self._measured(announce)
        finally:
            if self._writer.usable:
                await self._writer.execute(_SQL["drop"].text)
        samples |= transform_samples(self._runs * 10)
        return samples | _derived(samples)

    async def _create(self) -> None:
        await self._writer.execute(_SQL["drop"].text)
        for name, statement in _SQL.items():
            if name not in _OF_SERVER:
                text = statement.text.replace("{dashboard}", DASHBOARD)
                # Statements that define data take no parameters.
                text = text.replace("$1::int", str(self._users)) if name in _BY_USERS else text
                await self._writer.execute(text)

    async def _measured(self, announce: Announce) -> Samples:
        samples: Samples = {}
        for name, sql in READS.items():
            announce(name)
            samples[name] = await self._times(sql, self._runs)
        announce("live_dashboard")
        samples["live_dashboard"] = await self._times(DASHBOARD, _SLOW_RUNS)
        view = "SELECT * FROM fraiseql_bench.dashboard"
        samples["view_dashboard"] = await self._times(view, self._runs)
        announce("writes")
        for table in ("unlogged", "logged"):
            write, hit = WRITE.format(table=table), HIT.format(table=table)
            samples[f"{table}_write"] = await self._times(write, self._runs)
            samples[f"{table}_read"] = await self._times(hit, self._runs)
        samples["cache_hit"] = samples["unlogged_read"]
        samples["cache_hit_counted"] = await self._times(COUNTED, self._runs)
        samples["partial_size_gain"] = await self._sizes()
        for name, statement in REFUSALS.items():
            samples[name] = await self._refused(statement)
        if self._own_server:
            announce("cold_lookup")
            samples |= await self._cold()
        return samples

    async def _times(self, sql: str, runs: int) -> Sample:
        times = []
        for turn in range(-2, runs):
            key = self._numbers.randrange(1, self._users // 10) * 10
            arguments = [key] if "$1" in sql else []
            start = time.perf_counter()
            await self._writer.fetch(sql, *arguments)
            if turn >= 0:
                times.append((time.perf_counter() - start) * 1000)
        return sample_of(times, " ".join(sql.split()))

    async def _cold(self) -> Samples:
        """Measure reads after PostgreSQL's cache was emptied; that of the system stays."""
        try:
            await self._writer.execute(_SQL["buffers"].text)
            times = []
            for _ in range(max(_SLOW_RUNS, self._runs // 10)):
                await self._writer.fetch(_SQL["evict"].text)
                times.append((await self._times(READS["hot_lookup"], 1)).value)
        except DatabaseError:
            # Before PostgreSQL 18, or without the contrib package.
            return {}
        numbers = [value for value in times if isinstance(value, float)]
        return {"cold_lookup": sample_of(numbers, "after pg_buffercache_evict_all()")}

    async def _sizes(self) -> Sample:
        ratio = await self._writer.fetchval(_SQL["sizes"].text)
        return Sample(float(ratio), method="bytes of the full index by those of the partial one")

    async def _refused(self, statement: str) -> Sample:
        """Return the code of the error of a statement; an empty text if it works."""
        try:
            await self._writer.execute(statement)
        except DatabaseError as error:
            return Sample(sqlstate_of(error), method=statement)
        return Sample("", method=statement)


def _derived(samples: Mapping[str, Sample]) -> Samples:
    """Return the figures that follow from others."""
    derived: Samples = dict(_tuned())
    everything = dict(samples)
    for name, parts in SUMS.items():
        derived[name] = total([samples[part] for part in parts], " + ".join(parts))
    everything |= derived
    for name, (above, below) in DERIVED.items():
        if above in everything and below in everything:
            method = f"{above} / {below}"
            derived[name] = quotient(everything[above], everything[below], method)
    # From this live time on, a stored answer is ten times as fast.
    stored = number(samples["stored_lookup"])
    derived["break_even"] = Sample(stored * 10, method="ten times stored_lookup")
    database, python = number(samples["stored_lookup"]), number(samples["python_transform"])
    rust = number(samples["rust_transform"])
    derived["python_share"] = Sample(
        100 * python / (python + database), method="python_transform / python_total"
    )
    derived["rust_database_share"] = Sample(
        100 * database / (rust + database), method="stored_lookup / rust_total"
    )
    return derived


def _tuned() -> Samples:
    """Return what the formulas of tune say for the example machine of 16 GB."""
    buffers = sizes.shared_buffers(_EXAMPLE).bytes
    cache = sizes.effective_cache_size(_EXAMPLE).bytes
    work = sizes.work_mem(_EXAMPLE, buffers, _EXAMPLE_CONNECTIONS, 2.0)
    method = "fraiseql tune on a machine of 16GB"
    return {
        "tune_buffers_share": Sample(100 * buffers / _EXAMPLE, method=method),
        "tune_cache_share": Sample(100 * cache / _EXAMPLE, method=method),
        "tune_work_mem": Sample(work.bytes / sizes.MB, method=f"{method}, 32 connections"),
    }
