"""Rules of a hit from memory: with all of them no schedule is wrong, and each is needed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from fraiseql import database
from fraiseql.caching.results import checks, group_statement, watched
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.group_statement import GroupStatement
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.database import StatementPair, texts
from tests.integration.caching.results.engine.cache_fixture import prepare, run
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
    whole = GroupStatement.join

    def join(self: GroupStatement) -> asyncio.Future[bool]:
        waiter = whole(self)
        if self._running is not None and self._waiting:
            self._running.append(self._waiting.pop())
        return waiter

    patch.setattr(GroupStatement, "join", join)


def born_noted_late(patch: Patch) -> None:
    whole = CacheRuntime.remember

    def remember(self, request, result, at, lookup, born):  # type: ignore[no-untyped-def]  # noqa: PLR0917
        whole(self, request, result, at, lookup, self.checks.number)

    patch.setattr(CacheRuntime, "remember", remember)


def no_floor(patch: Patch) -> None:
    whole = database.repeat

    async def repeat(pool: Any, pair: StatementPair, *callbacks: Any) -> Any:
        head, _, tail = pair.statement.partition(" || ARRAY(")
        left = head + tail[tail.index(")\n  END AS tags") + 1 :]
        return await whole(pool, StatementPair(pair.probe, left), *callbacks)

    patch.setattr(group_statement, "repeat", repeat)


def no_fingerprint(patch: Patch) -> None:
    def join(self: DefinitionsCheck) -> asyncio.Future[bool]:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done

    patch.setattr(DefinitionsCheck, "join", join)


def compares_once(patch: Patch) -> None:
    whole = FreshnessChecks._record_definitions

    def record(self, definitions):  # type: ignore[no-untyped-def]
        if self._compared != self._watch.number:
            whole(self, definitions)

    patch.setattr(FreshnessChecks, "_record_definitions", record)


def confirmed_at_any_time(patch: Patch) -> None:
    patch.setattr(FreshnessChecks, "holds", lambda self, definitions, _: self.compares(definitions))


def compares_no_roles(patch: Patch) -> None:
    patch.setattr(watched, "roles_digest", lambda _: "0::bigint")


def survives_its_connection(patch: Patch) -> None:
    first = FreshnessChecks._first

    def with_old_snapshot(self, origin):  # type: ignore[no-untyped-def]
        snapshot = None if self.snapshot is None else self.snapshot.encode()
        self._values = (snapshot, *first(self, origin)[1:])
        return self._values

    def record(self, origin, snapshot, tags, backend):  # type: ignore[no-untyped-def]
        self.origin, self.snapshot = origin, snapshot
        self._record(texts(tags) if tags else ())

    patch.setattr(FreshnessChecks, "_first", with_old_snapshot)
    patch.setattr(FreshnessChecks, "_record_changes", record)
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
    Mutant(compares_once, schedules.redefined_where_a_check_compares),
    Mutant(compares_once, schedules.revoked_where_a_check_compares),
    Mutant(confirmed_at_any_time, schedules.redefined_where_a_check_compares),
    Mutant(compares_no_roles, schedules.revoked_where_a_check_compares),
    Mutant(no_limit, schedules.more_changes_than_a_check_names),
    Mutant(no_purge, schedules.purged),
    Mutant(no_changes, schedules.written),
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: Patch) -> None:
    """A check may take long on a busy machine, and what it compares may change at once."""
    monkeypatch.setattr(watched, "_PAUSE", 0.0)
    monkeypatch.setattr(group_statement, "LONGEST", 30.0)


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
                # The statement is prepared once for each connection.
                stage.fixture.caches.runtime.checks._group._statement.end()
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


async def test_beside_writers_a_hit_needs_no_statement_but_the_check(
    env: str, monkeypatch: Patch
) -> None:
    joined: list[DefinitionsCheck] = []
    async with on_stage(env) as stage:
        await schedules.compared_by_checks(stage)
        monkeypatch.setattr(DefinitionsCheck, "join", joined.append)
        for _ in range(5):
            await run(env, "SELECT pg_current_xact_id()")
            assert (await stage.fixture.ask(stage.cached)).detail == "memory"
    assert joined == []


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
