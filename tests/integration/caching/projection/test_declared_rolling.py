"""A changed declaration replaces its generation under concurrent readers and writers."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.ddl.script import write_files
from fraiseql.database.embedded import EmbeddedServer
from tests.integration.caching.ddl.env import applied, dump, planned, sql
from tests.integration.caching.projection.declared import (
    Boss,
    Hand,
    Person,
    alone,
    drift,
    region,
    reset_database,
)
from tests.integration.flights import at_once, run_sql

SHORT, LONG = region(), region(longer=True)
SELF, LONGER = alone(), alone(longer=True)
KEYS = {"code country teams", "city code country teams"}


class Reader:
    """Reads ``tv_region`` until stopped, and counts the generations that it saw."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.stopped = asyncio.Event()
        self.seen: Counter[str] = Counter()

    async def read(self) -> None:
        connection = await asyncpg.connect(self.url)
        while not self.stopped.is_set():
            rows = await connection.fetch(
                "SELECT (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(data) k) AS k"
                " FROM tv_region"
            )
            assert len(rows) == 4
            (keys,) = {row["k"] for row in rows}
            self.seen[keys] += 1
        await connection.close()


async def generation(url: str) -> tuple[str, str]:
    """Return the views of regions: the stored documents, and their definition."""
    (row,) = await sql(
        url,
        "SELECT c.relname FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid"
        " JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'r'"
        " WHERE r.ev_class = 'tv_region'::regclass LIMIT 1",
    )
    plain = row[0].removeprefix("tv_")
    return f"fraiseql.stored_tv_{plain}", f"fraiseql.v_{plain}"


async def busy(hands: Sequence[Hand]) -> None:
    """Wait until each has written a good deal."""
    for _ in range(6000):
        if min(hand.done for hand in hands) > 20:
            return
        await asyncio.sleep(0.01)
    pytest.fail("they hardly write")


async def still_true(url: str, stored: str, live: str) -> int:
    """Compare one generation with its own definition until it is withdrawn."""
    connection, count = await asyncpg.connect(url), 0
    try:
        while True:
            count += 1
            differing = await connection.fetchval(
                f"SELECT count(*) FROM {stored} k FULL JOIN {live} v USING (country, code)"
                " WHERE k.data::text IS DISTINCT FROM v.data::text"
            )
            assert differing == 0
    except asyncpg.UndefinedTableError:
        return count
    finally:
        await connection.close()


async def test_readers_and_writers_go_on(database: str) -> None:
    await reset_database(database)
    await applied(database, SHORT, Person)
    reader, hands = Reader(database), [Hand(database, seed) for seed in (1, 2, 3)]
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.read())
        for hand in hands:
            group.create_task(hand.write())
        for each in (LONG, region(longer=True, mode="statement"), SHORT):
            stored, live = await generation(database)
            watched = group.create_task(still_true(database, stored, live))
            await applied(database, each, Person)
            assert (await planned(database, each, Person)).empty
            if (await generation(database))[0] == stored:
                watched.cancel()
            else:
                assert await watched > 0
        await busy(hands)
        for task in (reader, *hands):
            task.stopped.set()  # type: ignore[attr-defined]
    assert reader.seen.keys() == KEYS
    assert await drift(database, SHORT, Person) == 0
    left = await sql(
        database, "SELECT relname FROM pg_class WHERE relname LIKE 'stored_tv_region_%'"
    )
    assert len(left) == 1


async def test_taking_it_away_fails_no_writer_and_misleads_no_reader(database: str) -> None:
    await reset_database(database)
    await applied(database, LONG, Person)
    stored, live = await generation(database)
    hands = [Hand(database, seed) for seed in (4, 5)]
    async with asyncio.TaskGroup() as group:
        watched = group.create_task(still_true(database, stored, live))
        for hand in hands:
            group.create_task(hand.write())
        await busy(hands)
        await applied(database, Boss)
        for hand in hands:
            hand.stopped.set()
    assert watched.result() > 0


async def test_built_under_load_it_loses_nothing(database: str) -> None:
    await reset_database(database)
    hands = [Hand(database, seed) for seed in (6, 7)]
    async with asyncio.TaskGroup() as group:
        for hand in hands:
            group.create_task(hand.write())
        await applied(database, LONG, Person)
        for hand in hands:
            hand.stopped.set()
    assert await drift(database, LONG, Person) == 0
    assert (await planned(database, LONG, Person)).empty


async def test_writes_before_all_triggers_exist_are_not_trusted(database: str) -> None:
    await reset_database(database)
    points = []

    def watch(event: str) -> None:
        if event.startswith("create trigger") and '"tb_person"' in event and "region" in event:
            points.append(event)
            # The first makes a document, the second changes it and is not noticed.
            at_once(run_sql(database, "UPDATE tb_team SET name = 'seen'"))
            at_once(run_sql(database, "UPDATE tb_person SET name = 'not seen'"))

    await applied(database, SHORT, Person, watch=watch)
    assert len(points) == 1
    assert await drift(database, SHORT, Person) == 0


async def test_files_give_the_same_schema(
    database: str, server: EmbeddedServer, tmp_path: Path
) -> None:
    tables = "CREATE TABLE tb_person (id int PRIMARY KEY, name text, boss_id int);"
    await reset_database(database, tables)
    await applied(database, SELF)
    await applied(database, LONGER)
    expected = dump(server.binaries, database)
    await reset_database(database, f"{tables} INSERT INTO tb_person VALUES (1, 'one', 1);")
    for place, type_ in enumerate((SELF, LONGER)):
        for path in write_files(await planned(database, type_), tmp_path / str(place)):
            psql = [server.binaries / "psql", "-Xqv", "ON_ERROR_STOP=1", "-d", database, "-f", path]
            await asyncio.to_thread(subprocess.run, psql, check=True)
        assert (await planned(database, type_)).empty
    assert dump(server.binaries, database) == expected
    assert await drift(database, LONGER) == 0
