"""Validation in groups: one statement for all who wait, and each of its rules is needed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.dependencies.privileges import joined_digest, load_reader
from fraiseql.caching.results import group_statement
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.namespace import load_namespace
from fraiseql.caching.results.stores.base import LookupResult
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.caching.results.stores.pool import open_check_pool
from fraiseql.caching.results.stores.redis import group_validation
from fraiseql.caching.results.stores.redis.encoding import Frame
from fraiseql.caching.results.stores.redis.group_validation import GroupValidation
from fraiseql.database.writing import open_admin
from fraiseql.settings import Settings
from tests.integration.caching.results.redis_store.env import KEY, RedisEnv, opened, prepare

Patch = pytest.MonkeyPatch
ROLE = "group_reader"


@dataclass
class Stage:
    """A store whose entries are validated in groups.

    Attributes:
        env: The store.
        definitions: Check of the definitions of its entries.
        url: Of the database.
    """

    env: RedisEnv
    definitions: DefinitionsCheck
    url: str

    async def find(self, key: bytes = KEY) -> LookupResult:
        return await self.env.store.find(self.env.lookup, key, (), self.definitions)

    async def fill(self, **more: Any) -> None:
        assert await self.env.fill(b"1", **more) == "stored"

    async def hits_in_a_group(self) -> bool:
        return is_of_a_group(await self.find())

    @property
    def group(self) -> GroupValidation:
        return self.env.store._group


def is_of_a_group(found: LookupResult) -> bool:
    """Whether it is a hit that no look-up of its own has decided: that has an epoch."""
    return found.reason == "hit" and " " not in (found.snapshot or "")


@asynccontextmanager
async def on_stage(url: str, redis_url: str, role: str | None = None) -> AsyncIterator[Stage]:
    settings = Settings(database_url=url)
    running = FreshnessChecks(partial(open_check_pool, settings))
    async with opened(url, redis_url) as env:
        try:
            assert await running.join()
            reader = await load_reader(env.pool.fetch_bytes, role)
            env.lookup = replace(env.lookup, reader=reader)
            needed = env.lookup.dependencies
            definitions = DefinitionsCheck(
                env.lookup,
                joined_digest(reader.roles, needed.owners) ^ needed.database_owner,
                await load_namespace(env.pool),
                running,
                lambda: _the(env.pool),
                sessions=False,
            )
            yield Stage(env, definitions, url)
        finally:
            await running.close()


async def _the(pool: Any) -> Any:
    return pool


@pytest.fixture
async def stage(
    database: str, redis_url: str, client: object, monkeypatch: Patch
) -> AsyncIterator[Stage]:
    # A check may take long on a busy machine.
    monkeypatch.setattr(group_statement, "LONGEST", 30.0)
    await prepare(database)
    async with on_stage(database, redis_url) as prepared:
        yield prepared


# Schedules: whether a stale hit is returned.


async def written(stage: Stage) -> bool:
    await stage.fill()
    await stage.env.write(2)
    return await stage.hits_in_a_group()


async def committed_in_another_order(stage: Stage) -> bool:
    """A write with a number below those that the entry's snapshot knows, committed after it."""
    writer = stage.env.writer
    transaction = writer.transaction()
    await transaction.start()
    await stage.env.write(2)
    await stage.fill()
    await transaction.commit()
    return await stage.hits_in_a_group()


async def compacted(stage: Stage) -> bool:
    await stage.fill()
    await stage.env.write(2)
    async with open_admin(stage.env.pool) as writer:
        await compact(writer, 0.0)
    return await stage.hits_in_a_group()


async def of_another_epoch(stage: Stage) -> bool:
    await stage.fill()
    await stage.env.writer.execute("UPDATE fraiseql.result_epoch SET id = gen_random_uuid()")
    return await stage.hits_in_a_group()


async def without_an_epoch(stage: Stage) -> bool:
    """An entry without an epoch, when none has begun."""
    found = await stage.env.store.find(stage.env.lookup, KEY)
    epoch, _, snapshot = (found.snapshot or "").rpartition(" ")
    assert epoch
    await stage.fill(snapshot=snapshot)
    await stage.env.writer.execute("DELETE FROM fraiseql.result_epoch")
    return await stage.hits_in_a_group()


async def ahead(stage: Stage) -> bool:
    found = await stage.env.store.find(stage.env.lookup, KEY)
    epoch, _, snapshot = (found.snapshot or "").rpartition(" ")
    xmin, xmax, _ = snapshot.split(":")
    await stage.fill(snapshot=f"{epoch} {xmin}:{int(xmax) + 1000}:")
    return await stage.hits_in_a_group()


async def of_other_definitions(stage: Stage) -> bool:
    found = await stage.env.store.find(stage.env.lookup, KEY)
    await stage.fill(fingerprint=found.fingerprint ^ found.roles_digest ^ 1)
    return await stage.hits_in_a_group()


async def redefined(stage: Stage) -> bool:
    await stage.fill()
    await stage.env.writer.execute("ALTER TABLE app.users ADD COLUMN more int")
    return await stage.hits_in_a_group()


async def expired(stage: Stage) -> bool:
    await stage.fill(ttl=20.0)
    # As if the time had passed, before Redis removes it.
    stage.env.store._clock._offset += 30.0
    return await stage.hits_in_a_group()


Schedule = Callable[[Stage], Awaitable[bool]]


def without(rule: str) -> Callable[[Patch], None]:
    def damage(patch: Patch) -> None:
        rest = tuple(name for name in group_validation.RULES if name != rule)
        patch.setattr(group_validation, "RULES", rest)

    return damage


def takes_everything(patch: Patch) -> None:
    patch.setattr(GroupValidation, "_takes", lambda *_: True)


def trusts_definitions(patch: Patch) -> None:
    def join(self: DefinitionsCheck) -> asyncio.Future[bool]:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done

    patch.setattr(DefinitionsCheck, "join", join)


def no_end(patch: Patch) -> None:
    patch.setattr(Frame, "left", lambda *_: 1.0)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule that is left out, and the schedule that needs it."""

    damage: Callable[[Patch], None]
    wrong_in: Schedule


MUTANTS = (
    Mutant(without("unseen_write"), written),
    Mutant(without("unseen_write"), committed_in_another_order),
    Mutant(without("low_watermark"), compacted),
    Mutant(without("wrong_relation"), of_another_epoch),
    Mutant(takes_everything, without_an_epoch),
    Mutant(without("future_snapshot"), ahead),
    Mutant(takes_everything, of_other_definitions),
    Mutant(trusts_definitions, redefined),
    Mutant(no_end, expired),
)


async def test_each_rule_of_a_group_is_needed(
    stage: Stage, redis_url: str, monkeypatch: Patch
) -> None:
    wrong, survived = [], []
    for mutant in MUTANTS:
        for damaged in (False, True):
            await prepare(stage.url)
            async with on_stage(stage.url, redis_url) as fresh:
                await fresh.env.store.purge()
                await fresh.fill()
                assert await fresh.hits_in_a_group()
                await fresh.env.store.purge()
                with monkeypatch.context() as patch:
                    if damaged:
                        mutant.damage(patch)
                    stale = await mutant.wrong_in(fresh)
            if stale and not damaged:
                wrong.append(mutant.wrong_in.__name__)
            if damaged and not stale:
                survived.append(mutant.wrong_in.__name__)
    assert (wrong, survived) == ([], [])


async def test_all_who_wait_are_validated_with_one_statement(
    stage: Stage, monkeypatch: Patch
) -> None:
    keys = [bytes([number]) * 32 for number in range(20)]
    for key in keys:
        await stage.fill(key=key)
    assert is_of_a_group(await stage.find(keys[0]))
    statements = []
    whole = stage.env.pool.fetch_at

    async def counted(sql: str, *args: Any) -> Any:
        statements.append(sql)
        return await whole(sql, *args)

    monkeypatch.setattr(stage.env.pool, "fetch_at", counted)
    found = await asyncio.gather(*map(stage.find, keys))
    assert all(map(is_of_a_group, found))
    assert [each.hit.value for each in found] == [b"1"] * len(keys)
    # Frames arrive from Redis one by one: those that arrive meanwhile share the next statement.
    assert len(statements) < len(keys)


async def test_one_invalid_entry_ends_no_other(stage: Stage) -> None:
    other = bytes(32)
    await stage.fill(key=other, tags=("other",))
    await stage.fill(tags=('a "quoted" \\ tag, and more', "{}"))
    await stage.env.writer.execute(
        "INSERT INTO fraiseql.changes VALUES ('{}', pg_current_xact_id(), now())"
    )
    first, second = await asyncio.gather(stage.find(), stage.find(other))
    assert first.reason == "changed"
    assert is_of_a_group(second)


async def test_a_role_that_lost_its_privilege_gets_no_entry(stage: Stage, redis_url: str) -> None:
    run = stage.env.writer.execute
    await run(f"CREATE ROLE {ROLE}; GRANT USAGE ON SCHEMA app TO {ROLE}")
    try:
        await run(f"GRANT SELECT ON app.users TO {ROLE}")
        async with on_stage(stage.url, redis_url, ROLE) as reading:
            await reading.fill()
            assert await reading.hits_in_a_group()
            await run(f"REVOKE SELECT ON app.users FROM {ROLE}")
            assert (await reading.find()).reason != "hit"
    finally:
        await run(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


@pytest.mark.parametrize("lost", ["checks", "configuration", "statement"])
async def test_what_is_in_doubt_is_looked_up(stage: Stage, monkeypatch: Patch, lost: str) -> None:
    await stage.fill()
    assert await stage.hits_in_a_group()
    match lost:
        case "checks":
            # On another server, or none that is known.
            await stage.definitions._checks.close()
        case "configuration":
            await stage.env.writer.execute("SELECT pg_reload_conf()")
            loaded = "SELECT pg_conf_load_time()"
            before = (await stage.env.pool.inspect(loaded))[0][0]
            async with asyncio.timeout(30):
                while (await stage.env.pool.inspect(loaded))[0][0] == before:
                    await stage.env.writer.execute("SELECT pg_reload_conf()")
        case _:
            monkeypatch.setattr(group_validation, "statement", lambda _: "SELECT 1 / 0")
    assert not is_of_a_group(await stage.find())
