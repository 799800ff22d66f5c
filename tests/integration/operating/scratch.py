"""A server of the doctor's tests, and faults to seed in it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from fraiseql.database import open_pool
from fraiseql.database.embedded import start_embedded
from fraiseql.operating.doctor.applying import run_steps
from fraiseql.operating.doctor.examine import Examination, Scope, examine
from fraiseql.operating.doctor.thresholds import Thresholds
from fraiseql.settings import Settings

T = TypeVar("T")

# Autovacuum is on and never runs, so that no seed is cleared by it.
CONFIGURATION = {
    "autovacuum_naptime": "'20d'",
    "max_prepared_transactions": "4",
    "random_page_cost": "1.1",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
}
ADD_ROWS = "INSERT INTO {} SELECT g, g FROM generate_series(1, 2000) AS g"


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One fault: statements that cause it, and those that remove their objects."""

    code: str
    sql: tuple[str, ...]
    clean: tuple[str, ...] = ("DROP TABLE t CASCADE",)
    companions: frozenset[str] = frozenset()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    undone: bool = True


class Scratch:
    """A server that a test may configure, restart and break."""

    def __init__(self, directory: Path, binaries: Path | None) -> None:
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
        self._connection = self._do(asyncpg.connect(self.url))
        self._pool = self._do(open_pool(self.url, Settings()))

    def _do(self, work: Coroutine[object, object, T]) -> T:
        return self._runner.run(work)

    def restart(self) -> None:
        self._end()
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

    def steps(self, *statements: str) -> None:
        """Run the steps of a diagnosis, as ``--apply`` does."""
        self._do(run_steps(self._pool, statements))

    def examine(self, seed: Seed | None = None, **scope: Any) -> Examination:
        thresholds = Thresholds(**(seed.thresholds if seed else {}))
        return self._do(examine(self._pool, Settings(), Scope(thresholds=thresholds, **scope)))


def codes(examination: Examination) -> set[str]:
    return {each.fault.code for each in examination.diagnoses}


Scratches = Callable[[str], Scratch]
