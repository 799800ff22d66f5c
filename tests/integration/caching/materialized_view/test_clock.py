"""The age is unknown after the clock was set back."""

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.strategies.materialized_view.policy import Policy
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_state, refresh_view
from tests.integration.caching.ddl.env import applied, sql
from tests.integration.caching.materialized_view.views import counts_type, opened, view_of

AHEAD = "interval '1 hour'"


async def test_a_write_of_the_future_has_no_age(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
    async with opened(url, counts) as (writer, _, _):
        assert (await writer.fetchval(f"SELECT {age(view)}")) > 0
        await writer.execute(f"UPDATE fraiseql.changes SET at = at + {AHEAD}")
        assert await writer.fetchval(f"SELECT {age(view)}") is None
        # A later write, which is of the past, does not hide it; nor does compaction.
        await sql(url, "INSERT INTO tb_user VALUES (22, 'newer')")
        assert await writer.fetchval(f"SELECT {age(view)}") is None
        await compact(writer, 0.0)
        assert await writer.fetchval(f"SELECT {age(view)}") is None
        await refresh_view(writer, view)
        assert await writer.fetchval(f"SELECT {age(view)}") == 0


async def test_a_refresh_of_the_future_does_not_put_the_next_one_off(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
    async with opened(url, counts) as (writer, _, _):
        state = f"UPDATE fraiseql.view_state SET as_of = now() + {AHEAD}"
        await writer.execute(f"{state}, fails = 3, failed_at = now() + {AHEAD}")
        for policy in (Policy(on_write=True), Policy(every=60.0)):
            actual = await refresh_state(writer, view)
            assert actual is not None
            assert policy.wait(actual) == 0


async def test_a_view_over_the_clock_is_of_unknown_age(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    async with opened(url, counts) as (writer, _, _):
        await writer.execute("UPDATE fraiseql.view_state SET clock = true")
        assert (await writer.fetchval(f"SELECT {age(view)}")) > 0
        await writer.execute(f"UPDATE fraiseql.view_state SET as_of = now() + {AHEAD}")
        assert await writer.fetchval(f"SELECT {age(view)}") is None
