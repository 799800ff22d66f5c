"""Resolvers with random reads, and writers that know nothing of them."""

import json
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.database import Database
from fraiseql.events import Timings
from fraiseql.repositories import Repository
from fraiseql.serving import Request
from tests.integration.caching.results.engine.cache_fixture import until
from tests.integration.caching.results.recorded.env import Author, Note
from tests.integration.serving.served import Served

WRITES = (
    "UPDATE author SET name = name || 'x' WHERE id = 1",
    "UPDATE note SET words = words || 'y' WHERE id = 2",
    "INSERT INTO note SELECT max(id) + 1, 1, 'more' FROM note",
    "UPDATE shelf SET place = place + 1",
    "DELETE FROM note WHERE id > 4",
)

Read = Callable[[Database, Any, bool], Awaitable[Any]]
Interruption = Callable[[], Awaitable[None]]

during: list[Interruption] = []
"""Run once each, in the next computation after its reads."""


def _sql(text: str) -> Read:
    async def read(db: Database, context: Any, live: bool) -> Any:
        del context, live
        return [list(row) for row in await db.fetch(text)]

    return read


async def _repository(db: Database, context: Any, live: bool) -> Any:
    del live
    rows = await Repository(db, context).find("v_note", order_by="id")
    return [[note["id"], note["author"]] for note in rows]


async def _count(db: Database, context: Any, live: bool) -> Any:
    del live
    return await Repository(db, context).count("author", name={"like": "%x%"})


async def _transaction(db: Database, context: Any, live: bool) -> Any:
    del context, live
    async with db.transaction() as own:
        first = await own.fetchval("SELECT sum(place) FROM shelf")
        return [first, await own.fetchrow("SELECT max(words) FROM note WHERE id > $1", 1)]


def _nested(text: str) -> Read:
    async def read(db: Database, context: Any, live: bool) -> Any:
        del context

        async def compute() -> Any:
            return await db.fetchval(text)

        if live:
            return await compute()
        return await fraiseql.cached_query(text, 600, compute)

    return read


READS: dict[str, Read] = {
    "view": _sql("SELECT * FROM v_note ORDER BY id"),
    "view_of_view": _sql("SELECT * FROM v_shelf ORDER BY 1"),
    "join": _sql("SELECT n.id, a.name FROM note n JOIN author a ON a.id = author_id ORDER BY 1"),
    "function": _sql("SELECT name_of(author_id) FROM note ORDER BY id"),
    "query": _sql("WITH s AS (TABLE shelf) SELECT (SELECT max(place) FROM s), 1 UNION SELECT 0, 2"),
    "repository": _repository,
    "count": _count,
    "transaction": _transaction,
    "nested": _nested("SELECT string_agg(name, ',' ORDER BY id) FROM author"),
}

MORE_TABLES = """
DROP TABLE IF EXISTS shelf CASCADE;
CREATE TABLE shelf (id int PRIMARY KEY, place int NOT NULL);
INSERT INTO shelf VALUES (1, 1), (2, 5);
CREATE VIEW v_shelf AS SELECT v.id, v.author, s.place FROM v_note v, shelf s WHERE s.id = 1;
CREATE OR REPLACE FUNCTION name_of(number int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
  'BEGIN RETURN (SELECT name FROM author WHERE id = number); END';
"""


async def _all(info: fraiseql.Info, reads: str, *, live: bool) -> str:
    values = [await READS[name](info.context["db"], info.context, live) for name in reads.split()]
    return json.dumps(values, default=list)


def resolver(number: int, branches: Sequence[str]) -> Any:
    """Return a cached resolver that reads as one of ``branches`` says."""

    async def probe(info: fraiseql.Info, branch: int) -> str:
        value = await _all(info, branches[branch], live=False)
        while during:
            await during.pop()()
        return value

    probe.__name__ = f"probe_{number}"
    return fraiseql.query(cache=fraiseql.Cache())(probe)


@fraiseql.query
async def live(info: fraiseql.Info, reads: str) -> str:
    """Read the same without any cache."""
    return await _all(info, reads, live=True)


@fraiseql.type(sql_source="shelf")
class Shelf:
    id: int
    place: int


def _random_branches(seed: int) -> list[tuple[str, str]]:
    """Return the reads of random resolvers, each with two branches."""
    random = Random(seed)
    reads = [" ".join(random.sample(list(READS), random.randint(1, 2))) for _ in range(6)]
    return list(zip(reads[::2], reads[1::2], strict=True))


RESOLVERS = [
    ("nested", "nested"),
    ("nested query", "query"),
    ("repository query", "query"),
    ("query", "view"),
    *_random_branches(3),
]
QUERIES = [
    *(resolver(number, branches) for number, branches in enumerate(RESOLVERS)),
    *(live, fraiseql.find("notes", Note), fraiseql.find("authors", Author)),
]
TYPES = [Shelf]


async def answered(served: Served, query: str, **variables: Any) -> tuple[bytes, bool]:
    """Return the body of the answer, when it is stored, and whether it was a hit."""
    response = await served.service.execute(Request(query, variables=variables), {}, Timings())
    caches = served.service.results
    assert isinstance(caches, ResultCaches)
    await until(lambda: not len(caches.runtime.background))
    hit = response.cached is not None and response.cached.answers["v"].outcome == "hit"
    return bytes(response.body), hit


async def stale_answers(
    served: Served, seed: int, steps: int, numbers: Sequence[int] = range(len(RESOLVERS))
) -> tuple[int, int]:
    """Ask and write at random; return the numbers of hits and of stale answers, at most one.

    Args:
        served: The application.
        seed: Of the random choices.
        steps: Number of answers.
        numbers: Resolvers that are asked.
    """
    random = Random(seed)
    writer = await asyncpg.connect(served.url)
    hits = stale = 0

    async def write() -> None:
        await writer.execute(random.choice(WRITES))

    try:
        for _ in range(steps):
            number, branch = random.choice(numbers), random.randrange(2)
            query = f"query ($branch: Int!) {{ v: probe_{number}(branch: $branch) }}"
            chance = random.random()
            if chance < 0.2:
                await write()
            elif chance < 0.4:
                await write()
                during[:] = [write]
                await answered(served, query, branch=branch)
                during.clear()
            body, hit = await answered(served, query, branch=branch)
            hits += hit
            expected = f'{{ v: live(reads: "{RESOLVERS[number][branch]}") }}'
            if body != (await answered(served, expected))[0]:
                stale += 1
                break
    finally:
        await writer.close()
    return hits, stale
