"""A resolver's own SQL: parameters, transactions, read-only unless said, nothing left behind."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from fraiseql.database import Database, Identity, Pool, Transaction
from fraiseql.errors import DatabaseError, InputError, SourceError
from tests.integration.database.server_log import MakePool

COUNT = "SELECT count(*) FROM notes"


@pytest.fixture
def db(pool: Pool) -> Database:
    return Database(pool)


@pytest.fixture(autouse=True)
async def notes(admin: asyncpg.Connection) -> None:
    await admin.execute(
        """DROP TABLE IF EXISTS notes;
        CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL CHECK (text <> 'no'));
        INSERT INTO notes VALUES (1, 'one'), (2, 'two')"""
    )


async def test_the_four_methods(db: Database) -> None:
    rows = await db.fetch("SELECT id, text FROM notes WHERE id >= $1 ORDER BY id", 1)
    assert [(row["id"], row["text"]) for row in rows] == [(1, "one"), (2, "two")]
    assert dict(await db.fetchrow("SELECT * FROM notes WHERE id = $1", 2) or {}) == {
        "id": 2,
        "text": "two",
    }
    assert await db.fetchrow("SELECT * FROM notes WHERE id = $1", 3) is None
    assert await db.fetchval("SELECT text FROM notes WHERE id = $1", 1) == "one"
    assert await db.fetchval("SELECT text FROM notes WHERE id = $1", 3) is None
    assert await db.execute("SELECT 1") == "SELECT 1"


async def test_values_never_become_sql(db: Database) -> None:
    for text in ("' OR true --", "$1", '"; DROP TABLE notes; --', "\\'", "é😀"):
        assert await db.fetchval("SELECT $1::text", text) == text
    with pytest.raises(InputError):
        await db.fetchval("SELECT $1::int", "1; DROP TABLE notes")
    assert await db.fetchval(COUNT) == 2


async def test_writing_needs_a_writing_transaction(db: Database) -> None:
    insert = "INSERT INTO notes VALUES ($1, $2)"
    with pytest.raises(DatabaseError, match="read-only") as error:
        await db.execute(insert, 3, "three")
    assert "transaction(readonly=False)" in error.value.hint
    with pytest.raises(DatabaseError, match="read-only"):
        async with db.transaction() as transaction:
            await transaction.execute(insert, 3, "three")
    async with db.transaction(readonly=False) as transaction:
        assert await transaction.execute(insert, 3, "three") == "INSERT 0 1"
        assert await transaction.fetchval(COUNT) == 3
        assert len(await transaction.fetch("SELECT * FROM notes")) == 3
        assert await transaction.fetchrow("SELECT 1 WHERE false") is None
    assert await db.fetchval(COUNT) == 3


async def test_an_exception_rolls_back(db: Database, admin: asyncpg.Connection) -> None:
    async def write_and_fail() -> None:
        async with db.transaction(readonly=False) as transaction:
            await transaction.execute("DELETE FROM notes")
            assert await transaction.fetchval(COUNT) == 0
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await write_and_fail()
    # At once, not when the connection is reset: the rows must not stay locked.
    await admin.execute("SET lock_timeout = '50ms'; UPDATE notes SET text = 'x'")
    assert await db.fetchval(COUNT) == 2


async def test_an_error_of_the_users_own_code_is_unchanged(db: Database) -> None:
    async def fail_otherwise() -> None:
        async with db.transaction():
            raise ConnectionResetError("another service")

    with pytest.raises(ConnectionResetError, match="another service"):
        await fail_otherwise()


async def test_a_cancelled_transaction_is_rolled_back(
    db: Database, admin: asyncpg.Connection
) -> None:
    async def write_and_wait() -> None:
        async with db.transaction(readonly=False) as transaction:
            await transaction.execute("DELETE FROM notes")
            await transaction.execute("SELECT pg_sleep(20)")

    task = asyncio.create_task(write_and_wait())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await admin.execute("SET lock_timeout = '2s'; UPDATE notes SET text = 'x'")
    assert await db.fetchval(COUNT) == 2


async def test_a_failure_that_was_swallowed_does_not_pass_for_success(db: Database) -> None:
    async def swallow() -> None:
        async with db.transaction(readonly=False) as transaction:
            await transaction.execute("INSERT INTO notes VALUES (3, 'three')")
            with pytest.raises(DatabaseError, match="same key"):
                await transaction.execute("INSERT INTO notes VALUES (3, 'again')")
            with pytest.raises(DatabaseError, match="has failed"):
                await transaction.execute("SELECT 1")

    with pytest.raises(DatabaseError, match="rolled back"):
        await swallow()
    assert await db.fetchval(COUNT) == 2


async def test_a_refusal_at_commit_is_an_error(db: Database, admin: asyncpg.Connection) -> None:
    await admin.execute(
        """CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO late VALUES (1)"""
    )

    async def collide() -> None:
        async with db.transaction(readonly=False) as transaction:
            await transaction.execute("INSERT INTO late VALUES (1)")

    with pytest.raises(DatabaseError, match="same key"):
        await collide()
    assert await db.fetchval("SELECT count(*) FROM late") == 1
    await admin.execute("DROP TABLE late")


async def test_a_transaction_ends_with_its_block(db: Database) -> None:
    async with db.transaction() as transaction:
        assert await transaction.fetchval("SELECT 1") == 1
    with pytest.raises(DatabaseError, match="has ended"):
        await transaction.fetchval("SELECT 1")


ENDS = ("COMMIT", " end;", "Rollback work", "-- x\n/* y */ abort", "prepare transaction 'p'")


@pytest.mark.parametrize("end", [*ENDS, "COMMIT AND CHAIN", "rollback and chain"])
async def test_a_statement_cannot_end_the_transaction_of_its_block(db: Database, end: str) -> None:
    async def end_it() -> None:
        async with db.transaction(readonly=False) as transaction:
            await transaction.execute("INSERT INTO notes VALUES (3, 'three')")
            await transaction.execute(end)

    with pytest.raises(DatabaseError, match="may not end the transaction"):
        await end_it()
    assert await db.fetchval(COUNT) == 2


async def test_several_statements_that_end_the_transaction_are_an_error(db: Database) -> None:
    async def end_it() -> None:
        async with db.transaction(readonly=False) as transaction:
            await transaction.execute("SELECT 1; COMMIT")

    with pytest.raises(DatabaseError, match="was ended by a statement"):
        await end_it()
    async with db.transaction(readonly=False) as transaction:
        await transaction.execute("SAVEPOINT a; INSERT INTO notes VALUES (3, 'three')")
        await transaction.execute("ROLLBACK TRANSACTION TO SAVEPOINT a")
        await transaction.execute("rollback to a")
        assert await transaction.fetchval(COUNT) == 2


async def test_two_statements_at_once_in_one_transaction_are_refused(db: Database) -> None:
    async with db.transaction() as transaction:
        outcomes = await asyncio.gather(
            transaction.fetchval("SELECT 1"),
            transaction.fetchval("SELECT 2"),
            return_exceptions=True,
        )
        assert outcomes[0] == 1
        assert isinstance(outcomes[1], DatabaseError)
        assert "another operation" in outcomes[1].hint


LEAVES = {
    "setting": ("SET search_path = nowhere", "SHOW search_path"),
    "own setting": ("SELECT set_config('app.tenant', '9', false)", "SHOW app.tenant"),
    "read-only": ("SET default_transaction_read_only = off", "SHOW default_transaction_read_only"),
    "timeout": ("SET statement_timeout = 0", "SHOW statement_timeout"),
    "characteristics": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SHOW default_transaction_isolation",
    ),
    "role": ("SET ROLE pg_monitor", "SELECT current_user::text"),
    "session user": ("SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user::text"),
    "lock": (
        "SELECT pg_advisory_lock(7)",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    ),
    "listening": ("LISTEN news", "SELECT count(*) FROM pg_listening_channels()"),
    "temporary table": (
        "CREATE TEMP TABLE notes AS SELECT 1",
        "SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass('notes')",
    ),
    "open transaction": ("BEGIN; SELECT 1", "SELECT now() = statement_timestamp()"),
    "failed transaction": ("BEGIN", "SELECT 1"),
    "cursor": (
        "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT",
        "SELECT count(*) FROM pg_cursors WHERE name = 'c'",
    ),
    "prepared statement": (
        "PREPARE mine AS SELECT 1",
        "SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'",
    ),
    "thrown away": ("/* all */ DISCARD ALL", "SELECT 1"),
}


@pytest.mark.parametrize("left", LEAVES)
async def test_settings_of_a_statement_do_not_reach_the_next(
    make_pool: MakePool, database: str, left: str
) -> None:
    pool = await make_pool(f"{database}&app.tenant=house", pool_size=1)
    leave, look = LEAVES[left]
    before = [tuple(row) for row in await pool.fetch_bytes(look)]
    # A read-only connection refuses some of them, which is as good.
    with suppress(DatabaseError):
        await Database(pool, Identity.of(None, {"app.tenant": "5"})).execute(leave)
    assert [tuple(row) for row in await pool.fetch_bytes(look)] == before


@pytest.mark.parametrize("left", LEAVES)
async def test_settings_of_a_writing_transaction_do_not_reach_the_next(
    make_pool: MakePool, database: str, left: str
) -> None:
    pool = await make_pool(f"{database}&app.tenant=house", pool_size=1)
    leave, look = LEAVES[left]
    before = [tuple(row) for row in await pool.fetch_bytes(look)]

    async def use() -> None:
        async with Database(pool).transaction(readonly=False) as transaction:
            await transaction.execute(leave)

    await asyncio.gather(use(), return_exceptions=True)  # DISCARD ALL is refused in a transaction
    assert [tuple(row) for row in await pool.fetch_bytes(look)] == before


async def test_statements_run_as_the_request(pool: Pool) -> None:
    db = Database(pool, Identity.of("pg_monitor", {"app.tenant": "5"}))
    sql = "SELECT current_user::text, current_setting('app.tenant', true)"
    assert tuple(await db.fetchrow(sql) or ()) == ("pg_monitor", "5")
    async with db.transaction() as transaction:
        assert isinstance(transaction, Transaction)
        assert tuple(await transaction.fetchrow(sql) or ()) == ("pg_monitor", "5")
    (row,) = await pool.fetch_bytes("SELECT current_user::text, current_setting('app.tenant')")
    assert tuple(row) == ("postgres", "")
    with pytest.raises(DatabaseError, match="cannot be set"):
        await Database(pool, Identity("no_such_role")).fetch("SELECT 1")
    assert await pool.ready()


async def test_mistakes_in_sql_are_named(db: Database) -> None:
    for sql, kind, message in [
        ("SELECT * FROM nots", SourceError, "relation does not exist"),
        ("SELECT txt FROM notes", SourceError, "column does not exist"),
        ("SELEC 1", DatabaseError, "cannot understand"),
        ("SELECT $1::int", DatabaseError, "driver refused"),
    ]:
        with pytest.raises(kind, match=message) as error:
            await db.fetch(sql)
        assert sql not in str(error.value)
