"""Freshness checks: what a check may not be trusted for ends everything in memory."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fraiseql.caching.results import checks
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.database import Origin
from fraiseql.errors import DatabaseUnavailable

START = datetime(2030, 1, 1, tzinfo=UTC)
ORIGIN = Origin(1, "00000001", START, 2, 3, START)


class FakePool:
    """A pool whose next result the test chooses."""

    def __init__(self) -> None:
        self.origin = ORIGIN
        self.row: dict[str, Any] = {"loaded": START, "backend": 7, "started": START}
        self.snapshot, self.tags = "1:1:", ["a"]
        self.fails: Exception | None = None
        self.replaced = 0

    async def fetch_at(self, sql: str, args: Any) -> Any:
        if self.fails is not None:
            raise self.fails
        same = args[0] == self.snapshot
        changes = {"snapshot": None, "tags": None} if same else {"snapshot": self.snapshot}
        return [{"tags": self.tags, **changes, **self.row}], self.origin

    def replace_all(self) -> None:
        self.replaced += 1

    async def close(self) -> None:
        pass


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


@pytest.mark.parametrize(
    "change",
    [
        {"origin": replace(ORIGIN, timeline=None)},
        {"row": {"loaded": START, "backend": 7, "started": datetime(2031, 1, 1, tzinfo=UTC)}},
        {"row": {"loaded": datetime(2031, 1, 1, tzinfo=UTC), "backend": 7, "started": START}},
        {"fails": DatabaseUnavailable("lost")},
    ],
    ids=["standby", "another start", "another configuration", "lost"],
)
async def test_a_check_that_cannot_be_trusted_ends_everything(change: dict[str, Any]) -> None:
    running, pool = await begun()
    born = running.number
    for name, value in change.items():
        setattr(pool, name, value)
    assert not await running.join()
    assert running.origin is None
    assert not running.admits((), born)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": replace(ORIGIN)},
        {"row": {"loaded": START, "backend": 8, "started": START}},
    ],
    ids=["another connection", "another backend"],
)
async def test_another_connection_begins_again(change: dict[str, Any]) -> None:
    running, pool = await begun()
    born = running.number
    for name, value in change.items():
        setattr(pool, name, value)
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
    running, _ = await begun()
    await running.close()
    assert running.born() is None
    assert not await running.join()
    assert running._pool is None
