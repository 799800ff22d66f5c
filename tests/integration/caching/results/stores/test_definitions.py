"""Definitions: what an answer means has changed, or was made elsewhere; it is not given."""

import asyncio
import subprocess
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.results.dependencies import NOTHING
from fraiseql.caching.results.stores.base import Lookup
from fraiseql.caching.results.stores.lookup import reader_arguments, table_lookup
from fraiseql.database import open_pool
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.settings import Settings
from tests.cache_environment import log_writes
from tests.integration.caching.results.stores.store_fixture import (
    StoreFixture,
    a_key,
    entry,
    eventually,
)

CHANGES = (
    "CREATE OR REPLACE VIEW v_user AS SELECT id, upper(name) AS name FROM tb_user",
    "CREATE OR REPLACE VIEW v_user AS SELECT id, name FROM tb_user",
    "ALTER VIEW v_user SET (security_invoker = true)",
    "ALTER TABLE tb_user ADD COLUMN more int DEFAULT 1",
    "ALTER TABLE tb_user DROP COLUMN more",
    "ALTER TABLE tb_user ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON tb_user USING (id = 1)",
    "ALTER POLICY mine ON tb_user USING (id = 2)",
    "DROP POLICY mine ON tb_user",
    "ALTER TABLE tb_user DISABLE TRIGGER fraiseql_changes",
    "ALTER TABLE tb_user ENABLE ALWAYS TRIGGER fraiseql_changes",
    "GRANT SELECT ON tb_user TO PUBLIC",
    "REVOKE SELECT ON tb_user FROM PUBLIC",
    "CREATE TABLE tb_guest () INHERITS (tb_user)",
)


async def test_each_change_of_a_definition_ends_an_entry(
    fixture: StoreFixture,
) -> None:
    for change in CHANGES:
        lookup, key = await fixture.filled()
        await fixture.db.execute(change)
        misses = await fixture.misses(lookup, key, "redefined")
        assert misses.fingerprint != lookup.dependencies.fingerprint
        # Also not a second time, when the statement was planned with the new definition.
        await fixture.misses(lookup, key, "redefined")
        # What is computed now is.
        await fixture.fill(lookup, key, b"2")
        await fixture.hits(lookup, key, b"2")


async def test_partitions_count(fixture: StoreFixture) -> None:
    await fixture.db.execute(
        """CREATE TABLE tb_day (day int, n int) PARTITION BY LIST (day);
        CREATE TABLE tb_day_1 PARTITION OF tb_day FOR VALUES IN (1);
        CREATE TABLE tb_day_2 (day int, n int)"""
    )
    for table in ("tb_day", "tb_day_1", "tb_day_2"):
        await log_writes(fixture.db, f"public.{table}")
    for change in (
        "ALTER TABLE tb_day ATTACH PARTITION tb_day_2 FOR VALUES IN (2)",
        "ALTER TABLE tb_day_2 DISABLE TRIGGER fraiseql_changes",
        "ALTER TABLE tb_day DETACH PARTITION tb_day_2",
    ):
        lookup, key = await fixture.lookup("tb_day"), a_key()
        await fixture.fill(lookup, key)
        await fixture.hits(lookup, key)
        await fixture.db.execute(change)
        await fixture.misses(lookup, key, "redefined")
        await fixture.misses(lookup, key, "redefined")


async def test_functions_and_enums_count(fixture: StoreFixture) -> None:
    await fixture.db.execute(
        """CREATE FUNCTION twice(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n * 2';
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE VIEW v_mood AS SELECT twice(id) AS id, 'good'::mood AS mood FROM tb_user"""
    )
    replaced = "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int IMMUTABLE LANGUAGE sql AS"
    for change in (
        f"{replaced} 'SELECT n + n + 0'",
        "ALTER TYPE mood RENAME VALUE 'good' TO 'fine'",
        "ALTER TYPE mood ADD VALUE 'none' BEFORE 'bad'",
    ):
        lookup, key = await fixture.lookup("v_mood"), a_key()
        await fixture.fill(lookup, key)
        await fixture.hits(lookup, key)
        await fixture.db.execute(change)
        await fixture.misses(lookup, key, "redefined")
        await fixture.misses(lookup, key, "redefined")


async def test_a_definition_that_is_replaced_while_a_look_up_waits_for_it(
    tables: StoreFixture,
) -> None:
    """The look-up is planned after the wait, in a statement that began before it."""
    settings = {"default_transaction_read_only": "off"}
    patient = await open_pool(tables.url, Settings(), settings)
    try:
        lookup, key = await tables.filled()
        sql = table_lookup(tables.kind, lookup)  # type: ignore[arg-type]
        assert (await patient.fetch_bytes(sql, (key, [], *reader_arguments(lookup))))[0][
            "reason"
        ] == "hit"
        for _ in range(5):
            lookup, key = await tables.filled()
            assert (await patient.fetch_bytes(sql, (key, [], *reader_arguments(lookup))))[0][
                "reason"
            ] == "hit"
            await tables.db.execute(f"BEGIN; {CHANGES[0]}")
            waiting = asyncio.create_task(
                patient.fetch_bytes(sql, (key, [], *reader_arguments(lookup)))
            )
            await eventually(lambda: _waits(tables))
            await tables.db.execute("COMMIT")
            assert (await waiting)[0]["reason"] == "redefined"
            assert (await patient.fetch_bytes(sql, (key, [], *reader_arguments(lookup))))[0][
                "reason"
            ] == "redefined"
    finally:
        await patient.close()


async def _waits(fixture: StoreFixture) -> bool:
    session = fixture.sessions[0] if fixture.sessions else await fixture.session()
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid"
    own = "FROM pg_database WHERE datname = current_database())"
    return (await session.fetchval(f"{query} {own}")) > 0


async def test_an_entry_from_the_future_is_not_returned(tables: StoreFixture) -> None:
    """A database was set back, and its transactions are numbered again from there."""
    lookup, key = await tables.filled()
    for number in range(4):
        await tables.db.execute(
            f"UPDATE fraiseql.results_{tables.kind[0]}{number}"
            " SET snap = '4000000000:4000000000:', upto = '4000000000'"
        )
    await tables.misses(lookup, key, "foreign")
    lookup_result = await tables.store.find(lookup, a_key())
    late = entry(lookup, a_key(), lookup_result, b"1", snapshot="4000000000:4000000000:")
    assert await tables.store.put(late) == "refused"


async def test_an_entry_from_a_dump_is_not_returned(
    tables: StoreFixture, server: EmbeddedServer
) -> None:
    _, key = await tables.filled()
    name = f"fql_restored_{tables.kind}"
    await tables.db.execute(f"CREATE DATABASE {name}")
    other = server.url_for(name)
    try:
        pg_dump = [server.binaries / "pg_dump", "-d", tables.url]
        psql = [server.binaries / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", other]
        dumped = await asyncio.to_thread(_run, pg_dump, b"")
        await asyncio.to_thread(_run, psql, dumped)
        await _is_foreign(other, tables.kind, key)
    finally:
        await tables.db.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _run(command: list[str | Path], stdin: bytes) -> bytes:
    return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout


async def _is_foreign(url: str, kind: str, key: bytes) -> None:
    connection = await asyncpg.connect(url)
    try:
        # Beyond what the numbers of transactions tell by themselves.
        await connection.execute(f"UPDATE fraiseql.results_{kind[0]}0 SET snap = '3:3:', shape = 0")
        lookup = Lookup(NOTHING)
        text = table_lookup(kind, lookup)  # type: ignore[arg-type]
        row = await connection.fetchrow(text, key, [], *reader_arguments(lookup))
        assert row is not None
        assert row["reason"] == "foreign"
    finally:
        await connection.close()


@pytest.fixture
async def role(tables: StoreFixture) -> str:
    """A role that the stage's own may take on."""
    name = "fql_results_reader"
    await tables.db.execute(
        f"""DROP ROLE IF EXISTS {name}; DROP ROLE IF EXISTS {name}_group;
        CREATE ROLE {name}; CREATE ROLE {name}_group;
        GRANT USAGE ON SCHEMA public TO {name}; GRANT SELECT ON v_user TO {name}"""
    )
    return name


async def test_a_role_gets_entries_that_it_may_read(tables: StoreFixture, role: str) -> None:
    lookup, key = await tables.lookup(role=role), a_key()
    filled = await tables.fill(lookup, key)
    assert filled.roles_digest != 0
    assert filled.fingerprint == lookup.dependencies.fingerprint
    await tables.hits(lookup, key)
    for revoke, grant in (
        (f"REVOKE SELECT ON v_user FROM {role}", f"GRANT SELECT ON v_user TO {role}"),
        (
            f"REVOKE USAGE ON SCHEMA public FROM {role}",
            f"GRANT USAGE ON SCHEMA public TO {role}",
        ),
    ):
        await tables.fill(lookup, key)
        await tables.db.execute(revoke)
        assert (await tables.misses(lookup, key, "absent")).snapshot is None
        await tables.db.execute(grant)
        assert (await tables.store.find(lookup, key)).snapshot is not None
    unknown = await tables.lookup(role="fql_nobody_at_all")
    assert (await tables.misses(unknown, key, "absent")).snapshot is None


async def test_what_a_role_is_counts(tables: StoreFixture, role: str) -> None:
    lookup, key = await tables.lookup(role=role), a_key()
    for change in (
        f"GRANT {role}_group TO {role}",
        f"REVOKE {role}_group FROM {role}",
        f"ALTER ROLE {role} BYPASSRLS",
        f"ALTER ROLE {role} SUPERUSER",
    ):
        await tables.fill(lookup, key)
        await tables.hits(lookup, key)
        await tables.db.execute(change)
        await tables.misses(lookup, key, "redefined")
    await tables.db.execute(f"DROP OWNED BY {role}; DROP ROLE {role}, {role}_group")
