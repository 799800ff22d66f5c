"""Two tenants on every path, over few connections that are killed: no row of the other's."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
import pytest

import fraiseql
from fraiseql.database import Identity
from fraiseql.errors import FraiseQLError
from fraiseql.events import Timings
from fraiseql.http import HttpRequest
from fraiseql.repositories import Repository
from fraiseql.serving import Request, Service
from tests.cache_environment import apply_schema
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

ROLE = "fql_two_tenants"
TABLES = f"""
CREATE TABLE team (id int PRIMARY KEY, tenant text NOT NULL, name text NOT NULL);
CREATE TABLE item (
  id int PRIMARY KEY, team_id int NOT NULL, tenant text NOT NULL, text text NOT NULL, mark int);
CREATE INDEX ON item (team_id);
INSERT INTO team SELECT n, chr(97 + n % 2), 'team ' || n FROM generate_series(1, 6) n;
INSERT INTO item SELECT n, 1 + n % 6, chr(97 + n / 6 % 2), 'item ' || n
  FROM generate_series(1, 24) n;
ALTER TABLE team ENABLE ROW LEVEL SECURITY;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON team TO {ROLE}
  USING (tenant = (SELECT current_setting('app.tenant', true)));
CREATE POLICY own ON item TO {ROLE}
  USING (tenant = (SELECT current_setting('app.tenant', true)));
GRANT SELECT, UPDATE ON team, item TO {ROLE};
"""
TEAMS = [{"id": n, "tenant": "ab"[n % 2], "name": f"team {n}"} for n in range(1, 7)]
ITEMS = [
    {"id": n, "team_id": 1 + n % 6, "tenant": "ab"[n // 6 % 2], "text": f"item {n}"}
    for n in range(1, 25)
]
KILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def has_teams(context: Mapping[str, Any]) -> bool:
    """Whether the tenant has the team with the number 2, which is of tenant ``a``."""
    return await context["db"].fetchval("SELECT EXISTS (SELECT FROM team WHERE id = 2)")


@fraiseql.type(sql_source="item", writes=fraiseql.Writes(update=["mark"]))
class Item:
    id: int
    text: str
    mark: int | None = None


@fraiseql.type(sql_source="team", writes=fraiseql.Writes(update=["name"], many=False))
class Team:
    id: int
    name: str = fraiseql.field()
    guarded: str | None = fraiseql.field(column="name", requires=has_teams)
    items: list[Item] = fraiseql.embed("item", on="team_id", order_by="id", limit=50)
    paged: list[Item] = fraiseql.embed("item", on="team_id", connection=True)

    @fraiseql.field(needs=["id"])
    async def counted(self, info: fraiseql.Info) -> int:
        count = "SELECT count(*)::int FROM item WHERE team_id = $1"
        return await info.context["db"].fetchval(count, self.id)


@fraiseql.query
async def by_repository(info: fraiseql.Info) -> list[Team]:
    repo = Repository(info.context["db"], info.context)
    return await repo.find("team", order_by=["id"])


@fraiseql.query(cache=fraiseql.Cache())
async def recorded(info: fraiseql.Info) -> int:
    return await info.context["db"].fetchval("SELECT sum(id)::int FROM item")


@fraiseql.query
async def in_transaction(info: fraiseql.Info) -> int:
    async with info.context["db"].transaction() as transaction:
        return await transaction.fetchval("SELECT sum(id)::int FROM item")


@fraiseql.mutation
async def in_mutation(info: fraiseql.Info) -> int | None:
    return await info.context["db"].fetchval("SELECT sum(id)::int FROM item")


QUERIES = [
    fraiseql.find("teams", Team, order_by="id"),
    fraiseql.find_one("team", Team, by="id"),
    fraiseql.find("cached", Team, order_by="id", cache=fraiseql.Cache()),
    fraiseql.find("lasting", Team, order_by="id", cache=fraiseql.Cache(store="redis")),
    fraiseql.find_one("cached_team", Team, by="id", cache=fraiseql.Cache()),
    fraiseql.connection("pages", Team, aggregates=True),
    fraiseql.connection("item_pages", Item, aggregates=True),
    fraiseql.aggregate("item_totals", Item),
    fraiseql.aggregate("cached_totals", Item, cache=fraiseql.Cache()),
    fraiseql.connection("cached_pages", Team, cache=fraiseql.Cache()),
    *fraiseql.nodes(Team),
    by_repository,
    recorded,
    in_transaction,
]


def of_tenant(rows: list[dict[str, Any]], tenant: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["tenant"] == tenant]


def names(tenant: str) -> Any:
    return [{"name": team["name"]} for team in of_tenant(TEAMS, tenant)]


def items(tenant: str, team: int) -> list[dict[str, Any]]:
    return [row for row in of_tenant(ITEMS, tenant) if row["team_id"] == team]


def embedded(tenant: str) -> Any:
    return [
        {"items": [{"id": row["id"]} for row in items(tenant, team["id"])]}
        for team in of_tenant(TEAMS, tenant)
    ]


def page(tenant: str) -> Any:
    return {"nodes": names(tenant), "totalCount": len(names(tenant))}


def one(tenant: str) -> Any:
    return {"name": "team 2"} if tenant == "a" else None


def latest(tenant: str) -> Any:
    rows = [items(tenant, team["id"])[::-1][:2] for team in of_tenant(TEAMS, tenant)]
    return [{"items": [{"id": row["id"]} for row in each if row["id"] > 5]} for each in rows]


def aggregated(tenant: str) -> Any:
    numbers = [row["id"] for row in of_tenant(ITEMS, tenant)]
    return {"count": len(numbers), "sum": {"id": sum(numbers)}}


def marked(tenant: str) -> Any:
    return [{"id": row["id"]} for row in of_tenant(ITEMS, tenant)]


PATHS: dict[str, tuple[str, Any]] = {
    "nested arguments": (
        "{ v: teams { items(where: {id: {gt: 5}}, orderBy: [{id: DESC}], limit: 2) { id } } }",
        latest,
    ),
    "an aggregate": ("{ v: itemTotals { count sum { id } } }", lambda who: [aggregated(who)]),
    "a cached aggregate": (
        "{ v: cachedTotals { count sum { id } } }",
        lambda who: [aggregated(who)],
    ),
    "an aggregate in a connection": (
        "{ v: itemPages(first: 1) { aggregate { count sum { id } } } }",
        lambda who: {"aggregate": aggregated(who)},
    ),
    "an aggregate in an embed": (
        "{ v: teams { paged(first: 1) { totalCount aggregate { count } } } }",
        lambda who: [
            {"paged": {"totalCount": len(rows), "aggregate": {"count": len(rows)}}}
            for rows in [items(who, team["id"]) for team in of_tenant(TEAMS, who)]
        ],
    ),
    "several global ids": (
        '{ v: nodes(nodeIds: ["WyJUZWFtIiwyXQ", "WyJUZWFtIiw0XQ"]) { ... on Team { name } } }',
        lambda who: [{"name": f"team {n}"} if who == "a" else None for n in (2, 4)],
    ),
    "an update": ('mutation { v: updateTeam(id: 2, set: {name: "team 2"}) { name } }', one),
    "an update of many": (
        "mutation { v: updateManyItem(where: {id: {gt: 0}}, set: {mark: 1}) { id } }",
        marked,
    ),
    "an update of all": (
        "mutation { v: updateManyItem(all: true, set: {mark: 2}) { id } }",
        marked,
    ),
    "a list": ("{ v: teams { name } }", names),
    "a filter": ('{ v: teams(where: {name: {contains: "team"}}) { name } }', names),
    "an embed": ("{ v: teams { items { id } } }", embedded),
    "a filter by an embed": (
        "{ v: teams(where: {items: {some: {id: {gt: 0}}}}) { id } }",
        lambda who: [{"id": t["id"]} for t in of_tenant(TEAMS, who) if items(who, t["id"])],
    ),
    "a key": ("{ v: team(id: 2) { name } }", one),
    "a computed field": (
        "{ v: teams { counted } }",
        lambda who: [{"counted": len(items(who, t["id"]))} for t in of_tenant(TEAMS, who)],
    ),
    "a check": (
        "{ v: teams { guarded } }",
        lambda who: [{"guarded": t["name"] if who == "a" else None} for t in of_tenant(TEAMS, who)],
    ),
    "a connection": ("{ v: pages(last: 50) { nodes { name } totalCount } }", page),
    "a cached connection": ("{ v: cachedPages { nodes { name } totalCount } }", page),
    "a global id": ('{ v: node(nodeId: "WyJUZWFtIiwyXQ") { ... on Team { name } } }', one),
    "a repository": ("{ v: byRepository { name } }", names),
    "a cache": ("{ v: cached { name items { id } } }", None),
    "a cache in Redis": ("{ v: lasting { name } }", names),
    "a cached key": ("{ v: cachedTeam(id: 2) { name } }", one),
    "a recorded resolver": (
        "{ v: recorded }",
        lambda who: sum(row["id"] for row in of_tenant(ITEMS, who)),
    ),
    "a mutation": (
        "mutation { v: inMutation }",
        lambda who: sum(row["id"] for row in of_tenant(ITEMS, who)),
    ),
    "a transaction": (
        "{ v: inTransaction }",
        lambda who: sum(row["id"] for row in of_tenant(ITEMS, who)),
    ),
}
PATHS["a cache"] = (
    PATHS["a cache"][0],
    lambda who: [{**a, **b} for a, b in zip(names(who), embedded(who), strict=True)],
)


def identified(request: HttpRequest) -> dict[str, Any]:
    """The identity of a request over HTTP."""
    return {"role": ROLE, "session": {"app.tenant": request.headers["x-tenant"]}}


@pytest.fixture(scope="module")
def tenants(database: str, redis_url: str) -> Iterator[Served]:
    at_once(run_sql(database, f"CREATE ROLE {ROLE}", TABLES))
    options: dict[str, Any] = {
        "queries": QUERIES,
        "mutations": [in_mutation],
        "redis_url": redis_url,
        "pool_size": 2,
        "context": identified,
        "worker": False,
    }
    running = Served(database, **options)
    try:
        running.run(apply_schema(database, running.service.schema))
        running.run(running.app.start())
        yield running
    finally:
        running.run(running.app.stop())
        running.loop.close()
        at_once(run_sql(database, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}"))


WAYS: Final = ("service", "POST", "GET", "GET with the last ETag")


class Callers:
    """Requests of both tenants in each way."""

    def __init__(self, served: Served) -> None:
        self._service = served.service
        transport = httpx.ASGITransport(app=served.app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self._tags: dict[str, tuple[str, bytes]] = {}
        self.unmodified = 0

    async def ask(self, way: str, path: str, tenant: str) -> bytes:
        """Return the body of the answer; after a 304, that of the response with the ETag."""
        query = PATHS[path][0]
        if way == "service":
            context = {"role": ROLE, "session": {"app.tenant": tenant}}
            return bytes((await self._service.execute(Request(query), context, Timings())).body)
        headers = {"x-tenant": tenant}
        if way == "POST" or query.startswith("mutation"):
            return (
                await self._http.post("/graphql", json={"query": query}, headers=headers)
            ).content
        # The ETag may be of the other tenant's response, which the client had before.
        tag, body = self._tags.get(path, ("", b""))
        if tag and way != "GET":
            headers["if-none-match"] = tag
        response = await self._http.get("/graphql", params={"query": query}, headers=headers)
        if response.status_code == httpx.codes.NOT_MODIFIED:
            self.unmodified += 1
            return body
        self._tags[path] = (response.headers.get("etag", ""), response.content)
        return response.content


async def mixed(served: Served, rule: random.Random, rounds: int) -> tuple[Counter[str], list[str]]:
    """Ask for both tenants at once, in rounds; connections are killed in every third."""
    answered: Counter[str] = Counter()
    wrong: list[str] = []
    callers = Callers(served)

    async def ask(path: str, tenant: str, way: str) -> None:
        try:
            answer = json.loads(await callers.ask(way, path, tenant))
        except FraiseQLError:
            # A check could not ask the database: the request is refused.
            answered["refused"] += 1
            return
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        if codes - {"FORBIDDEN", "ROW_NOT_FOUND"}:
            answered["failed"] += 1
            return
        answered[path] += 1
        answered[way] += 1
        if answer["data"]["v"] != PATHS[path][1](tenant):
            wrong.append(f"{path} for {tenant} by {way}: {answer}")

    for number in range(rounds):
        asked = [(rule.choice([*PATHS]), rule.choice("ab"), rule.choice(WAYS)) for _ in range(24)]
        work = [ask(*each) for each in asked]
        if number % 3 == 2:
            work.insert(rule.randrange(len(work)), run_sql(served.url, KILL))
        await asyncio.gather(*work)
    answered["unmodified"] = callers.unmodified
    return answered, wrong


def test_no_path_leaks_when_connections_are_reused_and_killed(tenants: Served) -> None:
    seed = random.randrange(10**6)
    answered, wrong = tenants.run(mixed(tenants, random.Random(seed), 30))
    assert wrong == [], f"seed {seed}"
    assert {path for path in PATHS if answered[path]} == set(PATHS), answered
    assert sum(answered[path] for path in PATHS) > 300, answered
    assert min(answered[way] for way in WAYS) > 50, answered
    assert answered["unmodified"] > 3, answered


def test_an_identity_of_another_request_would_be_noticed(
    tenants: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = Identity.of(ROLE, {"app.tenant": "a"})
    monkeypatch.setattr(Service, "identity", lambda *_: identity)
    _, wrong = tenants.run(mixed(tenants, random.Random(1), 2))
    assert wrong != []


def test_a_request_without_an_identity_sees_no_tenant(tenants: Served) -> None:
    """After all of them, no connection has an identity left."""
    context = {"role": ROLE}
    for query, _ in PATHS.values():
        answer = tenants.ask(query, context=context)
        seen = (answer["data"] or {}).get("v")
        assert not re.search(r"[1-9]|team|item", json.dumps(seen)), answer


@pytest.mark.parametrize("path", ["a list", "an embed", "a filter by an embed", "a key"])
def test_a_policy_is_evaluated_once_for_a_statement(tenants: Served, path: str) -> None:
    context = {"role": ROLE, "session": {"app.tenant": "a"}}
    work = tenants.service.explain(Request(PATHS[path][0]), context, analyze=True)
    (statement,) = tenants.run(work).statements
    text = "\n".join(statement.plan)
    plans = re.findall(r"InitPlan[^\n]*\n\s*->\s+Result[^\n]*", text)
    assert plans, text
    assert all("loops=1)" in plan or "never executed" in plan for plan in plans), plans
    assert "current_setting" not in "".join(re.findall(r"Filter: [^\n]*", text)), text
