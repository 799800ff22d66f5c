"""Roles that apply and read a view, and the public part of its state."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.changes.state import STATE
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.results.admin.privileges import grant
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.errors import FraiseQLError
from fraiseql.settings import Settings
from tests.integration.caching.ddl.env import applied, schema_of, sql
from tests.integration.caching.materialized_view.views import (
    BY_AUTHOR,
    authors_type,
    counts_type,
    opened,
    published,
    view_of,
)

READER = "fql_view_reader"


@pytest.fixture
async def reader(url: str) -> AsyncIterator[str]:
    """Address by which a role connects that owns nothing and may read everything."""
    await applied(url, counts_type(), authors_type())
    await sql(
        url,
        f"""CREATE ROLE {READER} LOGIN;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};
        GRANT SELECT ON fraiseql.ledger, fraiseql.ledger_version TO {READER}""",
    )
    async with opened(url, counts_type()) as (writer, _, _):
        await grant(writer, READER)
    for each in (counts_type(), authors_type()):
        await sql(url, f"GRANT SELECT ON {await view_of(url, each)} TO {READER}")
    yield url.replace("postgres@", f"{READER}@")
    await sql(url, f"DROP OWNED BY {READER}; DROP ROLE {READER}")


async def test_a_role_that_owns_nothing_reads_what_another_has_applied(
    url: str, reader: str
) -> None:
    for result in (await published(url, counts_type()), await published(reader, counts_type())):
        assert result[0] is not None
        assert result[0].freshness is not None
        assert (await sql(reader, f"SELECT {result[0].freshness.age}"))[0][0] == 0
    await sql(url, f"REVOKE USAGE ON SCHEMA fraiseql FROM PUBLIC, {READER}")
    assert await published(reader, counts_type()) == [None]
    await sql(url, "GRANT USAGE ON SCHEMA fraiseql TO PUBLIC")
    await sql(url, f"REVOKE SELECT ON {await view_of(url, counts_type())} FROM {READER}")
    assert await published(reader, counts_type()) == [None]


async def test_what_a_failed_refresh_said_is_for_its_owner(url: str, reader: str) -> None:
    """It may name values: a duplicate key, a text that is no number."""
    authors = authors_type(
        f"{BY_AUTHOR} HAVING 1 / (20 - (SELECT count(*) FROM tb_user)) IS NOT NULL"
    )
    await sql(url, "INSERT INTO tb_user VALUES (21, 'one more than can be divided by')")
    await applied(url, counts_type(), authors)
    await sql(url, "DELETE FROM tb_user WHERE id = 21")
    async with opened(url, authors) as (writer, _, _):
        with pytest.raises(FraiseQLError, match="division by zero"):
            await refresh_view(writer, await view_of(url, authors))
    failed = await sql(url, f"SELECT failure FROM {STATE} WHERE fails > 0")
    assert "division by zero" in failed[0][0]
    assert await sql(reader, f"SELECT name, snap, as_of FROM {STATE}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sql(reader, f"SELECT failure FROM {STATE}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sql(reader, f"UPDATE {STATE} SET snap = NULL")


async def test_a_worker_that_owns_nothing_leaves_the_work_to_others(
    url: str, reader: str, server_log: Path
) -> None:
    before = len(await asyncio.to_thread(server_log.read_bytes))
    worker = Worker(schema_of(counts_type()), Settings(database_url=reader))
    await worker.start()
    await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
    await asyncio.sleep(1.5)
    await worker.stop()
    said = (await asyncio.to_thread(server_log.read_bytes))[before:]
    assert b"permission denied" not in said


async def test_a_refresh_before_anything_is_applied_says_what_to_do(url: str) -> None:
    async with opened(url, counts_type()) as (writer, _, _):
        with pytest.raises(FraiseQLError) as caught:
            await refresh_view(writer, '"fraiseql"."mv_counts_0"')
    assert "fraiseql db apply" in str(caught.value.hint)
