"""A changed query: the next view is populated before it is read."""

import asyncio

import asyncpg

from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from tests.integration.caching.ddl.env import Live, applied, planned, sql
from tests.integration.caching.materialized_view.test_worker import PATIENCE
from tests.integration.caching.materialized_view.views import (
    COUNTS,
    counts_type,
    opened,
    published,
    view_of,
)

LONG = "(SELECT sum(length(md5(n::text))) FROM generate_series(1, 600000) n) > 0"
FIRST = f"{COUNTS} WHERE {LONG}"
SECOND = f"{COUNTS.replace('tb_user', 'tb_post')} WHERE {LONG}"


async def test_a_changed_query_is_rolled_over_under_readers(url: str) -> None:
    first, second = counts_type(FIRST), counts_type(SECOND)
    await applied(url, first)
    stop, reads, met, before = asyncio.Event(), 0, set(), {}

    async def read() -> None:
        nonlocal reads
        connection = await asyncpg.connect(url)
        while not stop.is_set() or 100 not in met:
            rows = await connection.fetch("SELECT users FROM mv_counts")
            reads += 1
            assert len(rows) == 1
            met.add(rows[0][0])
            await asyncio.sleep(0)
        await connection.close()

    reader = asyncio.create_task(read())
    plan = await applied(url, second, watch=lambda event: before.setdefault(event, reads))
    stop.set()
    await asyncio.wait_for(reader, PATIENCE)
    actions = [step.action for step in plan.steps]
    # The live view, the next fingerprint and view, its name; the last view and fingerprint, and the
    # trigger that nothing needs.
    assert actions == ["replace", "create", "create", "replace", "drop", "drop", "drop"]
    assert met == {20, 100}
    # While the next view was filled, readers went on.
    events = [event.lstrip() for event in before]
    (filling,) = [n for n, event in enumerate(events) if event.startswith("CREATE MATERIALIZED")]
    counts = list(before.values())
    assert counts[filling + 1] - counts[filling] > 5
    assert (await planned(url, second)).empty
    left = await sql(url, "SELECT matviewname FROM pg_matviews")
    assert len(left) == 1
    assert (await sql(url, "SELECT count(*) FROM fraiseql.view_state"))[0][0] == 1


async def test_each_version_reads_its_own(url: str) -> None:
    first, second = counts_type(FIRST), counts_type(SECOND)
    await applied(url, first)
    assert await published(url, first) != [None]
    # Declared otherwise and not yet applied: read live.
    assert await published(url, second) == [None]
    assert await view_of(url, first) != await view_of(url, second)


async def test_a_changed_policy_changes_nothing_in_the_database(url: str) -> None:
    await applied(url, counts_type())
    other = counts_type(refresh="5m", on_write=False, when_stale="live")
    assert (await planned(url, other)).empty
    (stored_type,) = await published(url, other)
    assert stored_type is not None
    assert stored_type.freshness is not None
    assert (stored_type.freshness.bound, stored_type.freshness.when_stale) == (300, "live")


async def test_a_view_that_is_no_longer_declared_leaves_nothing(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    async with opened(url, counts) as (writer, _, _):
        await refresh_view(writer, await view_of(url, counts))
    await sql(url, "ALTER TABLE tb_user ADD nick text")
    await applied(url, Live)
    left = await sql(
        url,
        "SELECT relname FROM pg_class WHERE relname ~ '^(mv_|v_|changes|view_state)'"
        " UNION ALL SELECT tgname FROM pg_trigger WHERE tgname = 'fraiseql_changes'",
    )
    assert left == []
