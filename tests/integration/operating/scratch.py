"""A server of the doctor's tests, and faults to seed in it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from fraiseql.database import Pool, open_pool
from fraiseql.database.embedded import start_embedded
from fraiseql.operating.doctor.applying import run_steps
from fraiseql.operating.doctor.examine import Examination, Scope, examine
from fraiseql.operating.doctor.thresholds import Thresholds
from fraiseql.schema import Schema
from fraiseql.settings import Settings

T = TypeVar("T")

# Autovacuum is on and never runs, so that no seed is cleared by it.
CONFIGURATION = {
    "autovacuum_naptime": "'20d'",
    "max_prepared_transactions": "4",
    "random_page_cost": "1.1",
    "shared_buffers": "'16MB'",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
}
PATIENCE = 10.0
# No worker runs in these tests: queues are behind as long as the tests take.
NO_WORKER = {"queue_seconds": 1e9}
# Planning is most of the time of an examination.
GENERIC = {"plan_cache_mode": "force_generic_plan"}
ADD_ROWS = "INSERT INTO {} SELECT g, g FROM generate_series(1, 2000) AS g"


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One fault to cause, find and clear.

    Attributes:
        code: Its code.
        sql: Statements that cause it.
        held: Statements of a second session, which stays open.
        clean: Statements that remove what the others made.
        companions: Codes that are found with it.
        thresholds: Figures other than the default ones.
        settings: Settings of the application.
        scope: Arguments of ``Scope``.
        fresh: Whether only new connections see the change.
        by_hand: Statements that do what a finding asks of a person.
        returns: Whether the undo brings the fault back.
    """

    code: str
    sql: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    clean: tuple[str, ...] = ("DROP TABLE t CASCADE",)
    companions: frozenset[str] = frozenset()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    by_hand: tuple[str, ...] = ()
    returns: bool = True


class Scratch:
    """A server that a test may configure, restart and break."""

    def __init__(self, directory: Path, binaries: Path | None) -> None:
        self.schema: Schema | None = None
        self._directory = directory
        self._binaries = binaries
        self._running = ExitStack()
        self._runner = self._running.enter_context(asyncio.Runner())
        self._server = ExitStack()
        self._start("postgres")
        self.run(*(f"ALTER SYSTEM SET {name} = {value}" for name, value in CONFIGURATION.items()))
        self.run("CREATE DATABASE doctor")
        self.restart()
        self.run("CREATE EXTENSION pg_stat_statements")

    def _start(self, database: str) -> None:
        starting = start_embedded(self._directory, binaries=self._binaries, durable=False)
        server = self._server.enter_context(starting)
        self.url, self.standby = server.url_for(database), server.url_for("postgres")
        self.others = (self.standby, server.url_for("template1"))
        self._connection = self._do(asyncpg.connect(self.url))
        self.data = Path(self._do(self._connection.fetchval("SHOW data_directory")))
        self._pool = self._do(open_pool(self.url, Settings(), GENERIC))

    def _do(self, work: Coroutine[object, object, T]) -> T:
        return self._runner.run(work)

    def restart(self) -> None:
        self._end()
        # The server ends a moment after its last user: a start before that joins it.
        deadline = time.monotonic() + PATIENCE
        while (self.data / "postmaster.pid").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self._start("doctor")

    def _end(self) -> None:
        self._do(self._connection.close())
        self._do(self._pool.close())
        self._server.close()

    def stop(self) -> None:
        self._end()
        self._running.close()

    def run(self, *statements: str) -> None:
        """Run statements one by one, so that the statistics have each before the next."""
        for statement in statements:
            self._do(self._connection.execute(statement))
            self._do(self._connection.execute("SELECT pg_stat_force_next_flush()"))

    def value(self, query: str) -> Any:
        return self._do(self._connection.fetchval(query))

    def steps(self, *statements: str) -> None:
        """Run the steps of a diagnosis, as ``--apply`` does."""
        self._do(run_steps(self._pool, statements))

    def work(self, work: Callable[[Pool], Coroutine[object, object, T]]) -> T:
        """Do something with the pool."""
        return self._do(work(self._pool))

    def examine(self, seed: Seed | None = None, ahead: float = 0, **scope: Any) -> Examination:
        """Examine the database with the figures of a seed, and a clock that is ahead."""
        thresholds = Thresholds(**{**NO_WORKER, **(seed.thresholds if seed else {})})
        asked = Scope(thresholds=thresholds, **{**(seed.scope if seed else {}), **scope})
        settings = Settings().with_values(**(seed.settings if seed else {}))
        if seed and seed.fresh:
            self._do(self._replace_pool())
        clock = lambda: time.time() + ahead  # noqa: E731 - one expression
        return self._do(examine(self._pool, settings, asked, self.schema, clock))

    async def _replace_pool(self) -> None:
        await self._pool.close()
        self._pool = await open_pool(self.url, Settings(), GENERIC)

    def until(self, seed: Seed, expected: frozenset[str], **scope: Any) -> Examination:
        """Examine until exactly these faults are found: reloads and statistics take a moment."""
        deadline = time.monotonic() + PATIENCE
        while codes(examination := self.examine(seed, **scope)) != expected:
            assert time.monotonic() < deadline, (seed, expected, examination)
            time.sleep(0.01)
        return examination

    @contextmanager
    def connected(self, url: str) -> Iterator[None]:
        """Examine as the role of an address in the block."""
        own = self._pool
        self._pool = self._do(open_pool(url, Settings()))
        try:
            yield
        finally:
            self._do(self._pool.close())
            self._pool = own

    @contextmanager
    def seeded(self, seed: Seed) -> Iterator[None]:
        """Cause a fault for the block."""
        other = self._do(asyncpg.connect(self.url)) if seed.held else None
        try:
            self.run(*seed.sql)
            for statement in seed.held:
                self._do(other.execute(statement))
            yield
        finally:
            if other is not None:
                other.terminate()
            self.run(*seed.clean)


def codes(examination: Examination) -> frozenset[str]:
    return frozenset(each.fault.code for each in examination.diagnoses)


Scratches = Callable[[str], Scratch]
