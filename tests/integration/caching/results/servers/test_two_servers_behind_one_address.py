"""One address, two servers: nothing that one server computed is stored with the other's label."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import fraiseql
from fraiseql.database.embedded import EmbeddedServer
from tests.failure.crashing import Crashing
from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    prepare,
    run,
    value_of,
)
from tests.integration.caching.results.servers.forwarder import Forwarder, forwarding
from tests.integration.caching.results.stores.standby import standby

KINDS = ("unlogged", "logged", "redis")


@dataclass
class Pair:
    """A primary, its standby, and the address that leads to either."""

    primary: str
    standby: str
    sockets: dict[str, str]
    forwarder: Forwarder

    def lead_to(self, name: str) -> None:
        """Have connections that are made from now on reach one of the two."""
        self.forwarder.choose = lambda: self.sockets[name]


@pytest.fixture
async def pair(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Pair]:
    own = Crashing(server.binaries, tmp_path / "own")
    await own.start()
    try:
        await prepare(own.url)
        async with standby(own, server.binaries, tmp_path / "standby") as url:
            dsn = own._running.dsn
            sockets = {
                "primary": f"{dsn.host}/.s.PGSQL.{dsn.port}",
                "standby": f"{tmp_path / 'standby'}/.s.PGSQL.5439",
            }
            async with forwarding(lambda: sockets["primary"]) as forwarder:
                yield Pair(own.url, url, sockets, forwarder)
    finally:
        await own.stop()


async def renamed(url: str, name: str) -> None:
    await run(url, f"UPDATE item SET name = '{name}' WHERE id = 1")


async def right(on: CacheFixture, cached: object, name: str) -> bool:
    """Ask three times: whether each answer has the name."""
    answers = [await on.answer_and_store(cached) for _ in range(3)]  # type: ignore[arg-type]
    return all(f'"{name}"'.encode() in (value_of(answer) or b"") for answer in answers)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_standby_computed_is_not_stored(pair: Pair, redis_url: str, kind: str) -> None:
    cache = fraiseql.Cache(store=kind)  # type: ignore[arg-type]
    await run(pair.standby, "SELECT pg_wal_replay_pause()")
    async with (
        # One connection of the caches, to the primary: a second one would lead to the standby.
        cache_fixture(pair.forwarder.url, redis_url=redis_url, cache_connections=1) as mixed,
        cache_fixture(pair.primary, redis_url=redis_url) as direct,
    ):
        cached = mixed.cached(cache)
        await mixed.answer_and_store(cached)
        assert (await mixed.ask(cached)).outcome == "hit"
        pair.lead_to("standby")
        mixed.pool.connections.replace_all()
        await renamed(pair.primary, "new")
        answered = await mixed.answer_and_store(cached)
        assert (answered.outcome, answered.detail) == ("bypass", "server")
        assert b'"new"' not in (value_of(answered) or b"")
        assert await right(direct, direct.cached(cache), "new")


async def test_a_promoted_standby_and_the_old_primary(pair: Pair, redis_url: str) -> None:
    """Both can be written: what one computes is never stored in, or labelled by, the other."""
    all_cached = {kind: fraiseql.Cache(store=kind) for kind in KINDS}  # type: ignore[arg-type]
    async with cache_fixture(pair.forwarder.url, redis_url=redis_url) as mixed:
        for kind in KINDS:
            assert await right(mixed, mixed.cached(all_cached[kind]), "item1")
        await run(pair.standby, "SELECT pg_promote()")
        await renamed(pair.primary, "left behind")
        await renamed(pair.standby, "new")
        # The cache's connections lead to the old primary still, those that compute to the new one,
        # and then the other way round.
        for pool in (mixed.pool, await mixed.caches.stores.pool()):
            pair.lead_to("standby")
            pool.connections.replace_all()
            for kind in KINDS:
                await mixed.answer_and_store(mixed.cached(all_cached[kind]))
        async with cache_fixture(pair.standby, redis_url=redis_url) as direct:
            for kind in KINDS:
                assert await right(direct, direct.cached(all_cached[kind]), "new")
        for kind in KINDS:
            assert await right(mixed, mixed.cached(all_cached[kind]), "new")
        # An old primary that comes back under the address.
        pair.lead_to("primary")
        mixed.pool.connections.replace_all()
        await renamed(pair.standby, "newer")
        for kind in KINDS:
            answered = await mixed.answer_and_store(mixed.cached(all_cached[kind]))
            assert (answered.outcome, answered.detail) == ("bypass", "server")
        async with cache_fixture(pair.standby, redis_url=redis_url) as direct:
            for kind in KINDS:
                assert await right(direct, direct.cached(all_cached[kind]), "newer")


async def test_round_robin_stores_nothing_old(pair: Pair, redis_url: str) -> None:
    """Connections are replaced at random, to either server; hits elsewhere are the live answer."""
    rule = random.Random(7)
    names = ("primary", "standby")
    pair.forwarder.choose = lambda: pair.sockets[rule.choice(names)]
    all_cached = {kind: fraiseql.Cache(store=kind) for kind in KINDS}  # type: ignore[arg-type]
    async with (
        cache_fixture(pair.forwarder.url, redis_url=redis_url, pool_size=3) as mixed,
        cache_fixture(pair.primary, redis_url=redis_url) as direct,
    ):
        pools = mixed.pool, await mixed.caches.stores.pool()
        for number in range(25):
            rule.choice(pools).connections.replace_all()
            await run(pair.standby, f"SELECT pg_wal_replay_{rule.choice(('pause', 'resume'))}()")
            await renamed(pair.primary, f"name {number}")
            requests = [mixed.ask(mixed.cached(all_cached[kind])) for kind in KINDS]
            await asyncio.gather(*requests)
            await mixed.settled()
            for kind in KINDS:
                assert await right(direct, direct.cached(all_cached[kind]), f"name {number}")
