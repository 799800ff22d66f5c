"""Connecting: refusals, and messages without secrets."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database import Identity, open_pool
from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    FraiseQLError,
    InputError,
)
from fraiseql.settings import Settings
from tests.integration.database.server_log import MakePool

PASSWORD = "s3cr3t-w0rd"


def in_full(error: FraiseQLError) -> str:
    return f"{error} {error.message} {error.hint} {error!r}"


async def test_nothing_is_connected_before_it_is_needed() -> None:
    pool = await open_pool("postgresql://nobody@127.0.0.1:1/nothing", Settings())
    with pytest.raises(DatabaseUnavailable, match="cannot be reached") as error:
        await pool.fetch_bytes("SELECT 1")
    assert "127.0.0.1" not in in_full(error.value)
    assert not await pool.ready()
    await pool.close()


async def test_every_waiting_request_hears_that_the_database_is_down(make_pool: MakePool) -> None:
    pool = await make_pool("postgresql://nobody@127.0.0.1:1/nothing", pool_size=2)
    requests = (pool.fetch_bytes("SELECT 1") for _ in range(20))
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}


def _write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
async def guarded(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[str]:
    """Address, up to the password, of a server that asks for one and lets few in."""
    own = await asyncio.to_thread(start_embedded, tmp_path / "data", binaries=server.binaries)
    connection = await asyncpg.connect(own.url)
    await connection.execute(
        f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE one LOGIN CONNECTION LIMIT 1"
    )
    rules = Path(await connection.fetchval("SHOW hba_file"))
    _write(rules, "local all app scram-sha-256\nlocal all all trust\n")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    yield own.url
    await asyncio.to_thread(own.close)


async def test_passwords_are_checked_and_never_shown(guarded: str, make_pool: MakePool) -> None:
    right = await make_pool(guarded.replace("postgres@", f"app:{PASSWORD}@"))
    assert await right.ready()
    wrong = await make_pool(guarded.replace("postgres@", f"app:{PASSWORD}x@"))
    with pytest.raises(ConfigurationError, match="user name, the password") as error:
        await wrong.fetch_bytes("SELECT 1")
    for secret in (PASSWORD, "app", "SELECT"):
        assert secret not in in_full(error.value)
    await right.close()
    await wrong.close()


async def test_no_more_connections_than_the_server_lets_in(
    guarded: str, make_pool: MakePool
) -> None:
    pool = await make_pool(guarded.replace("postgres@", "one@"), pool_size=2)
    admin = await asyncpg.connect(guarded)
    active = "FROM pg_stat_activity WHERE usename = 'one' AND state = 'active'"
    first = asyncio.create_task(pool.fetch_bytes("SELECT pg_sleep(60)"))
    while not await admin.fetchval(f"SELECT count(*) {active} AND query LIKE '%pg_sleep%'"):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)
    with pytest.raises(DatabaseUnavailable, match="no more connections") as error:
        await pool.fetch_bytes("SELECT 1")
    assert "max_connections" in error.value.hint
    await admin.execute(f"SELECT pg_cancel_backend(pid) {active}")
    with pytest.raises(DatabaseError):
        await first
    assert await pool.ready()
    await pool.close()
    await admin.close()


async def test_refusals_of_the_server_while_connecting(database: str, make_pool: MakePool) -> None:
    name = database.rpartition("/")[2].partition("?")[0]
    for address, message in [
        (database.replace(name, "no_such_database"), "database of the URL does not exist"),
        (database.replace("postgres@", "no_such_user@"), "refused the user name"),
        (database + "&no_such_setting=1", "refused a setting"),
        (database + "&sslmode=perhaps", "cannot use the database URL"),
    ]:
        pool = await make_pool(address)
        with pytest.raises(ConfigurationError, match=message) as error:
            await pool.fetch_bytes("SELECT 1")
        assert "no_such" not in in_full(error.value)


async def test_options_of_the_url_that_change_no_answer(database: str, make_pool: MakePool) -> None:
    options = "&connect_timeout=3&gssencmode=disable&target_session_attrs=read-write"
    pool = await make_pool(f"{database}{options}&application_name=shop&search_path=pg_catalog")
    (row,) = await pool.fetch_bytes(
        "SELECT current_setting('application_name'), current_setting('search_path')"
    )
    assert tuple(row) == ("shop", "pg_catalog")


async def test_a_reset_returns_to_the_settings_of_the_url(
    database: str, make_pool: MakePool
) -> None:
    pool = await make_pool(f"{database}&app.tenant=house", pool_size=1)
    sql = "SELECT current_setting('app.tenant')"
    for variables, expected in [({}, "house"), ({"app.tenant": "1"}, "1"), ({}, "house")]:
        (row,) = await pool.fetch_bytes(sql, (), Identity.of(None, variables))
        assert row[0] == expected


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


async def _pretend(version: str) -> asyncio.Server:
    """Serve just the greeting of a PostgreSQL of that version, and hang up."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            if length > 8:
                break
            await reader.readexactly(4)  # a request for TLS
            writer.write(b"N")
        writer.write(_message(b"R", struct.pack("!i", 0)))
        writer.write(_message(b"S", b"server_version\0" + version.encode() + b"\0"))
        writer.write(_message(b"K", struct.pack("!ii", 1, 1)))
        writer.write(_message(b"Z", b"I"))
        await writer.drain()
        writer.close()

    return await asyncio.start_server(greet, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("version", "number"), [("14.20", 0), ("9.6.24", 0), ("15.4", 150004), ("19beta1", 190000)]
)
async def test_versions(version: str, number: int) -> None:
    server = await _pretend(version)
    port = server.sockets[0].getsockname()[1]
    pool = await open_pool(f"postgresql://postgres@127.0.0.1:{port}/postgres", Settings())
    with pytest.raises(FraiseQLError) as error:
        await pool.fetch_bytes("SELECT 1")
    if number:
        assert isinstance(error.value, DatabaseUnavailable), "it was good enough to be asked"
    else:
        assert isinstance(error.value, ConfigurationError)
        assert f"PostgreSQL {version.partition('.')[0]}; FraiseQL needs 15" in error.value.message
    assert pool.server_version == number
    await pool.close()
    server.close()


async def test_the_server_version_is_known_after_the_first_statement(
    make_pool: MakePool, admin: asyncpg.Connection
) -> None:
    pool = await make_pool()
    assert pool.server_version == 0
    await pool.fetch_bytes("SELECT 1")
    assert str(pool.server_version) == await admin.fetchval("SHOW server_version_num")


async def test_an_impossible_directory_is_refused_at_once() -> None:
    with pytest.raises(FraiseQLError) as error:
        await open_pool("embedded:", Settings(data_dir="/dev/null/x"))
    assert not isinstance(error.value, DatabaseError | InputError)
