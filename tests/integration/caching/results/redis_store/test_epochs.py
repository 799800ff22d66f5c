"""Epochs: a crash, and another database, are places where nothing that was kept is true."""

import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from fraiseql.caching.results.stores.redis.epoch import crash_epoch
from fraiseql.database.embedded import EmbeddedServer
from tests.failure.crashing import Crashing
from tests.integration.caching.results.redis_store.env import (
    ALONE,
    KEY,
    RedisEnv,
    opened,
    prepare,
    without,
)

NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
BEFORE = """
ALTER SYSTEM SET wal_writer_delay = '10s';
ALTER SYSTEM SET autovacuum = off;
"""


@pytest.fixture
async def own(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Crashing]:
    """A server of the test's own, where a commit that does not wait for the disk can be lost."""
    crashing = Crashing(server.binaries, tmp_path / "own")
    await crashing.prepare()
    connection = await crashing.connect()
    for statement in BEFORE.strip().splitlines():
        await connection.execute(statement)
    await crashing.crash(signal.SIGQUIT)
    yield crashing
    await crashing.stop()
    shutil.rmtree(tmp_path / "own", ignore_errors=True)


async def lose_a_write(env: RedisEnv) -> int:
    """Keep what a transaction wrote that is then lost; return its number."""
    await env.writer.execute("CHECKPOINT")
    # Before, so that nothing but the write itself is lost: not the epoch either.
    await env.store.find(env.lookup, KEY)
    # A page of the WAL that is full is written soon, without the commit that is on the next one.
    await env.writer.execute("SELECT pg_switch_wal()")
    await env.writer.execute("SET synchronous_commit = off")
    await env.write(2)
    number = await env.writer.fetchval(
        "SELECT xid::text::bigint FROM fraiseql.changes ORDER BY xid DESC LIMIT 1"
    )
    assert await env.fill(b"2") == "stored"
    assert await env.reason() == "hit"
    return int(number)


async def write_as(env: RedisEnv, number: int) -> None:
    """Let the transaction of a number write."""
    while (now := await env.writer.fetchval(NEXT)) < number:
        await env.writer.execute("SELECT pg_current_xact_id()")
    assert now == number, "the number was lost with the write, and is given again"
    await env.write(3)


async def test_entries_of_lost_transactions_are_not_returned(
    own: Crashing, redis_url: str, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(own.url)
    other = bytes(32)
    async with opened(own.url, redis_url) as env:
        epoch = await crash_epoch(env.pool)
        assert epoch == await crash_epoch(env.pool)
        begun = await env.store.find(env.lookup, other)
        number = await lose_a_write(env)
    await own.crash(signal.SIGKILL)
    async with opened(own.url, redis_url) as env:
        assert await env.writer.fetchval("SELECT v FROM app.users") == 1, "it was lost"
        await write_as(env, number)
        frames = {name: await client.get(name) for name in await client.keys()}
        assert await env.reason() == "foreign"
        # What is foreign is removed when it is met.
        await client.mset(frames)
        assert await crash_epoch(env.pool) not in (None, epoch)
        with without("wrong_relation", monkeypatch):
            # The number is known to the old label: the lost write would be given.
            assert await env.reason() == "hit"
        assert await env.fill(b"3") == "stored", "though its numbers may be smaller"
        assert await env.reason() == "hit"
        # What was computed before the crash, and is put after it.
        assert await env.fill(b"1", begun, key=other) == "stored"
        assert (await env.store.find(env.lookup, other)).reason == "foreign"


async def test_two_databases_share_nothing(
    database: str, server: EmbeddedServer, redis_url: str, client: Redis
) -> None:
    await prepare(database)
    async with opened(database, redis_url) as env:
        await env.writer.execute("CREATE DATABASE fql_another")
        try:
            another = server.url_for("fql_another")
            await prepare(another)
            async with opened(another, redis_url) as other:
                await env.store.find(env.lookup, KEY)
                await other.store.find(other.lookup, KEY)
                await env.fill(b"1")
                assert await env.reason() == "hit"
                assert await other.reason() != "hit"
                alone = bytes(32)
                lookup_result = await env.store.find(ALONE, alone)
                await env.store.put(env.entry(b"2", lookup_result, key=alone, tags=(), ttl=60.0))
                assert (await env.store.find(ALONE, alone)).hit.value == b"2"
                assert (await other.store.find(ALONE, alone)).reason == "invalid"
        finally:
            await env.writer.execute("DROP DATABASE fql_another WITH (FORCE)")


async def test_on_a_copy_that_was_stopped_nothing_is_true(env: RedisEnv) -> None:
    await env.fill(b"1")
    await env.writer.execute("UPDATE fraiseql.result_epoch SET id = gen_random_uuid()")
    assert await env.reason() == "foreign"
    await env.writer.execute("DELETE FROM fraiseql.result_epoch")
    assert await env.fill(b"1") == "stored", "whoever asks begins a new one"
    assert await env.reason() == "hit"


async def test_a_copied_database_has_its_own_namespace(
    database: str, server: EmbeddedServer, redis_url: str, client: Redis
) -> None:
    await prepare(database)
    async with opened(database, redis_url) as env:
        await env.fill(b"1")
        assert await env.reason() == "hit"
        epoch = await crash_epoch(env.pool)
        name = await env.writer.fetchval("SELECT current_database()")
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"CREATE DATABASE fql_copied TEMPLATE {name}")
    try:
        async with opened(server.url_for("fql_copied"), redis_url) as copied:
            assert await copied.reason() == "foreign"
            assert await crash_epoch(copied.pool) != epoch
    finally:
        await connection.execute("DROP DATABASE fql_copied WITH (FORCE)")
        await connection.close()


async def test_what_is_of_another_epoch_or_ahead_is_removed_when_it_is_met(env: RedisEnv) -> None:
    lookup_result = await env.store.find(env.lookup, KEY)
    epoch, _, _ = (lookup_result.snapshot or "").rpartition(" ")
    far = "4000000000:4000000000:"
    for snapshot in (
        f"{epoch} {far}",
        f"another/1/2 {(lookup_result.snapshot or '').rpartition(' ')[2]}",
    ):
        assert await env.store.put(env.entry(b"1", lookup_result, snapshot=snapshot)) == "stored"
        assert await env.reason() == "foreign"
        assert await env.reason() == "absent"
    assert await env.fill(b"2") == "stored"
    assert await env.reason() == "hit"
