"""Freshness checks: what a check may not be trusted for ends everything in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fraiseql.caching.results import checks, group_statement, watched
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.watched import Watched
from fraiseql.database import Origin, StatementPair

START = datetime(2030, 1, 1, tzinfo=UTC)
ORIGIN = Origin(1, "00000001", START, 2, 3, START)


class FakePool:
    """A server whose next answer the test chooses, and the pool of connections to it."""

    def __init__(self) -> None:
        self.origin = ORIGIN
        self.snapshot, self.tags = "1:1:", ["a"]
        self.backend, self.steady, self.silent = 7, True, False
        self.planned, self.read = 1, 1
        self.statements: list[FakeStatement] = []

    def row(self, known: Sequence[bytes | None]) -> list[bytes | None] | None:
        snapshot, backend = self.snapshot.encode(), self.backend.to_bytes(4)
        numbers = [self.planned.to_bytes(8), self.read.to_bytes(8)]
        if known[0] == snapshot and known[5] is not None:
            numbers[1] = known[5]
        if [*known[:2], *known[4:]] == [snapshot, backend, *numbers] and self.steady:
            return None
        tags = None if known[0] == snapshot else array(self.tags)
        return [snapshot, tags, backend, bytes([self.steady]), *numbers]

    async def close(self) -> None:
        pass


class FakeStatement:
    """A repeated statement without a connection."""

    def __init__(self, pool: FakePool, answered: Any, ended: Any) -> None:
        self.pool, self.origin = pool, pool.origin
        self.answered, self.ended = answered, ended
        self.values: Sequence[bytes | None] = ()
        self.pair = StatementPair("", "")
        pool.statements.append(self)

    def change(self, pair: StatementPair) -> None:
        self.pair = pair

    def bind(self, values: Sequence[bytes | None]) -> None:
        self.values = values

    def run(self) -> None:
        if not self.pool.silent:
            asyncio.get_running_loop().call_soon(self._answer)

    def _answer(self) -> None:
        self.answered(self.pool.row(self.values))

    def end(self) -> None:
        self.ended()


def array(tags: Sequence[str]) -> bytes:
    """Return the binary form of an array of texts."""
    head = b"".join(number.to_bytes(4) for number in (1, 0, 25, len(tags), 1))
    return head + b"".join(len(tag.encode()).to_bytes(4) + tag.encode() for tag in tags)


@pytest.fixture(autouse=True)
def fake_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    async def repeat(pool: Any, _: object, answered: Any, ended: Any) -> Any:
        return FakeStatement(pool, answered, ended)

    monkeypatch.setattr(group_statement, "repeat", repeat)


async def begun() -> tuple[FreshnessChecks, FakePool]:
    """Return checks after the first one."""
    pool: Any = FakePool()

    async def open_pool() -> Any:
        return pool

    made = FreshnessChecks(open_pool)
    assert made.born() is None
    assert await made.join()
    return made, pool


async def test_only_a_change_after_the_birth_counts() -> None:
    running, pool = await begun()
    born = running.born()
    assert born is not None
    assert running.admits(("a", "b"), born)
    pool.snapshot, pool.tags = "2:2:", ["b"]
    assert await running.join()
    assert running.admits(("a",), born)
    assert not running.admits(("a", "b"), born)
    assert running.admits(("a", "b"), running.number)


@dataclass(eq=False)
class Definitions:
    """Definitions behind a value."""

    watched: Watched
    watch: int = 0
    used: int = 0


async def watching(running: FreshnessChecks, number: int = 1) -> Definitions:
    """Return definitions that checks compare from now on."""
    definitions = Definitions(Watched(objects=frozenset({number})))
    running.watch(definitions)
    assert await running.join()
    assert not running.compares(definitions), "the statement has not run"
    assert not running.holds(definitions, running.number)
    assert await running.join()
    return definitions


@pytest.mark.parametrize("changed", ["planned", "read"])
async def test_definitions_hold_until_a_check_finds_others(changed: str) -> None:
    running, pool = await begun()
    definitions = await watching(running)
    born = running.number
    pool.snapshot = "2:2:"
    assert await running.join()
    assert running.holds(definitions, born)
    assert not running.holds(definitions, born - 1), "confirmed before they were compared"
    pool.snapshot = "3:3:"
    setattr(pool, changed, 2)
    assert await running.join()
    assert not running.holds(definitions, running.number - 1)
    assert running.holds(definitions, running.number)


async def test_what_is_planned_counts_although_the_snapshot_is_the_same() -> None:
    running, pool = await begun()
    definitions = await watching(running)
    pool.planned = 2
    born = running.number
    assert await running.join()
    assert not running.holds(definitions, born)


async def test_more_definitions_have_all_confirmed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_PAUSE", 0.0)
    running, pool = await begun()
    first = await watching(running)
    born = running.number
    second = await watching(running, 2)
    assert "'1'::oid, '2'::oid" in pool.statements[-1].pair.statement
    assert not running.holds(first, born)
    assert running.holds(first, running.number)
    assert running.holds(second, running.number)


@pytest.mark.parametrize("fails", [False, True])
async def test_only_a_new_statement_that_fails_is_given_up(fails: bool) -> None:
    running, pool = await begun()
    definitions = Definitions(Watched(objects=frozenset({1})))
    running.watch(definitions)
    assert await running.join()
    if fails:
        pool.silent = True
        waiter = running.join()
        await asyncio.sleep(0)
    pool.statements[-1].end()
    assert ("'1'::oid" in running._group._pair.statement) is not fails
    assert not fails or not await waiter


async def test_definitions_without_room_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_MOST_OBJECTS", 1)
    running, _ = await begun()
    unused, used = (Definitions(Watched(objects=frozenset({n})), used=n) for n in (1, 2))
    running.watch(unused)
    running.watch(used)
    for _ in range(2):
        assert await running.join()
    assert [running.compares(each) for each in (unused, used)] == [False, True]


async def a_standby(pool: FakePool) -> None:
    pool.origin = replace(ORIGIN, timeline=None)
    pool.statements[-1].end()


async def another_start(pool: FakePool) -> None:
    """Or a reload of the configuration: the statement compares both."""
    pool.steady = False


async def lost(pool: FakePool) -> None:
    pool.statements[-1].end()
    pool.silent = True


async def no_answer(pool: FakePool) -> None:
    pool.silent = True


@pytest.mark.parametrize("happens", [a_standby, another_start, lost, no_answer])
async def test_a_check_that_cannot_be_trusted_ends_everything(
    happens: Callable[[FakePool], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_statement, "LONGEST", 0.02)
    running, pool = await begun()
    born = running.number
    await happens(pool)
    assert not await running.join()
    assert running.origin is None
    assert not running.admits((), born)
    assert not await running.join(), "it pauses"


async def another_connection(pool: FakePool) -> None:
    pool.origin = replace(ORIGIN)
    pool.statements[-1].end()


async def another_backend(pool: FakePool) -> None:
    pool.backend = 8


@pytest.mark.parametrize("happens", [another_connection, another_backend])
async def test_another_connection_begins_again(
    happens: Callable[[FakePool], Awaitable[None]],
) -> None:
    running, pool = await begun()
    born = running.number
    await happens(pool)
    assert await running.join()
    assert not running.admits((), born)
    assert running.admits((), running.number)


async def test_tags_beyond_the_remembered_ones_end_older_entries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, "_MAX_REMEMBERED", 2)
    running, pool = await begun()
    for number, tag in enumerate("abc"):
        pool.snapshot, pool.tags = f"{number}:{number}:9", [tag]
        assert await running.join()
    # What is no longer known of "a" counts for all that is as old.
    assert not running.admits(("d",), running.number - 3)
    assert running.admits(("d",), running.number - 2)


async def test_a_waiter_that_is_cancelled_cancels_no_other() -> None:
    running, _ = await begun()
    first, second = running.join(), running.join()
    first.cancel()
    assert await second
    checked = running.checks
    assert all(await asyncio.gather(*(running.join() for _ in range(50))))
    assert running.checks == checked + 1


async def test_an_interval_lets_more_requests_share_a_check() -> None:
    pool: Any = FakePool()

    async def open_pool() -> Any:
        return pool

    running = FreshnessChecks(open_pool, 0.02)
    first = running.join()
    await asyncio.sleep(0)
    later = running.join()
    assert await first
    assert await later
    assert running.checks <= 2


async def test_after_the_end_nothing_is_opened_again() -> None:
    running, pool = await begun()
    await running.close()
    assert running.born() is None
    assert not await running.join()
    assert len(pool.statements) == 1


async def test_a_waiter_never_joins_a_check_that_was_sent() -> None:
    running, pool = await begun()
    pool.silent = True
    first = running.join()
    await asyncio.sleep(0)
    later = running.join()
    statement = pool.statements[-1]
    statement._answer()
    assert await first
    await asyncio.sleep(0)
    assert not later.done()
    statement._answer()
    assert await later
