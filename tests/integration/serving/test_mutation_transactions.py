"""Transactions of mutations: scope, retries, deadlines, identity, over HTTP and under load."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import httpx
import pytest

import fraiseql
from fraiseql.events import Timings
from fraiseql.serving import Request
from tests.integration.http.application import served as served_over_http
from tests.integration.serving.served import Served, served

ROLE = "fql_mutation_writer"
TABLES = f"""
CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL CHECK (n < 100), who text);
INSERT INTO counter VALUES (1, 0, NULL), (2, 0, NULL);
CREATE TABLE turn (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, day date, done bool, "the place" char(3),
    next int REFERENCES turn DEFERRABLE INITIALLY DEFERRED,
    UNIQUE ("the place", day, done) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO turn (day, done, "the place") VALUES ('2026-01-01', true, 'a)');
CREATE ROLE {ROLE}; GRANT SELECT, UPDATE ON counter TO {ROLE};
"""
ATTEMPTS: list[int] = []


@fraiseql.type(sql_source="counter")
class Counter:
    id: int
    n: int


@fraiseql.type(sql_source="turn", writes=fraiseql.Writes(create=["day", "done", "place", "next"]))
class Turn:
    id: int
    day: date | None
    done: bool | None
    place: str | None = fraiseql.field(column="the place")
    next: int | None = None


async def may_write(context: Mapping[str, Any]) -> bool:
    return context.get("denied") is None


@fraiseql.mutation(requires=may_write)
async def add(info: fraiseql.Info, id: int, n: int = 1) -> int | None:  # noqa: A002
    ATTEMPTS.append(id)
    return await info.context["db"].fetchval(
        "UPDATE counter SET n = n + $2,"
        " who = concat(current_user, current_setting('app.who', true)) WHERE id = $1 RETURNING n",
        id,
        n,
    )


@fraiseql.mutation(requires=may_write, hide=True)
def secret() -> bool:
    return True


@fraiseql.mutation(isolation="serializable", retry=True)
async def sum_up(info: fraiseql.Info, target: int) -> int | None:
    """Write a sum of all rows: two of these at once are not serializable."""
    db = info.context["db"]
    ATTEMPTS.append(target)
    total = await db.fetchval("SELECT sum(n) FROM counter")
    await asyncio.sleep(0.05)
    await db.execute("UPDATE counter SET n = $2 WHERE id = $1", target, total + 1)
    return int(total)


@fraiseql.mutation(isolation="serializable")
async def sum_up_once(info: fraiseql.Info, target: int) -> int | None:
    return await sum_up(info, target)


@fraiseql.mutation
async def dawdle(info: fraiseql.Info) -> int | None:
    await info.context["db"].execute("UPDATE counter SET n = 50")
    await info.context["db"].fetchval("SELECT pg_sleep(20)")
    return 1


MUTATIONS = [add, secret, sum_up, sum_up_once, dawdle]
OPTIONS: dict[str, Any] = {
    "queries": [fraiseql.find("counters", Counter, order_by="id"), fraiseql.find("turns", Turn)],
    "mutations": MUTATIONS,
}


@pytest.fixture(scope="module")
def counters(database: str) -> Iterator[Served]:
    with served(database, TABLES, **OPTIONS) as running:
        yield running
        running.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


@pytest.fixture(autouse=True)
def fresh(counters: Served) -> None:
    counters.execute("UPDATE counter SET n = 0, who = NULL")
    ATTEMPTS.clear()


def numbers(counters: Served) -> list[int]:
    return [row["n"] for row in counters.fetch("SELECT n FROM counter ORDER BY id")]


def test_a_whole_operation_is_committed_or_nothing(counters: Served) -> None:
    with served(counters.url, **OPTIONS, mutation_transaction="operation") as whole:
        query = "mutation { a: add(id: 1) b: add(id: 2, n: 2) c: add(id: 1) }"
        assert whole.data(query) == {"a": 1, "b": 2, "c": 2}
        answer = whole.ask("mutation { a: add(id: 1) b: add(id: 2, n: 200) c: add(id: 1) }")
        assert answer["data"] is None
        (error,) = answer["errors"]
        assert (error["path"], error["extensions"]["code"]) == (["b"], "CHECK_VIOLATION")
    assert numbers(counters) == [2, 2]
    assert ATTEMPTS == [1, 2, 1, 1, 2], "the field after the error did not run"


@pytest.mark.parametrize(
    ("rows", "code", "path"),
    [
        (["a)", "b", "c", "b"], "UNIQUE_VIOLATION", [0, "place"]),
        (["b", "a)", "c"], "UNIQUE_VIOLATION", [1, "place"]),
        (["b", "c", "b", "d"], "UNIQUE_VIOLATION", [2, "place"]),
        (["b", 999, "c"], "FOREIGN_KEY_VIOLATION", [1, "next"]),
    ],
)
def test_a_row_that_a_deferred_constraint_refuses_has_its_index(
    counters: Served, rows: list[Any], code: str, path: list[Any]
) -> None:
    query = "mutation ($rows: [CreateTurnInput!]!) { createManyTurn(input: $rows) { id } }"
    same = {"day": "2026-01-01", "done": True}
    sent = [{"next": row} if isinstance(row, int) else {**same, "place": row} for row in rows]
    shown = counters.error(query, {"rows": sent})["extensions"]
    assert (shown["code"], shown["input"]) == (code, ["input", *path])
    assert len(counters.fetch("SELECT FROM turn")) == 1


async def together(counters: Served, name: str) -> list[dict[str, Any]]:
    async def ask(target: int) -> dict[str, Any]:
        query = f"mutation {{ v: {name}(target: {target}) }}"
        response = await counters.service.execute(Request(query), {}, Timings())
        return dict(json.loads(bytes(response.body)))

    return list(await asyncio.gather(ask(1), ask(2)))


def test_a_conflict_is_retried_where_it_is_allowed(counters: Served) -> None:
    counters.execute("UPDATE counter SET n = 1")
    answers = counters.run(together(counters, "sumUp"))
    assert [answer for answer in answers if "errors" in answer] == []
    assert sorted(answer["data"]["v"] for answer in answers) == [2, 4]
    assert len(ATTEMPTS) > 2


def test_a_conflict_is_an_error_otherwise(counters: Served) -> None:
    answers = counters.run(together(counters, "sumUpOnce"))
    (failed,) = [answer for answer in answers if "errors" in answer]
    assert failed["errors"][0]["extensions"]["code"] == "SERIALIZATION_FAILURE"
    assert len(ATTEMPTS) == 2


def test_a_write_has_role_and_session_variables(counters: Served) -> None:
    context = {"role": ROLE, "session": {"app.who": "!"}}
    assert counters.data("mutation { add(id: 1) }", context=context) == {"add": 1}
    assert counters.data("mutation { add(id: 2) }") == {"add": 1}
    whos = [row["who"] for row in counters.fetch("SELECT who FROM counter ORDER BY id")]
    assert whos[0] == f"{ROLE}!"
    assert not whos[1].startswith(ROLE)
    counters.execute(f"REVOKE UPDATE ON counter FROM {ROLE}")
    error = counters.error("mutation { add(id: 1) }", context=context)
    counters.execute(f"GRANT UPDATE ON counter TO {ROLE}")
    assert error["extensions"]["code"] == "DATABASE_ERROR"


def test_a_denied_mutation_is_not_called(counters: Served) -> None:
    error = counters.error("mutation { add(id: 1) }", context={"denied": True})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert ATTEMPTS == []


def test_a_hidden_mutation_is_not_in_the_schema(counters: Served) -> None:
    query = "{ __schema { mutationType { fields { name } } } }"

    def names(**context: Any) -> list[str]:
        fields = counters.data(query, context=context)["__schema"]["mutationType"]["fields"]
        return [field["name"] for field in fields]

    assert "secret" in names()
    assert "add" in names(denied=True)
    assert "secret" not in names(denied=True)
    error = counters.ask("mutation { secret }", context={"denied": True})["errors"][0]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_an_invalid_argument_is_not_called(counters: Served) -> None:
    error = counters.error("mutation ($n: Int) { add(id: 1, n: $n) }", {"n": None})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert numbers(counters) == [0, 0]


def test_http_writes_by_post_only_and_within_the_deadline(counters: Served) -> None:
    app = fraiseql.create_app(database_url=counters.url, **OPTIONS, request_timeout=0.5)
    with served_over_http(app) as address, httpx.Client(base_url=address) as client:
        query = "mutation { add(id: 1) }"
        refused = client.get("/graphql", params={"query": query})
        assert refused.status_code == 405
        written = client.post("/graphql", json={"query": query})
        assert written.json() == {"data": {"add": 1}}
        assert client.get("/graphql", params={"query": query}).status_code == 405
        late = client.post("/graphql", json={"query": "mutation { dawdle }"})
        assert late.status_code == 504
    assert numbers(counters) == [1, 0]
