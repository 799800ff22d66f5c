"""Kept results, end to end: each answer is the live one, whatever was written meanwhile."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.repositories import Repository
from fraiseql.schema.storage import MaterializedView
from fraiseql.serving import Request
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.application import QUERIES, TABLES, Book, caching
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, unnumbered

ROLES = """
CREATE ROLE {0}; GRANT SELECT ON book, review TO {0};
CREATE TABLE tenant_note (id int PRIMARY KEY, tenant text NOT NULL, note text NOT NULL);
INSERT INTO tenant_note VALUES (1, 'a', 'of a'), (2, 'b', 'of b');
ALTER TABLE tenant_note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tenant_note USING (tenant = current_setting('app.tenant', true));
GRANT SELECT ON tenant_note TO {0};
"""
STALE = """
CREATE TABLE score (id int PRIMARY KEY, points int NOT NULL);
INSERT INTO score VALUES (1, 10), (2, 20);
"""
VIEW = """
SELECT format('"%s"."%s"', n.nspname, c.relname) AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'
"""


@fraiseql.type(sql_source="tenant_note")
class Note:
    id: int
    note: str


@fraiseql.type(sql_source="score")
class Score:
    id: int
    points: int


@fraiseql.type(
    sql_source="mv_total",
    stored=MaterializedView(
        sql="SELECT count(*)::int AS n, sum(points)::int AS points FROM score", refresh="1h"
    ),
)
class Total:
    n: int
    points: int


MORE = [
    fraiseql.find("notes", Note, order_by="id", cache=fraiseql.Cache()),
    fraiseql.find("scores", Score, order_by="id", cache=fraiseql.Cache(stale="1h")),
    fraiseql.find_one("total", Total, by=None, cache=fraiseql.Cache()),
]


@pytest.fixture(scope="module")
def role(server_kind: str) -> str:
    return f"reader_{server_kind}"


@pytest.fixture(scope="module")
def tables(database: str, role: str) -> Iterator[str]:
    at_once(run_sql(database, TABLES, ROLES.format(role), STALE))
    yield database
    at_once(run_sql(database, f"DROP OWNED BY {role}", f"DROP ROLE {role}"))


@pytest.fixture(scope="module")
def cached(tables: str) -> Iterator[Served]:
    with served_with_caches(tables, queries=[*QUERIES, *MORE]) as running:
        yield running


@pytest.fixture(scope="module")
def plain(cached: Served) -> Iterator[Served]:
    with caching(cached.url, None, queries=[*QUERIES, *MORE]) as running:
        yield running


ASKED = [
    ("{ books { id title reviews { stars } } }", None),
    ("query ($n: Int!) { a: books(limit: $n) { id } b: books(offset: 1) { title } }", {"n": 2}),
    ("query ($id: Int!) { book(id: $id) { title pages reviews { id } } live { id } }", {"id": 1}),
    ("query ($id: Int!) { book(id: $id) { title } __typename longest { id } }", {"id": 77}),
    ("{ book(id: 2) { broken } books(where: {pages: {gt: 300}}) { id broken } }", None),
    ("{ longest(least: 100) { title pages } certain(fail: false) }", None),
    ("{ books { shout } certain(fail: true) }", None),
]
WRITES = [
    "UPDATE book SET title = title || '.' WHERE id = {n}",
    "UPDATE book SET pages = {n} * 100 WHERE id = {n}",
    "INSERT INTO book VALUES (77, 'New', 7, 7) ON CONFLICT (id) DO NOTHING",
    "DELETE FROM book WHERE id = 77",
    "UPDATE review SET stars = {n}, hidden = NOT hidden WHERE book_id = {n}",
    "BEGIN; UPDATE book SET title = 'never'; ROLLBACK",
    "UPDATE book SET broken = CASE WHEN broken IS NULL THEN 1 END WHERE id = {n}",
]


def test_every_answer_is_the_live_one(cached: Served, plain: Served) -> None:
    """The same operations with and without caches, between writes: equal bytes."""
    choose = random.Random(7)
    outcomes_seen: list[str] = []
    for _ in range(120):
        query, variables = choose.choice(ASKED)
        response = respond(cached, query, variables=variables)
        assert unnumbered(response.body) == unnumbered(plain.body(query, variables)), query
        outcomes_seen += outcomes(response).values()
        if choose.random() < 0.3:
            cached.execute(choose.choice(WRITES).format(n=choose.randint(1, 3)))
    assert outcomes_seen.count("hit") > 20
    assert outcomes_seen.count("stale") > 10


def test_answers_are_live_while_others_write(cached: Served, plain: Served) -> None:
    """Many readers at once, and a writer: no answer is older than the reader's own beginning."""

    async def write(done: asyncio.Event) -> None:
        for n in range(60):
            await _execute(cached.url, f"UPDATE book SET pages = {n} WHERE id = 1")
            numbers.append(n)
            await asyncio.sleep(0)
        done.set()

    async def read(done: asyncio.Event) -> None:
        while not done.is_set():
            least = numbers[-1]
            body = await cached.respond("{ book(id: 1) { pages } }")
            assert int(body.split(b":")[-1].strip(b"}")) >= least

    async def both() -> None:
        done = asyncio.Event()
        await asyncio.gather(write(done), *[read(done) for _ in range(6)])

    cached.execute("UPDATE book SET pages = 0 WHERE id = 1")
    numbers = [0]
    cached.run(both())
    assert cached.body("{ book(id: 1) { pages } }") == plain.body("{ book(id: 1) { pages } }")


async def _execute(url: str, sql: str) -> None:
    await run_sql(url, sql)


def test_two_roles_and_two_tenants_share_nothing(cached: Served, role: str) -> None:
    query = "{ notes { note } }"
    seen = []
    for tenant in ("a", "b", "a", "b"):
        context = {"role": role, "session": {"app.tenant": tenant}}
        response = respond(cached, query, context=context)
        seen.append((bytes(response.body), outcomes(response)["notes"]))
    assert seen[0] == (b'{"data":{"notes":[{"note":"of a"}]}}', "miss")
    assert seen[1] == (b'{"data":{"notes":[{"note":"of b"}]}}', "miss")
    assert seen[2] == (seen[0][0], "hit")
    assert seen[3] == (seen[1][0], "hit")
    assert cached.data(query)["notes"] == [{"note": "of a"}, {"note": "of b"}]


def test_a_right_that_is_taken_away_ends_the_hits(cached: Served, role: str) -> None:
    query = "{ books { title } }"
    context = {"role": role}
    respond(cached, query, context=context)
    assert outcomes(respond(cached, query, context=context)) == {"books": "hit"}
    cached.execute(f"REVOKE SELECT ON book FROM {role}")
    try:
        assert cached.ask(query, context=context)["errors"]
    finally:
        cached.execute(f"GRANT SELECT ON book TO {role}")
    assert cached.data(query, context=context)["books"]


def test_bounded_staleness_is_reported(cached: Served, plain: Served) -> None:
    query = "{ s: scores { points } live { id } }"
    assert "extensions" not in cached.ask(query)
    cached.execute("UPDATE score SET points = points + 1 WHERE id = 1")
    answer = cached.ask(query)
    assert answer["data"]["s"][0]["points"] == 10
    (entry,) = answer["extensions"]["staleness"]
    assert (entry["path"], entry["type"]) == (["s"], "Score")
    assert 0 < entry["seconds"] < 60
    cache_info = respond(cached, query).cached
    assert cache_info is not None
    assert 3500 < cache_info.max_age < 3600
    assert plain.data(query)["s"][0]["points"] == 11


def test_results_of_a_view_are_cached_until_its_refresh(cached: Served, plain: Served) -> None:
    query = "{ total { n points } }"

    view = cached.fetch(VIEW)[0]["name"]

    async def refresh() -> None:
        async with open_admin(cached.service.pool) as writer:
            await refresh_view(writer, view)

    cached.run(refresh())
    respond(cached, query)
    assert outcomes(respond(cached, query)) == {"total": "hit"}
    first = cached.ask(query)
    assert first["extensions"]["staleness"] == [{"path": ["total"], "type": "Total", "seconds": 0}]
    cached.execute("INSERT INTO score VALUES (3, 1000)")
    behind = cached.ask(query)
    assert behind["data"] == first["data"]
    assert behind["extensions"]["staleness"][0]["seconds"] > 0
    cached.run(refresh())
    assert cached.ask(query)["data"]["total"]["n"] == first["data"]["total"]["n"] + 1
    assert cached.body(query) == plain.body(query)
    cached.execute("DELETE FROM score WHERE id = 3")


def test_whole_operations_are_cached(tables: str) -> None:
    queries = [fraiseql.find("live", Book, order_by="id")]
    with served_with_caches(
        tables, queries=queries, cached_operations={"Shelf": fraiseql.Cache()}
    ) as running:
        named, other = "query Shelf { live { title } }", "query Other { live { title } }"
        first = respond(running, named)
        assert outcomes(respond(running, named)) == {"live": "hit"}
        assert respond(running, named).body == first.body
        assert respond(running, other).cached is None


async def test_a_client_that_leaves_does_not_end_what_others_wait_for(tables: str) -> None:
    """The one who computes is cancelled; another one computes."""
    runs = asyncio.Event()
    counted: list[Any] = []

    @fraiseql.query(cache=fraiseql.Cache(tags=("book",)))
    async def slowly(info: fraiseql.Info) -> int:
        counted.append(1)
        runs.set()
        await asyncio.sleep(0.2)
        return await Repository(info.context["db"], info.context).count("book")

    app = fraiseql.create_app(queries=[*QUERIES, slowly], database_url=tables, worker=False)
    await app.service.start()
    try:

        async def ask() -> bytes:
            response = await app.service.execute(Request("{ slowly }"), {}, Timings())
            return bytes(response.body)

        first = asyncio.create_task(ask())
        await runs.wait()
        others = [asyncio.create_task(ask()) for _ in range(5)]
        await asyncio.sleep(0.05)
        first.cancel()
        answers = await asyncio.gather(*others)
        assert len(set(answers)) == 1
        assert b"errors" not in answers[0]
        assert len(counted) == 2
    finally:
        await app.service.stop()


@fraiseql.type(sql_source="shaky")
class Shaky:
    id: int
    value: float


def test_uncacheable_queries_stop_the_start(tables: str) -> None:
    at_once(run_sql(tables, "CREATE VIEW shaky AS SELECT id, random() AS value FROM score"))
    queries = [fraiseql.find("shaky", Shaky, cache=fraiseql.Cache())]
    served = Served(tables, queries=queries, worker=False)
    with pytest.raises(fraiseql.DeclarationError) as refused:
        served.run(served.service.start())
    assert refused.value.code == "CACHE_VOLATILE"
    served.close()


def test_caches_that_are_switched_off_store_nothing(tables: str) -> None:
    @fraiseql.query
    async def computed() -> int:
        return await fraiseql.cached_query("computed", 60, lambda: next(numbers))

    numbers = iter(range(9))
    served = Served(tables, queries=[*QUERIES, computed], worker=False, cache=False)
    served.run(served.service.start())
    assert respond(served, "{ books { id } }").cached is None
    assert [served.data("{ computed }")["computed"] for _ in range(2)] == [0, 1]
    served.close()


def test_a_manual_cache_in_a_function_works(cached: Served) -> None:
    @fraiseql.query
    async def computed() -> int:
        return await fraiseql.cached_query("found again", 60, lambda: next(numbers), tags=("book",))

    numbers = iter(range(9))
    with served_with_caches(cached.url, queries=[*QUERIES, computed]) as running:
        answers = [running.ask("{ computed }") for _ in range(2)]
        assert [answer["data"]["computed"] for answer in answers] == [0, 0]
        running.execute("UPDATE book SET pages = 1 WHERE id = 2")
        assert running.data("{ computed }")["computed"] == 1
