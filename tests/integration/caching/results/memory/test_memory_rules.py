"""Rules of a hit from memory: with all of them no schedule is wrong, and each is needed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import pytest

from fraiseql.caching.results import checks, group_run
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.group_run import GroupRun
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from tests.integration.caching.results.engine.cache_fixture import prepare
from tests.integration.caching.results.memory import schedules
from tests.integration.caching.results.memory.schedules import SCHEDULES, Schedule, on_stage
from tests.integration.flights import at_once

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule that is left out, and the schedule that needs it."""

    damage: Callable[[Patch], None]
    wrong_in: Schedule


def joins_a_check_already_sent(patch: Patch) -> None:
    async def run(self: GroupRun) -> None:
        succeeded = await self._work()
        waiters, self._waiters = self._waiters, []
        group_run._notify(waiters, succeeded=succeeded)

    patch.setattr(GroupRun, "_run", run)


def born_noted_late(patch: Patch) -> None:
    whole = CacheRuntime.remember

    def remember(self, request, result, at, lookup, born):  # type: ignore[no-untyped-def]  # noqa: PLR0917
        whole(self, request, result, at, lookup, self.checks.number)

    patch.setattr(CacheRuntime, "remember", remember)


def no_floor(patch: Patch) -> None:
    head, _, tail = checks.CHECK.partition("UNION ALL")
    patch.setattr(checks, "CHECK", head + tail[tail.index(") x)") :])


def no_fingerprint(patch: Patch) -> None:
    def join(self: DefinitionsCheck) -> asyncio.Future[bool]:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done

    patch.setattr(DefinitionsCheck, "join", join)


def survives_its_connection(patch: Patch) -> None:
    def accept(self, row, origin, sent):  # type: ignore[no-untyped-def]
        self.origin, self._backend = origin, row["backend"]
        self.snapshot = row["snapshot"] or sent
        self._record(row["tags"] or ())
        return True

    patch.setattr(FreshnessChecks, "_accept", accept)
    patch.setattr(FreshnessChecks, "_lose", lambda self: None)
    begin = FreshnessChecks.__init__

    def with_low_floor(self, *args):  # type: ignore[no-untyped-def]
        begin(self, *args)
        self._floor = 0

    patch.setattr(FreshnessChecks, "__init__", with_low_floor)


def no_limit(patch: Patch) -> None:
    patch.setattr(checks, "MAX_NAMED", 10**9)


def no_purge(patch: Patch) -> None:
    patch.setattr(checks, "EVERYTHING", "nothing")


def no_changes(patch: Patch) -> None:
    patch.setattr(FreshnessChecks, "_record", lambda self, tags: None)


MUTANTS = (
    Mutant(joins_a_check_already_sent, schedules.written_while_a_check_runs),
    Mutant(born_noted_late, schedules.written_while_computed),
    Mutant(no_floor, schedules.compacted_between_checks),
    Mutant(no_fingerprint, schedules.redefined),
    Mutant(no_fingerprint, schedules.revoked),
    Mutant(no_limit, schedules.more_changes_than_a_check_names),
    Mutant(no_purge, schedules.purged),
    Mutant(no_changes, schedules.written),
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: Patch) -> None:
    """A check may take long on a busy machine."""
    monkeypatch.setattr(checks, "LONGEST", 30.0)


@pytest.fixture(scope="module")
def env(database: str) -> str:
    at_once(prepare(database))
    return database


async def test_no_schedule_makes_a_hit_from_memory_wrong(env: str) -> None:
    wrong = []
    async with on_stage(env) as stage:
        for schedule in SCHEDULES:
            await stage.remembered()
            if not await schedule(stage):
                wrong.append(schedule.__name__)
    assert wrong == []


async def test_each_rule_of_memory_is_needed(env: str, monkeypatch: Patch) -> None:
    survived = []
    async with on_stage(env) as stage:
        for mutant in MUTANTS:
            stage.fixture.caches.runtime.memory.clear()
            with monkeypatch.context() as patch:
                mutant.damage(patch)
                await stage.remembered()
                if await mutant.wrong_in(stage):
                    survived.append((mutant.damage.__name__, mutant.wrong_in.__name__))
    assert survived == []


@pytest.mark.parametrize("damaged", [False, True])
async def test_memory_does_not_survive_its_connection(
    env: str, monkeypatch: Patch, damaged: bool
) -> None:
    # The fingerprint of a copy may differ: this is about the connection alone.
    no_fingerprint(monkeypatch)
    if damaged:
        survives_its_connection(monkeypatch)
    async with on_stage(env) as stage:
        right = await schedules.another_database_by_the_same_name(stage)
    assert right is not damaged


async def test_a_locked_change_log_fails_no_request(env: str) -> None:
    async with on_stage(env) as stage:
        right = await stage.live()
        connection = await asyncpg.connect(env)
        async with connection.transaction():
            await connection.execute("LOCK TABLE fraiseql.changes IN ACCESS EXCLUSIVE MODE")
            assert await stage.ask() == right
        await connection.close()
        # The check that failed ended everything; the next look-up fills memory again.
        await stage.remembered()
