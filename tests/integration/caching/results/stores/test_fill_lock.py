"""Leading: one computes among all processes, and whoever dies is replaced."""

import asyncio

import pytest

from tests.integration.caching.results.stores.store_fixture import (
    StoreFixture,
    a_key,
    eventually,
    table_fixture,
)


async def test_one_leads_until_its_block_ends(fixture: StoreFixture) -> None:
    key, other = a_key(), fixture.another()
    async with fixture.store.acquire_fill_lock(key) as mine:
        assert mine
        async with other.acquire_fill_lock(key) as theirs:
            assert not theirs
    async with other.acquire_fill_lock(key) as theirs:
        assert theirs

    async def fail() -> None:
        async with fixture.store.acquire_fill_lock(key) as mine:
            assert mine
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async def free() -> bool:
        async with other.acquire_fill_lock(key) as theirs:
            return theirs

    await eventually(free)


async def test_two_keys_have_nothing_to_do_with_each_other(fixture: StoreFixture) -> None:
    async with (
        fixture.store.acquire_fill_lock(a_key()) as first,
        fixture.another().acquire_fill_lock(a_key()) as second,
    ):
        assert (first, second) == (True, True)


async def test_who_leads_next_sees_what_was_stored(fixture: StoreFixture) -> None:
    lookup, key = await fixture.lookup(), a_key()
    other = fixture.another()
    computed = 0

    async def process(store: object) -> None:
        nonlocal computed
        while (await store.find(lookup, key)).reason != "hit":  # type: ignore[attr-defined]
            async with store.acquire_fill_lock(key) as mine:  # type: ignore[attr-defined]
                if mine and (await store.find(lookup, key)).reason != "hit":  # type: ignore[attr-defined]
                    await fixture.fill(lookup, key)
                    computed += 1
            await asyncio.sleep(0.005)

    await asyncio.gather(*(process(item) for item in (fixture.store, other)))
    assert computed == 1


async def test_a_leader_that_is_cancelled_is_replaced(fixture: StoreFixture) -> None:
    key, leading = a_key(), asyncio.Event()

    async def lead() -> None:
        async with fixture.store.acquire_fill_lock(key) as mine:
            assert mine
            leading.set()
            await asyncio.sleep(600)

    task = asyncio.create_task(lead())
    await leading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def free() -> bool:
        async with fixture.another().acquire_fill_lock(key) as theirs:
            return theirs

    await eventually(free)


async def test_a_leader_whose_connection_is_killed_is_replaced(tables: StoreFixture) -> None:
    key = a_key()
    async with tables.store.acquire_fill_lock(key) as mine:
        assert mine
        await tables.db.execute(
            "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid()"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        async with tables.another().acquire_fill_lock(key) as theirs:
            assert theirs


@pytest.mark.parametrize("kind", ["unlogged", "logged"])
async def test_a_filler_holds_no_connection_that_look_ups_need(database: str, kind: str) -> None:
    """Beyond half of the connections whoever comes computes without being the only one."""
    async with table_fixture(database, kind, cache_connections=2) as fixture:
        lookup, key = await fixture.lookup(), a_key()
        async with (
            fixture.store.acquire_fill_lock(a_key()) as first,
            fixture.store.acquire_fill_lock(key) as second,
        ):
            assert (first, second) == (True, True)
            async with asyncio.timeout(5):
                assert (await fixture.store.find(lookup, key)).reason == "absent"
