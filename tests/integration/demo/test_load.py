"""Loading the data set: whole or not at all, once, and by whoever comes first."""

import asyncio
import os
import signal
import subprocess
import sys

import asyncpg
import pytest

from fraiseql.database import Pool
from fraiseql.demo.files import FILES
from fraiseql.demo.load import load
from fraiseql.errors import ConfigurationError
from tests.integration.demo.conftest import quiet, run_sql, with_pool

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


async def drop(url: str) -> None:
    await run_sql(url, "DROP SCHEMA IF EXISTS fraiseql_demo CASCADE")


async def test_every_row_is_there(flights: str) -> None:
    for file in FILES:
        rows = await query(flights, f"SELECT count(*) FROM fraiseql_demo.{file.table}")
        assert rows[0][0] == file.rows


async def test_na_is_null_and_instants_are_utc(flights: str) -> None:
    sql = "SELECT count(*) - count(dep_time), count(*) - count(tailnum), min(time_hour)::text"
    (row,) = await query(flights, f"{sql} FROM fraiseql_demo.tb_flight")
    assert tuple(row) == (8_255, 2_512, "2013-01-01 10:00:00+00")


async def test_every_embed_has_an_index_and_statistics(flights: str) -> None:
    (row,) = await query(
        flights,
        "SELECT count(*), bool_and(c.reltuples > 0) FROM pg_index JOIN pg_class c ON c.oid = indrelid"
        " WHERE c.relnamespace = 'fraiseql_demo'::regnamespace",
    )
    assert tuple(row) == (11, True)


async def test_a_finished_load_is_recognised(flights: str) -> None:
    before = await query(flights, "SELECT pg_relation_filenode('fraiseql_demo.tb_flight')")
    assert await load_at(flights) is False
    assert await query(flights, "SELECT pg_relation_filenode('fraiseql_demo.tb_flight')") == before


@pytest.mark.parametrize("moment", ["tb_flight (336,776 rows)", "keys and indexes"])
async def test_a_killed_load_leaves_nothing_and_is_done_again(database: str, moment: str) -> None:
    await drop(database)
    with subprocess.Popen(
        [sys.executable, "-c", LOAD_THEN_SAY, database], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != moment:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    left = "SELECT FROM pg_namespace WHERE nspname = 'fraiseql_demo'"
    # Its backend may be building an index, and notices the loss when it is done.
    await _until_alone(database)
    assert await query(database, left) == []
    assert await load_at(database) is True
    assert (await query(database, MARKER))[0][0].startswith("FraiseQL demo data")


async def _until_alone(url: str) -> None:
    others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with asyncio.timeout(60):
        while await query(url, others):
            await asyncio.sleep(0.05)


async def test_two_that_start_together_load_once(database: str) -> None:
    await drop(database)
    assert sorted(await asyncio.gather(load_at(database), load_at(database))) == [False, True]


async def test_data_of_an_older_form_is_replaced(database: str) -> None:
    await drop(database)
    await run_sql(
        database,
        "CREATE SCHEMA fraiseql_demo CREATE TABLE tb_old (id int)",
        "COMMENT ON SCHEMA fraiseql_demo IS 'FraiseQL demo data, form 0'",
    )
    assert await load_at(database) is True
    assert (await query(database, "SELECT to_regclass('fraiseql_demo.tb_old')"))[0][0] is None


async def test_somebody_elses_schema_is_left_alone(database: str) -> None:
    await drop(database)
    await run_sql(database, "CREATE SCHEMA fraiseql_demo CREATE TABLE precious (id int)")
    with pytest.raises(ConfigurationError, match="did not make"):
        await load_at(database)
    assert await query(database, "SELECT FROM fraiseql_demo.precious") == []


async def test_the_connection_is_read_only_again_afterwards(database: str) -> None:
    await drop(database)

    async def setting(pool: Pool) -> list[str]:
        await load(pool, quiet)
        sql = "SELECT name || ' ' || setting FROM pg_settings WHERE name = ANY ($1) ORDER BY 1"
        names = ["default_transaction_read_only", "statement_timeout"]
        return [row[0] for row in await pool.fetch_bytes(sql, [names])]

    assert await with_pool(database, setting) == [
        "default_transaction_read_only on",
        "statement_timeout 15000",
    ]
