"""Types with ``stored=Projection(…)`` over tables of every shape, and random writes.

Regions have a composite key and are partitioned; teams have uuid keys and name a team above them;
people name a person above them; tasks are partitioned, one partition again. Regions' documents are
three levels deep.
"""

import asyncio
import random
from typing import Any
from uuid import UUID

import asyncpg

import fraiseql
from fraiseql.caching.ddl.plan import MigrationPlan
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.strategies.compare import Verified
from fraiseql.caching.verify import repair, verify
from fraiseql.catalog.load import load_catalog
from fraiseql.database import open_pool
from fraiseql.settings import Settings
from fraiseql.sources import StoredSource, declared_relations, map_sources
from tests.integration.caching.ddl.env import migrating, schema_of, sql

TABLES = """
CREATE TABLE tb_region (country text, code int, city text, PRIMARY KEY (country, code))
  PARTITION BY LIST (country);
CREATE TABLE tb_region_north PARTITION OF tb_region FOR VALUES IN ('no', 'se');
CREATE TABLE tb_region_rest PARTITION OF tb_region DEFAULT;
CREATE TABLE tb_team (
  id uuid PRIMARY KEY, country text, code int, name text,
  parent_id uuid REFERENCES tb_team ON DELETE SET NULL,
  FOREIGN KEY (country, code) REFERENCES tb_region ON DELETE CASCADE);
CREATE TABLE tb_person (
  id int PRIMARY KEY, team_id uuid REFERENCES tb_team ON DELETE CASCADE, name text,
  boss_id int REFERENCES tb_person ON DELETE SET NULL, born date, wage numeric);
CREATE TABLE tb_task (person_id int, number int, what text, done boolean,
  PRIMARY KEY (person_id, number)) PARTITION BY RANGE (person_id);
CREATE TABLE tb_task_low PARTITION OF tb_task FOR VALUES FROM (0) TO (10);
CREATE TABLE tb_task_high PARTITION OF tb_task FOR VALUES FROM (10) TO (1000)
  PARTITION BY RANGE (number);
CREATE TABLE tb_task_high_a PARTITION OF tb_task_high FOR VALUES FROM (0) TO (30);
CREATE TABLE tb_task_high_b PARTITION OF tb_task_high FOR VALUES FROM (30) TO (1000);
CREATE INDEX ON tb_team (country, code);
INSERT INTO tb_region VALUES ('no', 1, 'Oslo'), ('no', 2, 'Bergen'), ('fr', 1, 'Lyon'),
  ('de', 7, 'Ulm');
INSERT INTO tb_team SELECT ('00000000-0000-0000-0000-0000000000' || lpad(n::text, 2, '0'))::uuid,
  (ARRAY['no', 'no', 'fr', NULL])[n % 4 + 1], (ARRAY[1, 2, 1, 1])[n % 4 + 1], 'team ' || n,
  CASE WHEN n > 3 THEN ('00000000-0000-0000-0000-0000000000' || lpad((n / 2)::text, 2, '0'))::uuid
  END FROM generate_series(1, 9) n;
INSERT INTO tb_person SELECT n, ('00000000-0000-0000-0000-0000000000' || lpad((n % 9 + 1)::text, 2,
  '0'))::uuid, 'person ' || n, nullif(n / 3, 0), '2000-01-01'::date + n, 1.10 * n
FROM generate_series(1, 24) n;
INSERT INTO tb_task SELECT n % 24 + 1, n, 'task ' || n, n % 3 = 0 FROM generate_series(0, 60) n;
"""


@fraiseql.type(name="Task", sql_source="tb_task")
class Task:
    number: int
    what: str | None


@fraiseql.type(name="Boss", sql_source="tb_person")
class Boss:
    id: int
    name: str | None


@fraiseql.type(name="Person", sql_source="tb_person", stored=fraiseql.Projection())
class Person:
    id: int
    name: str | None
    wage: str | None
    boss: Boss | None = fraiseql.embed("tb_person", via="boss_id")
    tasks: list[Task] = fraiseql.embed(
        "tb_task", on="person_id", where="NOT done", order_by="-number", limit=2
    )


@fraiseql.type(name="Above", sql_source="tb_team")
class Above:
    id: UUID
    name: str | None


@fraiseql.type(name="Team", sql_source="tb_team")
class Team:
    id: UUID
    name: str | None
    parent: Above | None = fraiseql.embed("tb_team", via="parent_id")
    people: list[Person] = fraiseql.embed("tb_person", on="team_id", order_by=("name", "-id"))


DEEP = ("teams.parent", "teams.people.boss", "teams.people.tasks")


def region(*, longer: bool = False, **options: Any) -> type:
    """Return the type of regions; ``longer`` declares one more field of theirs."""
    annotations = {"country": str, "code": int, "teams": list[Team]}
    if longer:
        annotations["city"] = str | None
    teams = fraiseql.embed("tb_team", on=("country", "code"))
    stored = fraiseql.Projection(**{"embeds": DEEP, "max_bytes": 10**7, **options})
    body = {"__annotations__": annotations, "teams": teams, "__module__": __name__}
    return fraiseql.type(name="Region", sql_source="tb_region", stored=stored)(
        type("Region", (), body)
    )


def alone(*, longer: bool = False, **options: Any) -> type:
    """Return a type of people that embeds their bosses only."""
    annotations: dict[str, Any] = {"id": int, "boss": Boss | None}
    if longer:
        annotations["name"] = str | None
    boss = fraiseql.embed("tb_person", via="boss_id")
    body = {"__annotations__": annotations, "boss": boss, "__module__": __name__}
    stored = fraiseql.Projection(**options)
    return fraiseql.type(name="Alone", sql_source="tb_person", stored=stored)(
        type("Alone", (), body)
    )


async def verified(url: str, *types: type, sample: float = 100.0) -> list[Verified]:
    async with migrating(url) as (writer, wishes):
        return await verify(writer, (await wishes(*types)).stored_types, sample=sample)


async def mended(url: str, *types: type) -> dict[str, int]:
    async with migrating(url) as (writer, wishes):
        return await repair(writer, (await wishes(*types)).stored_types)


async def drift(url: str, *types: type) -> int:
    """Return how many documents differ, of all types."""
    return sum(each.differing for each in await verified(url, *types))


async def published_of(url: str, *types: type, user: str = "") -> dict[str, StoredSource | None]:
    """Return the sources that serving reads, by type."""
    schema = schema_of(*types)
    pool = await open_pool(url.replace("postgres@", f"{user}@") if user else url, Settings())
    try:
        catalog = await load_catalog(pool, declared_relations(schema))
        sources = await read_sources(schema, catalog, pool, map_sources(schema, catalog))
        return {
            name: source.stored
            for name, source in sources.sources.items()
            if schema.objects[name].stored is not None
        }
    finally:
        await pool.close()


async def reset_database(url: str, tables: str = TABLES) -> None:
    """Bring the database back to nothing but the tables."""
    emptied = "DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE;"
    await sql(
        url, f"{emptied} CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC; {tables}"
    )


def drops_first(plan: MigrationPlan) -> list[str]:
    """Return the kinds that a plan drops, in order."""
    return [each.kind for step in plan.steps if not step.created for each in step.dropped]


class Hand:
    """Writes at random, in transactions of a few statements, some of them rolled back."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.random = random.Random(seed)
        self.done = 0
        self.stopped = asyncio.Event()

    async def write(self, transactions: int = 1_000_000) -> None:
        """Run transactions; a deadlock is retried as anyone would, everything else is raised."""
        connection = await asyncpg.connect(self.url)
        try:
            while self.done < transactions and not self.stopped.is_set():
                try:
                    await self._transaction(connection)
                except asyncpg.DeadlockDetectedError:
                    continue
                self.done += 1
        finally:
            await connection.close()

    async def _transaction(self, connection: asyncpg.Connection) -> None:
        transaction = connection.transaction()
        await transaction.start()
        try:
            for _ in range(self.random.randint(1, 3)):
                await connection.execute(self._statement())
        except BaseException:
            await transaction.rollback()
            raise
        if self.random.random() < 0.1:
            await transaction.rollback()
        else:
            await transaction.commit()

    def _statement(self) -> str:
        pick, key = self.random.choice, self.random.randint
        team = f"'00000000-0000-0000-0000-00000000000{key(1, 9)}'"
        other = f"'00000000-0000-0000-0000-00000000000{key(1, 9)}'"
        place = pick(["'no', 1", "'no', 2", "'fr', 1", "'de', 7", "NULL, NULL"])
        person, word = key(1, 24), f"'w{key(1, 99)}'"
        upsert = "ON CONFLICT (person_id, number) DO UPDATE SET what = excluded.what"
        return pick(
            [
                f"UPDATE tb_region SET city = {word} WHERE code = {key(1, 2)}",
                f"UPDATE tb_team SET (country, code) = ({place}) WHERE id = {team}",
                f"UPDATE tb_team SET name = {word} WHERE id = {team}",
                f"UPDATE tb_team SET parent_id = nullif({other}, {team})::uuid WHERE id = {team}",
                f"UPDATE tb_person SET team_id = {team} WHERE id = {person}",
                f"UPDATE tb_person SET name = {word}, wage = wage + 0.5 WHERE id = {person}",
                f"UPDATE tb_person SET boss_id = nullif({key(1, 24)}, id) WHERE id = {person}",
                f"INSERT INTO tb_task VALUES ({person}, {key(1, 9)}, {word}, false) {upsert}",
                f"UPDATE tb_task SET done = NOT done WHERE person_id = {person}",
                f"DELETE FROM tb_task WHERE person_id = {person} AND number = {key(1, 9)}",
                f"DELETE FROM tb_task_high_a WHERE number = {key(1, 4)}",
            ]
        )
