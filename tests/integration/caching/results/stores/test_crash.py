"""Crash: what a server that was killed, and a standby, have of the entries."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.results.sql.objects import ring
from fraiseql.caching.results.stores.base import Lookup
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.table_store import TableStore
from fraiseql.caching.results.stores.transient_errors import error_kind
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.errors import FraiseQLError
from fraiseql.settings import Settings
from tests.failure.crashing import Crashing
from tests.integration.caching.results.stores.standby import standby
from tests.integration.caching.results.stores.store_fixture import (
    a_key,
    entry,
    eventually,
    table_fixture,
)

KINDS: Any = ("unlogged", "logged")


@pytest.fixture
async def own(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Crashing]:
    """A server of the test's own."""
    crashing = Crashing(server.binaries, tmp_path / "own")
    await crashing.start()
    yield crashing
    await crashing.stop()


@asynccontextmanager
async def stores_of(url: str) -> AsyncIterator[dict[str, TableStore]]:
    """Both rings of a database, as a process that starts has them."""
    pool = await open_cache_pool(replace(Settings(), database_url=url))
    try:
        yield {
            kind: TableStore(kind, pool, max_bytes=16_000_000, max_entry_bytes=200_000)
            for kind in KINDS
        }
    finally:
        await pool.close()


async def filled(url: str) -> tuple[Lookup, bytes]:
    """Keep an entry in both rings; what was put is on disk as far as it is logged."""
    async with table_fixture(url, "logged") as fixture, stores_of(url) as stores:
        lookup, key = await fixture.lookup(), a_key()
        for store in stores.values():
            lookup_result = await store.find(lookup, key)
            assert await store.put(entry(lookup, key, lookup_result, b"1")) == "stored"
            assert (await store.find(lookup, key)).reason == "hit"
        # Commits of fills wait for no disk; this one does, and theirs were before it.
        await fixture.db.execute("UPDATE tb_post SET words = 1")
    return lookup, key


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGQUIT])
async def test_a_crash_empties_the_one_and_leaves_the_other(
    own: Crashing, how: signal.Signals
) -> None:
    lookup, key = await filled(own.url)
    await own.crash(how)
    async with stores_of(own.url) as stores:
        assert (await stores["logged"].find(lookup, key)).reason == "hit"
        lookup_result = await stores["unlogged"].find(lookup, key)
        assert lookup_result.reason == "absent"
        assert (await stores["unlogged"].size())[0] == 0
        db = await own.connect()
        assert await db.fetchval(f"SELECT count(*) FROM {ring('unlogged')}") == 0
        # The next fill makes the ring whole.
        assert await stores["unlogged"].put(entry(lookup, key, lookup_result, b"2")) == "stored"
        assert (await stores["unlogged"].find(lookup, key)).hit.value == b"2"
        assert await db.fetchval(f"SELECT count(*) FROM {ring('unlogged')}") == 1
        # What was logged is judged as before.
        await db.execute("UPDATE tb_user SET name = 'other'")
        for store in stores.values():
            assert (await store.find(lookup, key)).reason == "changed"


async def test_a_standby_returns_logged_entries_and_stores_nothing(
    own: Crashing, server: EmbeddedServer, tmp_path: Path
) -> None:
    lookup, key = await filled(own.url)
    async with standby(own, server.binaries, tmp_path / "standby") as url, stores_of(url) as stores:
        await _on_standby(stores, lookup, key, await own.connect())


async def _on_standby(
    stores: dict[str, TableStore], lookup: Lookup, key: bytes, primary: asyncpg.Connection
) -> None:
    lookup_result = await stores["logged"].find(lookup, key)
    assert (lookup_result.reason, lookup_result.snapshot, lookup_result.hit.value) == (
        "hit",
        None,
        b"1",
    )
    with pytest.raises(FraiseQLError) as refused:
        await stores["unlogged"].find(lookup, key)
    assert error_kind(refused.value) is not None
    stored_entry = entry(lookup, a_key(), replace(lookup_result, snapshot="3:3:"), b"1")
    with pytest.raises(FraiseQLError) as refused:
        await stores["logged"].put(stored_entry)
    assert error_kind(refused.value) is not None
    # A write that has come here is seen in the same snapshot as its mark.
    await primary.execute("UPDATE tb_user SET name = 'other'")

    async def changed() -> bool:
        return (await stores["logged"].find(lookup, key)).reason == "changed"

    await eventually(changed)
