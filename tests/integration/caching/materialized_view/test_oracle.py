"""The age, against the live answer in the reader's own snapshot, while writers and refreshes run.

``0`` and another answer than the live one would be a lie; it must never be met. What the promise
rests on is taken away in mutants, and the same reader must then meet one.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import asyncpg
import pytest

from fraiseql.caching.changes import compaction
from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.strategies.materialized_view import refreshing
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from tests.integration.caching.ddl.env import applied, sql
from tests.integration.caching.materialized_view.test_worker import PATIENCE, until
from tests.integration.caching.materialized_view.views import (
    BY_AUTHOR,
    authors_type,
    counts_type,
    opened,
    view_of,
)

# So slow that others commit while it runs.
SLOW = f"""{BY_AUTHOR}
HAVING (SELECT sum(length(md5(n::text))) FROM generate_series(1, 40000) n) > 0"""


class Seen:
    """The outcome of one read."""

    def __init__(self) -> None:
        self.fresh = self.stale = self.lies = 0


async def read(url: str, view: str, seen: Seen) -> None:
    connection = await asyncpg.connect(url)
    text = "SELECT string_agg(q::text, ';' ORDER BY q.id) FROM {} q"
    try:
        while True:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                seconds = await connection.fetchval(f"SELECT {age(view)}")
                stored = await connection.fetchval(text.format(view))
                live = await connection.fetchval(text.format(f"({BY_AUTHOR})"))
            assert seconds is not None
            seen.fresh += seconds == 0
            seen.stale += seconds > 0
            seen.lies += seconds == 0 and stored != live
    finally:
        await connection.close()


async def write(url: str, chance: random.Random) -> None:
    """Change one or two tables at random, now and then undoing part of it, or all."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            with suppress(asyncpg.PostgresError):
                async with connection.transaction():
                    await some_change(connection, chance)
                    if chance.random() < 0.3:
                        with suppress(ZeroDivisionError):
                            async with connection.transaction():
                                await some_change(connection, chance)
                                if chance.random() < 0.5:
                                    raise ZeroDivisionError
                    # Commits late: the order of writes is not the order of commits.
                    await asyncio.sleep(chance.choice((0, 0, 0.01, 0.05)))
            await asyncio.sleep(chance.uniform(0.01, 0.06))
            # Quiet now and then, so that a refresh can catch up with everything.
            moment = monotonic() % 1.2
            await asyncio.sleep(1.2 - moment if moment > 0.5 else 0)
    finally:
        await connection.close()


async def some_change(connection: asyncpg.Connection, chance: random.Random) -> None:
    number, other = chance.randint(1, 20), chance.randint(1, 200)
    await connection.execute(
        chance.choice(
            (
                f"UPDATE tb_user SET name = name || '.' WHERE id = {number}",
                f"UPDATE tb_post SET author = {number} WHERE id = {other}",
                f"DELETE FROM tb_post WHERE id = {other}",
                f"INSERT INTO tb_post VALUES ({other}, {number}, 7) ON CONFLICT DO NOTHING",
            )
        )
    )


async def refresh(url: str, view: str, first: str) -> None:
    async with opened(url, counts_type()) as (writer, _, _):
        while True:
            await writer.execute(first)
            await refresh_view(writer, view)
            await asyncio.sleep(0.02)


async def tidy(url: str) -> None:
    async with opened(url, counts_type()) as (writer, _, _):
        while True:
            await compact(writer)
            await asyncio.sleep(0.005)


async def observed(url: str, *, until: Callable[[Seen], bool], first: str = "SELECT") -> Seen:
    authors, seen = authors_type(SLOW), Seen()
    await applied(url, authors)
    view = await view_of(url, authors)
    chance = random.Random(7)
    work = [
        write(url, chance),
        write(url, chance),
        read(url, view, seen),
        refresh(url, view, first),
    ]
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        async with asyncio.timeout(PATIENCE):
            while not until(seen):
                await asyncio.sleep(0.05)
                assert not any(task.done() for task in tasks), [t for t in tasks if t.done()]
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return seen


async def test_an_age_of_zero_is_never_a_lie(url: str) -> None:
    begun = monotonic()
    seen = await observed(
        url,
        until=lambda seen: min(seen.fresh, seen.stale) > 20 and monotonic() - begun > 4,
    )
    assert seen.lies == 0
    assert seen.fresh > 20
    assert seen.stale > 20


async def test_a_snapshot_taken_after_the_refresh_lies(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = refreshing.end_state  # type: ignore[attr-defined]

    def late(*arguments: str) -> str:
        sql_text = whole(*arguments).replace("THEN s.snap END", "THEN pg_current_snapshot() END")
        assert sql_text != whole(*arguments)
        return sql_text

    monkeypatch.setattr(refreshing, "end_state", late)
    assert (await observed(url, until=lambda seen: seen.lies > 0)).lies > 0


async def test_a_mark_that_is_cleared_afterwards_lies(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark instead of a snapshot misses transactions that commit while the query runs."""
    whole = refreshing.end_state  # type: ignore[attr-defined]
    clearing = "WITH RECURSIVE cleared AS (DELETE FROM fraiseql.changes), "

    def cleared(*arguments: str) -> str:
        sql_text = whole(*arguments).lstrip().replace("WITH RECURSIVE ", clearing, 1)
        assert sql_text.startswith(clearing)
        return sql_text

    monkeypatch.setattr(refreshing, "end_state", cleared)
    assert (await observed(url, until=lambda seen: seen.lies > 0)).lies > 0


async def test_a_mark_that_is_cleared_before_lies(url: str) -> None:
    """The view claims to have seen a write before it is committed."""
    seen = await observed(
        url,
        until=lambda seen: seen.lies > 0,
        first="UPDATE fraiseql.view_state SET snap = pg_current_snapshot()",
    )
    assert seen.lies > 0


BUILDING = """
SELECT count(*) > 0 FROM pg_stat_activity
WHERE query LIKE 'CREATE MATERIALIZED%' AND state = 'active' AND datname = current_database()
"""


async def built_among_writers(url: str) -> float:
    """Build a view during writes and compaction, and return the age that it claims."""
    authors = authors_type(SLOW.replace("40000", "1500000"))
    tidying = asyncio.create_task(tidy(url))
    applying = asyncio.create_task(applied(url, authors))
    try:
        await until(url, BUILDING, expected=True)
        await sql(url, "UPDATE tb_user SET name = 'written meanwhile' WHERE id = 1")
        await applying
        assert not tidying.done()
    finally:
        tidying.cancel()
        await asyncio.wait([tidying])
    view = await view_of(url, authors)
    differ = f"SELECT * FROM ({BY_AUTHOR}) l EXCEPT SELECT * FROM {view}"
    assert await sql(url, differ) != []
    return (await sql(url, f"SELECT {age(view)}"))[0][0]


async def test_the_build_of_a_view_logs_the_writes_that_it_misses(url: str) -> None:
    assert await built_among_writers(url) > 0


async def test_without_its_lock_compaction_takes_them(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "BUILDING", 1)
    assert await built_among_writers(url) == 0


async def test_only_the_oldest_unseen_write_is_recorded(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    await sql(url, "DELETE FROM tb_post WHERE id = 1")
    await asyncio.sleep(0.3)
    for number in range(50):
        await sql(url, f"UPDATE tb_user SET name = '{number}' WHERE id = 1")
    before = (await sql(url, f"SELECT {age(view)}"))[0][0]
    async with opened(url, counts) as (writer, _, _):
        await compact(writer)
    assert (await sql(url, "SELECT count(*) FROM fraiseql.changes"))[0][0] == 2
    after = (await sql(url, f"SELECT {age(view)}"))[0][0]
    assert 0.3 < before < after
