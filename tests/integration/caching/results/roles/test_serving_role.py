"""One role owns the schema and applies, another one serves: what that one is granted is enough."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.results.admin.privileges import missing_privileges
from fraiseql.caching.results.sql.grants import serving_privileges
from fraiseql.settings import Settings
from fraiseql.testing import Client
from tests.integration.caching.results.roles.setup import ROLE, SQL_ROLE, Setup

STORES = ("unlogged", "logged", "redis")
OLD = """INSERT INTO fraiseql.changes
SELECT 'label:old', (n + 3)::text::xid8, now() - interval '1 hour' FROM generate_series(1, 50) n"""
COUNTED = "SELECT count(*)::int FROM fraiseql.changes WHERE tag = 'label:old'"
PATIENCE = 20.0
USED = (
    "SELECT fraiseql.invalidate('prices')",
    "SELECT fraiseql.keep_result_unlogged('\\x00', 1000000)",
    "SELECT fraiseql.keep_result_logged('\\x00', 1000000)",
    "SELECT fraiseql.fold_result_figures('1 day')",
    "SELECT * FROM fraiseql.result_cache_entries",
    "SELECT * FROM fraiseql.result_keys",
)
"""What serving does now and then."""


async def ask(client: Client, name: str) -> tuple[str, list[str]]:
    """Return how a query was answered, and the answer."""
    answer = await client.execute(f"{{ {name} {{ text }} }}")
    assert not answer.errors
    assert answer.data is not None
    return answer.headers["cache-status"], [row["text"] for row in answer.data[name]]


async def hit(client: Client, name: str) -> list[str]:
    """Ask until there is a hit: what is kept is stored a moment after it was given."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, texts = await ask(client, name)
        if "; hit" in status:
            return texts
        assert time.monotonic() < deadline, status
        await asyncio.sleep(0.02)


def logged(caplog: pytest.LogCaptureFixture, part: str) -> list[str]:
    """Return the warnings in which a text is."""
    return [text for text in caplog.messages if part in text]


async def test_what_is_granted_is_enough(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    """Hits of each store, answers after writes, figures, statistics, invalidation."""
    await setup.run("db", "grant", ROLE)
    async with Client(setup.app()) as client:
        for name in STORES:
            assert "one" in await hit(client, name)
        await setup.rows("INSERT INTO note VALUES (2, 'two')")
        for name in STORES:
            status, texts = await ask(client, name)
            assert "; hit" not in status
            assert texts == ["one", "two"]
        for statement in USED:
            await setup.rows(statement, who="serving")
    statistics = await setup.facts("cache", "stats", "--keys", "5", who="serving")
    assert {entry["query"] for entry in statistics["queries"] if entry["hits"] > 0} == set(STORES)
    assert {statistic["query"] for statistic in statistics["keys"]} == set(STORES)
    assert logged(caplog, "cannot") == logged(caplog, "grant") == []
    await setup.rows("DELETE FROM note WHERE id = 2")


async def test_missing_privileges_are_logged_once_and_nothing_is_cached(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    app = setup.app()
    async with Client(app) as client:
        for _ in range(3):
            for name in STORES:
                status, texts = await ask(client, name)
                assert "; hit" not in status
                assert texts == ["one"]
        await app.service.republish()
        assert "one" in (await ask(client, "unlogged"))[1]
        (text,) = caplog.messages
        assert f"`fraiseql db grant APP {ROLE}`" in text
        assert "every answer is computed" in text
        # A process that runs needs no restart.
        await setup.run("db", "grant", ROLE)
        await app.service.republish()
        for name in STORES:
            await hit(client, name)
        # Nor does one whose rights are taken from it.
        await setup.rows(f"REVOKE SELECT ON ALL TABLES IN SCHEMA fraiseql FROM {SQL_ROLE}")
        await app.service.republish()
        for name in STORES:
            status, texts = await ask(client, name)
            assert "; hit" not in status
            assert texts == ["one"]


async def test_nothing_depends_on_what_everybody_may(setup: Setup) -> None:
    """Where PUBLIC has lost its rights on the schema, what is granted is enough all the same."""
    everything = "USAGE ON SCHEMA fraiseql"
    await setup.rows(f"REVOKE {everything} FROM PUBLIC")
    try:
        await setup.run("db", "grant", ROLE)
        async with Client(setup.app()) as client:
            for name in STORES:
                await hit(client, name)
    finally:
        await setup.rows(f"GRANT {everything} TO PUBLIC")


async def test_each_right_is_missed(setup: Setup) -> None:
    await setup.run("db", "grant", ROLE)
    connection = await asyncpg.connect(setup.serving)
    owner = await asyncpg.connect(setup.owner)

    async def read(sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        return await connection.fetch(sql, *args)

    try:
        assert await missing_privileges(read) == ()
        for item in serving_privileges():
            privilege = f"{item.privilege} ({item.columns})" if item.columns else item.privilege
            right = f"{privilege} ON {item.kind} {item.name}"
            if item.purpose in ("log", "documents"):
                continue
            await owner.execute(f"REVOKE {right} FROM {SQL_ROLE}")
            assert await missing_privileges(read) == (item,)
            await owner.execute(f"GRANT {right} TO {SQL_ROLE}")
    finally:
        await connection.close()
        await owner.close()


async def test_the_worker_compacts_as_the_role_that_serves(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    await setup.run("db", "grant", ROLE)
    await setup.rows(OLD)
    worker = _worker(setup)
    await worker.start()
    try:
        await _until(lambda: _counted(setup, 0))
    finally:
        await worker.stop()
    floor = "SELECT xid::text FROM fraiseql.changes_floor WHERE tag = 'label:old'"
    assert [row[0] for row in await setup.rows(floor)] == ["53"]
    assert logged(caplog, "Background work") == []


async def test_a_worker_that_may_not_compact_says_so_once(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    await setup.rows(OLD)
    worker = _worker(setup)
    await worker.start()
    try:
        await _until(lambda: _said(caplog))
        await asyncio.sleep(1.2)  # it has tried again
    finally:
        await worker.stop()
    (text,) = logged(caplog, "Background work")
    assert "fraiseql db grant" in text
    assert "fraiseql cache clean" in text
    assert await _counted(setup, 50)
    # Then it is its owner's to do.
    assert (await setup.facts("cache", "clean"))["logged"] >= 50
    assert await _counted(setup, 0)


async def test_what_only_the_owner_does_is_refused(setup: Setup) -> None:
    """Purging as the role that serves changes nothing."""
    await setup.run("db", "grant", ROLE)
    async with Client(setup.app()) as client:
        await hit(client, "unlogged")
        for words in (("--all",), ("--query", "unlogged"), ("--tag", "note")):
            code, _, err = await setup.command("cache", "purge", *words, who="serving")
            assert code != 0
            assert err
        await hit(client, "unlogged")


async def test_the_command_prints_what_it_runs(setup: Setup) -> None:
    printed = await setup.run("db", "grant", ROLE, "--print")
    code, _, _ = await setup.command("cache", "stats", who="serving")
    assert code != 0  # nothing was granted
    assert await setup.run("db", "grant", ROLE) == printed
    assert await setup.run("db", "grant", ROLE) == printed
    assert f"TO {SQL_ROLE};" in printed
    assert "-- read and store answers\nGRANT SELECT ON TABLE" in printed
    await setup.rows(f"REVOKE ALL ON ALL TABLES IN SCHEMA fraiseql FROM {SQL_ROLE}")
    for statement in printed.split("\n"):
        if not statement.startswith("--") and statement:
            await setup.rows(statement)
    await setup.run("cache", "stats", who="serving")


async def test_wrong_roles_are_reported(setup: Setup) -> None:
    code, _, err = await setup.command("db", "grant", ROLE.lower())
    assert code != 0
    assert "does not exist" in err
    assert "Did you mean" in err
    await setup.run("db", "grant", ROLE)
    # PostgreSQL only warns a role that holds rights and may not pass them on.
    await setup.rows(f"REVOKE DELETE ON fraiseql.changes FROM {SQL_ROLE}")
    code, _, err = await setup.command("db", "grant", ROLE, who="serving")
    assert code != 0
    assert "fraiseql db apply" in err or "permission denied" in err


async def test_recreated_objects_are_reported_until_granted(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    await setup.run("db", "grant", ROLE)
    await setup.rows("DROP VIEW fraiseql.result_cache_stats")
    await setup.run("db", "apply")
    async with Client(setup.app()) as client:
        await hit(client, "unlogged")
    (text,) = caplog.messages
    assert "statistics" in text
    assert "fraiseql db grant" in text
    assert "computed" not in text
    caplog.clear()
    await setup.run("db", "grant", ROLE)
    async with Client(setup.app()) as client:
        await hit(client, "unlogged")
    assert caplog.messages == []


def _worker(setup: Setup) -> Worker:
    settings = Settings().with_values(database_url=setup.serving)
    return Worker(setup.app().service.schema, settings)


async def _counted(setup: Setup, count: int) -> bool:
    return bool((await setup.rows(COUNTED))[0][0] == count)


async def _said(caplog: pytest.LogCaptureFixture) -> bool:
    return bool(logged(caplog, "Background work"))


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)
