"""Round trips: the messages of a read, and no others."""

import asyncio

import asyncpg

from fraiseql.database import Database, Identity, Pool
from tests.integration.database.server_log import Log, MakePool
from tests.integration.flights import run_sql

SQL = "SELECT convert_to($1::text, 'UTF8')"
ONCE = [f"bind {SQL}", f"execute {SQL}"]


async def test_a_read_is_parsed_once_and_then_costs_one_statement(
    log: Log, make_pool: MakePool
) -> None:
    pool = await make_pool(pool_size=1)
    await pool.fetch_bytes("SELECT 1")
    log.new()
    assert [row[0] for row in await pool.fetch_bytes(SQL, ["a"])] == [b"a"]
    assert log.new() == [f"parse {SQL}", *ONCE]
    for text in ("b", "c"):
        assert [row[0] for row in await pool.fetch_bytes(SQL, [text])] == [text.encode()]
        assert log.new() == ONCE
    await asyncio.sleep(0.05)
    assert log.new() == [], "nothing follows when the connection is given back"


async def test_concurrent_reads_cost_one_statement_each(log: Log, make_pool: MakePool) -> None:
    pool = await make_pool(pool_size=3)
    await asyncio.gather(*(pool.fetch_bytes(SQL, ["a"]) for _ in range(9)))
    log.new()
    await asyncio.gather(*(pool.fetch_bytes(SQL, ["a"]) for _ in range(30)))
    assert log.new().count(ONCE[1]) == 30


async def test_an_identity_costs_one_statement_when_it_changes(
    log: Log, make_pool: MakePool
) -> None:
    pool = await make_pool(pool_size=1)
    first, second = (Identity.of(None, {"app.tenant": text}) for text in "12")
    change = "SELECT pg_catalog.set_config($1, $2, false)"
    for identity in (first, second, Identity.NONE):  # parsed in all forms
        await pool.fetch_bytes(SQL, ["a"], identity)
    log.new()
    await pool.fetch_bytes(SQL, ["a"], first)
    assert log.new() == [f"bind {change}", f"execute {change}", *ONCE]
    await pool.fetch_bytes(SQL, ["a"], Identity.of(None, {"app.tenant": "1"}))
    assert log.new() == ONCE
    await pool.fetch_bytes(SQL, ["a"])
    assert log.new() == [f"bind {change}", f"execute {change}", *ONCE]
    await pool.fetch_bytes(SQL, ["a"])
    assert log.new() == ONCE


async def test_a_pool_keeps_identities_apart_so_that_both_stay_cheap(
    log: Log, make_pool: MakePool
) -> None:
    pool = await make_pool(pool_size=2)
    tenants = [Identity.of(None, {"app.tenant": text}) for text in "12"]
    for _ in range(2):
        await asyncio.gather(*(pool.fetch_bytes(SQL, ["a"], identity) for identity in tenants))
    log.new()
    for identity in tenants * 3:
        await pool.fetch_bytes(SQL, ["a"], identity)
    assert log.new() == ONCE * 6


async def test_a_raw_statement_is_followed_by_a_reset_in_the_background(
    log: Log, make_pool: MakePool
) -> None:
    pool = await make_pool(pool_size=1)
    await pool.fetch_bytes("SELECT 2")
    log.new()
    assert await Database(pool).fetchval("SELECT 1") == 1
    assert log.new() == ["parse SELECT 1", "bind SELECT 1", "execute SELECT 1"]
    await asyncio.sleep(0.1)
    (reset,) = log.new()
    assert reset.startswith("statement RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;")


async def test_a_connection_begins_read_only_and_in_known_formats(
    make_pool: MakePool,
) -> None:
    pool = await make_pool(statement_timeout=1.5)
    expected = {
        "default_transaction_read_only": "on",
        "statement_timeout": "1500ms",
        "TimeZone": "UTC",
        "DateStyle": "ISO, MDY",
        "IntervalStyle": "iso_8601",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "jit": "off",
        "client_encoding": "UTF8",
        "application_name": "fraiseql",
    }
    rows = await pool.fetch_bytes(
        "SELECT name, current_setting(name) FROM unnest($1::text[]) AS name", [list(expected)]
    )
    assert dict(rows) == expected


async def test_a_changed_table_is_read_in_its_new_form(
    make_pool: MakePool, admin: asyncpg.Connection
) -> None:
    pool = await make_pool(pool_size=1)
    await admin.execute("CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)")
    sql = "SELECT * FROM changing"
    assert [tuple(row) for row in await pool.fetch_bytes(sql)] == [(1,)]
    await admin.execute("ALTER TABLE changing ADD b text DEFAULT 'x'")
    assert [tuple(row) for row in await pool.fetch_bytes(sql)] == [(1, "x")]


async def test_a_recursive_inspection_has_small_tables_and_leaves_no_setting(pool: Pool) -> None:
    setting = "SELECT current_setting('work_mem') AS kb"
    before = (await pool.fetch_bytes(setting))[0]["kb"]
    recursive = f"WITH RECURSIVE n(n) AS (SELECT 1 UNION SELECT n + 1 FROM n WHERE n < 3) {setting}"
    assert (await pool.inspect(f"{recursive}, sum(n) FROM n"))[0]["kb"] == "256kB" != before
    assert (await pool.inspect(setting))[0]["kb"] == before
    assert (await pool.fetch_bytes(setting))[0]["kb"] == before


async def test_the_types_of_arrays_are_asked_once_for_all_connections(
    log: Log, make_pool: MakePool
) -> None:
    pool = await make_pool(pool_size=1)
    sql = "SELECT convert_to(($1::text[])[1], 'UTF8'), $2::xid8[], $3::int4range"
    await pool.fetch_bytes(sql, [["a"], [], None])
    log.new()
    other = await make_pool(pool_size=1)
    assert [row[0] for row in await other.fetch_bytes(sql, [["b"], [], None])] == [b"b"]
    lines = log.new()
    assert any(line.startswith("execute SELECT convert_to") for line in lines)
    assert not any("typeinfo" in line or "SAVEPOINT" in line for line in lines)


async def test_the_types_of_a_database_are_asked_on_each_connection(
    log: Log, make_pool: MakePool, database: str
) -> None:
    sql = "SELECT convert_to(($1::public.pair).a, 'UTF8')"
    for definition, value, answer in (("a text", ("x",), b"x"), ("b int, a text", (1, "y"), b"y")):
        await run_sql(
            database,
            "DROP TYPE IF EXISTS public.pair",
            f"CREATE TYPE public.pair AS ({definition})",
        )
        pool = await make_pool(pool_size=1)
        log.new()
        assert [row[0] for row in await pool.fetch_bytes(sql, [value])] == [answer]
        assert any("typeinfo" in line for line in log.new())
