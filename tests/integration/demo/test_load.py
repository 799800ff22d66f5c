"""Loading of the data set: atomic, once, by the first process."""

import asyncio
import subprocess
import sys

import asyncpg
import pytest

from fraiseql.database import Pool
from fraiseql.demo.files import FILES
from fraiseql.demo.load import load
from fraiseql.errors import ConfigurationError
from fraiseql.operating.doctor.examine import Scope, examine
from fraiseql.settings import Settings
from tests.integration.flights import quiet, run_sql, with_pool

LOAD_THEN_SAY = """
import asyncio, sys
from fraiseql.database import open_pool
from fraiseql.demo.load import load
from fraiseql.settings import Settings

async def main():
    pool = await open_pool(sys.argv[1], Settings())
    await load(pool, lambda what, share: print(what, flush=True))

asyncio.run(main())
"""
MARKER = "SELECT obj_description('fraiseql_demo'::regnamespace)"


async def query(url: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, server_settings={"TimeZone": "UTC"})
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def load_at(url: str) -> bool:
    return await with_pool(url, lambda pool: load(pool, quiet))


async def test_every_row_is_there(flights: str) -> None:
    for file in FILES:
        rows = await query(flights, f"SELECT count(*) FROM fraiseql_demo.{file.table}")
        assert rows[0][0] == file.rows


async def test_the_doctor_has_no_finding(flights: str) -> None:
    # Creating and dropping the databases of tests requests checkpoints, and servers of tests keep
    # PostgreSQL's own size, while that of the demo is sized for its machine.
    scope = Scope(ignored=frozenset({"CHECKPOINTS_FORCED", "SHARED_BUFFERS_SMALL"}))
    examination = await with_pool(flights, lambda pool: examine(pool, Settings(), scope))
    assert examination.diagnoses == ()


async def test_na_is_null_and_instants_are_utc(flights: str) -> None:
    sql = "SELECT count(*) - count(dep_time), count(*) - count(tailnum), min(time_hour)::text"
    (row,) = await query(flights, f"{sql} FROM fraiseql_demo.tb_flight")
    assert tuple(row) == (8_255, 2_512, "2013-01-01 10:00:00+00")


async def test_every_embed_has_an_index_and_statistics(flights: str) -> None:
    (row,) = await query(
        flights,
        "SELECT count(*), bool_and(c.reltuples > 0)"
        " FROM pg_index JOIN pg_class c ON c.oid = indrelid"
        " WHERE c.relnamespace = 'fraiseql_demo'::regnamespace"
        " AND indexrelid::regclass::text NOT LIKE '%.ix_%'",
    )
    # Without those of its declarations.
    assert tuple(row) == (10, True)


async def test_a_finished_load_is_recognised(flights: str) -> None:
    before = await query(flights, "SELECT pg_relation_filenode('fraiseql_demo.tb_flight')")
    assert await load_at(flights) is False
    assert await query(flights, "SELECT pg_relation_filenode('fraiseql_demo.tb_flight')") == before


async def test_a_killed_load_changes_nothing_and_the_next_one_is_done_once(database: str) -> None:
    await run_sql(
        database,
        "CREATE SCHEMA fraiseql_demo CREATE TABLE tb_old (id int)",
        "COMMENT ON SCHEMA fraiseql_demo IS 'FraiseQL demo data, form 0'",
    )
    _kill_while(database, "keys and indexes")
    await _until_alone(database)
    assert await query(database, "SELECT FROM fraiseql_demo.tb_old") == []
    assert sorted(await asyncio.gather(load_at(database), load_at(database))) == [False, True]
    assert (await query(database, "SELECT to_regclass('fraiseql_demo.tb_old')"))[0][0] is None
    assert (await query(database, MARKER))[0][0] != "FraiseQL demo data, form 0"
    assert await load_at(database) is False


def _kill_while(url: str, step: str) -> None:
    """Start a load in another process, and kill it at a step."""
    with subprocess.Popen(
        [sys.executable, "-c", LOAD_THEN_SAY, url], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != step:
            assert process.poll() is None
        process.kill()


async def _until_alone(url: str) -> None:
    """Wait until the backend of the killed process has noticed: it may be building an index."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    async with asyncio.timeout(60):
        while await query(url, f"SELECT pg_sleep(0.05) FROM pg_stat_activity WHERE {others}"):
            pass


async def test_somebody_elses_schema_is_left_alone(database: str) -> None:
    await run_sql(
        database,
        "DROP SCHEMA IF EXISTS fraiseql_demo CASCADE",
        "CREATE SCHEMA fraiseql_demo CREATE TABLE precious (id int)",
    )
    with pytest.raises(ConfigurationError, match="did not make"):
        await load_at(database)
    assert await query(database, "SELECT FROM fraiseql_demo.precious") == []


async def test_the_connection_is_as_before_afterwards(flights: str) -> None:
    names = ["default_transaction_read_only", "statement_timeout"]
    sql = "SELECT name || ' ' || setting FROM pg_settings WHERE name = ANY ($1) ORDER BY 1"

    async def settings(pool: Pool) -> list[str]:
        await load(pool, quiet)
        return [row[0] for row in await pool.fetch_bytes(sql, [names])]

    assert await with_pool(flights, settings) == [
        "default_transaction_read_only on",
        "statement_timeout 15000",
    ]
