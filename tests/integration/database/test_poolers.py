"""Detection of PgBouncer's refusals, ignored settings and shared servers."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database import Identity, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.settings import Settings
from tests.integration.database.pgbouncer import IGNORED, needs_pgbouncer, pooled, version

pytestmark = needs_pgbouncer


async def refusal(url: str) -> str:
    pool = await open_pool(url, Settings())
    with pytest.raises(ConfigurationError) as caught:
        await pool.fetch_bytes("SELECT 1")
    await pool.close()
    return str(caught.value)


async def test_a_refused_parameter_is_named_with_its_remedy(database: str, tmp_path: Path) -> None:
    with pooled(database, tmp_path / "a", mode="session") as url:
        text = await refusal(url)
    assert "PgBouncer refused the start-up parameter " in text
    assert f"ignore_startup_parameters = {IGNORED}" in text
    assert "ALTER ROLE" in text


async def test_ignored_settings_are_named_and_can_be_set_for_the_role(
    database: str, tmp_path: Path
) -> None:
    with pooled(database, tmp_path / "a", mode="session", ignored=IGNORED) as url:
        text = await refusal(url)
    assert "ignored settings of the connection: " in text
    assert "IntervalStyle is 'postgres', not 'iso_8601'" in text
    assert "default_transaction_read_only is 'off', not 'on'" in text
    statements = re.findall(r"ALTER ROLE [^;]*;", text)
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("".join(statements))
        await connection.execute("CREATE ROLE pooled_reader; GRANT pooled_reader TO CURRENT_USER")
        with pooled(database, tmp_path / "b", mode="session", ignored=IGNORED) as url:
            await works_in_session_mode(url)
        with pooled(database, tmp_path / "c", mode="transaction", ignored=IGNORED) as url:
            await as_the_version_allows(url)
    finally:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute("ALTER ROLE CURRENT_USER RESET ALL; DROP ROLE pooled_reader")
        await connection.close()


async def works_in_session_mode(url: str) -> None:
    pool = await open_pool(url, Settings())
    try:
        identity = Identity.of("pooled_reader", {"app.tenant": "7"})
        query = "SELECT current_user::text AS who, current_setting('app.tenant', true) AS tenant"
        rows = await asyncio.gather(
            *[pool.fetch_bytes(query, [], chosen) for chosen in [identity, Identity.NONE] * 10]
        )
        assert [row[0]["tenant"] or "" for row in rows] == ["7", ""] * 10
        assert [row[0]["who"] == "pooled_reader" for row in rows] == [True, False] * 10
    finally:
        await pool.close()


async def as_the_version_allows(url: str) -> None:
    """Before 1.21 prepared statements are lost between transactions; roles are in all versions."""
    if version() < (1, 21):
        text = await refusal(url)
        assert "does not support prepared statements" in text
        assert "PgBouncer 1.21 or newer" in text
        return
    pool = await open_pool(url, Settings())
    try:
        rows = await asyncio.gather(
            *[pool.fetch_bytes("SELECT $1::int AS n", [number]) for number in range(50)]
        )
        assert [row[0]["n"] for row in rows] == list(range(50))
        with pytest.raises(ConfigurationError, match="shares servers between transactions"):
            await pool.fetch_bytes("SELECT 1", [], Identity.of("pooled_reader", {}))
    finally:
        await pool.close()


async def test_without_a_pooler_nothing_is_refused(database: str) -> None:
    pool = await open_pool(database, Settings())
    try:
        rows = await pool.fetch_bytes("SELECT current_setting('IntervalStyle') AS style")
        assert rows[0]["style"] == "iso_8601"
    finally:
        await pool.close()
