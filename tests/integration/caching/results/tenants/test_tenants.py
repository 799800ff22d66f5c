"""Tenants and roles: requests of all of them, mixed at random, see their own rows, through hits."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.caching.results.keys import Keys
from fraiseql.caching.results.stores import lookup
from fraiseql.caching.results.stores.redis import validation
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.database import Identity
from fraiseql.events import Timings
from fraiseql.results import FieldRequest
from fraiseql.serving import Request
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import served_with_caches
from tests.integration.serving.served import Served

TABLES = """
DROP TABLE IF EXISTS note CASCADE;
CREATE TABLE note (
  id int PRIMARY KEY, tenant text NOT NULL, level int NOT NULL, text text NOT NULL);
INSERT INTO note SELECT n, chr(97 + n % 2), n % 3, 'note ' || n FROM generate_series(1, 12) n;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON note TO tenants_low
  USING (tenant = current_setting('app.tenant', true) AND level = 0);
CREATE POLICY high ON note TO tenants_high USING (tenant = current_setting('app.tenant', true));
CREATE VIEW v_note WITH (security_invoker) AS SELECT id, text, level FROM note;
GRANT SELECT ON note, v_note TO tenants_low, tenants_high;
"""
ROLES = ("tenants_low", "tenants_high")
CACHED = fraiseql.Cache()


@fraiseql.type(sql_source="v_note")
class Note:
    id: int
    text: str


@fraiseql.query(cache=fraiseql.Cache(tags=("note",)))
async def count(info: fraiseql.Info) -> int:
    """How many there are for the one who asks."""
    return await info.context["db"].fetchval("SELECT count(*)::int FROM note")


@fraiseql.query(cache=fraiseql.Cache(ttl="1h", stale="1h", vary=("user.language",)))
def greeting(info: fraiseql.Info) -> str:
    """Greet in the language of the one who asks."""
    return f"hello in {info.context['user']['language']}"


QUERIES = [
    fraiseql.find("notes", Note, order_by="id", cache=CACHED),
    fraiseql.find_one("note", Note, by="id", cache=CACHED),
    fraiseql.find("lasting", Note, order_by="id", cache=fraiseql.Cache(store="redis")),
    count,
    greeting,
]


@pytest.fixture
def served(database: str, redis_url: str) -> Iterator[Served]:
    drop = "DROP OWNED BY tenants_low, tenants_high; DROP ROLE tenants_low, tenants_high"
    statements = [f"CREATE ROLE {role}" for role in ROLES]
    at_once(run_sql(database, "DROP SCHEMA IF EXISTS fraiseql CASCADE", *statements, TABLES))
    try:
        with served_with_caches(database, queries=QUERIES, redis_url=redis_url) as running:
            yield running
    finally:
        at_once(run_sql(database, drop))


async def mixed(service: Any, url: str, seed: int, rounds: int) -> tuple[int, list[str]]:
    """Ask for all at once, round by round, with a write in between; count hits, list the wrong."""
    rule, hits, wrong = random.Random(seed), 0, []
    connection = await asyncpg.connect(url)
    try:
        for number in range(rounds):
            rows = await connection.fetch("SELECT * FROM note ORDER BY id")
            requests = [_request(rule) for _ in range(12)]
            answers = await asyncio.gather(*(_answer(service, *request) for request in requests))
            for (query, variables, context), (value, hit) in zip(requests, answers, strict=True):
                right = _right(rows, query, variables, context)
                hits += hit
                wrong += [] if value == right else [f"{query} {context}: {value}, not {right}"]
            if number % 3 == 2:
                await connection.execute(_write(rule))
    finally:
        await connection.close()
    return hits, wrong


def _request(rule: random.Random) -> tuple[str, dict[str, Any], dict[str, Any]]:
    context = {
        "role": rule.choice(ROLES),
        "session": {"app.tenant": rule.choice("ab")},
        "user": {"language": rule.choice(("no", "se"))},
    }
    query = rule.choice(
        (
            "{ value: notes { id text } }",
            "{ value: lasting { id text } }",
            "query ($id: Int!) { value: note(id: $id) { id text } }",
            "{ value: count }",
            "{ value: greeting }",
        )
    )
    return query, {"id": rule.randint(1, 4)} if "$id" in query else {}, context


async def _answer(
    service: Any, query: str, variables: dict[str, Any], context: dict[str, Any]
) -> tuple[Any, bool]:
    request = Request(query, variables=variables)
    response = await service.execute(request, dict(context), Timings())
    (result,) = response.cached.answers.values()
    return json.loads(bytes(response.body))["data"]["value"], result.outcome == "hit"


def _right(rows: Any, query: str, variables: dict[str, Any], context: dict[str, Any]) -> Any:
    tenant, low = context["session"]["app.tenant"], context["role"] == ROLES[0]
    own = [
        {"id": row["id"], "text": row["text"]}
        for row in rows
        if row["tenant"] == tenant and not (low and row["level"])
    ]
    if "greeting" in query:
        return f"hello in {context['user']['language']}"
    if "count" in query:
        return len(own)
    if "$id" in query:
        return next((item for item in own if item["id"] == variables["id"]), None)
    return own


def _write(rule: random.Random) -> str:
    number = rule.randint(1, 12)
    return rule.choice(
        (
            f"UPDATE note SET tenant = translate(tenant, 'ab', 'ba') WHERE id = {number}",
            f"UPDATE note SET level = (level + 1) % 3 WHERE id = {number}",
            f"UPDATE note SET text = text || '.' WHERE id = {number}",
        )
    )


def test_no_tenant_gets_the_rows_of_another(served: Served) -> None:
    seed = random.randrange(10**6)
    hits, wrong = served.run(mixed(served.service, served.url, seed, 60))
    assert wrong == [], f"seed {seed}"
    assert hits > 150


def asking(change: Callable[[FieldRequest], FieldRequest]) -> Callable[[pytest.MonkeyPatch], None]:
    """Make keys as if something else was asked."""

    def damage(patch: pytest.MonkeyPatch) -> None:
        whole = Keys.key
        patch.setattr(Keys, "key", lambda self, ask: whole(self, change(ask)))

    return damage


def no_role(patch: pytest.MonkeyPatch) -> None:
    """Of the role, neither the name is in the key nor its rights in the shape."""
    asking(lambda ask: replace(ask, identity=Identity(None, ask.identity.variables)))(patch)
    patch.setattr(lookup, "roles_digest", lambda roles: f"0::bigint * cardinality({roles})")
    patch.setattr(CacheRequest, "has_same_roles", lambda *_: True)


MUTANTS = {
    "role": no_role,
    "session": asking(lambda ask: replace(ask, identity=Identity(ask.identity.role))),
    "variables": asking(lambda ask: replace(ask, variables={})),
    "vary": asking(lambda ask: replace(ask, context={})),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_part_of_a_key_is_needed(
    served: Served, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    MUTANTS[name](monkeypatch)
    validation._sql.cache_clear()
    _, wrong = served.run(mixed(served.service, served.url, 1, 15))
    validation._sql.cache_clear()
    assert wrong != []
