"""Exact hits of clients with identities, interleaved on one connection."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cache_environment import apply_schema
from tests.integration.caching.results.served.identity_app import ROLES, app
from tests.integration.caching.results.served.test_native_hits import (
    JSON,
    Answer,
    Client,
    served,
    until_native,
    write,
)
from tests.integration.flights import at_once, run_sql

BOTH = ", ".join(ROLES.values())
TABLES = (
    *(
        f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for role in ROLES.values()
    ),
    "CREATE TABLE memo (id int PRIMARY KEY, tenant text NOT NULL, text text, title text)",
    "INSERT INTO memo SELECT n, 'red', 'text' FROM generate_series(1, 5) AS n",
    "INSERT INTO memo SELECT n, 'blue', 'text' FROM generate_series(6, 10) AS n",
    "ALTER TABLE memo ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON memo USING (tenant = current_setting('app.tenant', true))",
    f"GRANT SELECT ON memo TO {BOTH}",
)
MODULE = "tests.integration.caching.results.served.identity_app:app"
TITLES = "{ memos { id tenant title } }"
TEXTS = "{ memos { tenant text } }"


@pytest.fixture(scope="module")
def url(database: str) -> str:
    at_once(run_sql(database, *TABLES))
    at_once(apply_schema(database, app.service.schema))
    return database


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with served(url, tmp_path_factory.mktemp("identities"), module=MODULE) as port:
        client = Client(port)
        yield client
        client.close()


def ask(client: Client, key: str, query: str = TITLES) -> Answer:
    body = json.dumps({"query": query})
    return client.send("POST", "/graphql", {**JSON, "X-Key": key}, body)


def native(client: Client, key: str, query: str = TITLES) -> Answer:
    return until_native(lambda: ask(client, key, query))


def rows(answer: Answer) -> Any:
    return json.loads(answer.body)["data"]["memos"]


def test_interleaved_hits_belong_to_their_client(url: str, client: Client) -> None:
    chosen, natives = random.Random(13), 0
    for round_ in range(6):
        title = f"title {round_}"
        write(url, f"UPDATE memo SET title = '{title}' WHERE tenant IN ('red', 'blue')")
        for tenant in ROLES:
            assert {row["title"] for row in rows(ask(client, tenant))} == {title}
            native(client, tenant)
        for _ in range(50):
            tenant = chosen.choice(list(ROLES))
            answer = ask(client, tenant)
            natives += answer.is_native
            assert {(row["tenant"], row["title"]) for row in rows(answer)} == {(tenant, title)}
    assert natives > 200


def test_a_write_of_one_client_is_in_its_next_answer(url: str, client: Client) -> None:
    for number in range(5):
        for tenant in ROLES:
            native(client, tenant)
        write(url, f"UPDATE memo SET title = 'new {number}' WHERE tenant = 'red'")
        assert {row["title"] for row in rows(ask(client, "red"))} == {f"new {number}"}
        assert all(row["tenant"] == "blue" for row in rows(ask(client, "blue")))


def test_a_client_without_the_right_gets_no_hit_of_one_that_has_it(client: Client) -> None:
    for _ in range(3):
        hit = native(client, "red texts", TEXTS)
        assert rows(hit) == [{"tenant": "red", "text": "text"}] * 5
        denied = ask(client, "red", TEXTS)
        assert not denied.is_native
        assert json.loads(denied.body)["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_role_that_loses_its_privilege_gets_no_hit(url: str, client: Client) -> None:
    for tenant in ROLES:
        native(client, tenant)
    write(url, f"REVOKE SELECT ON memo FROM {ROLES['red']}")
    assert "errors" in json.loads(ask(client, "red").body)
    assert {row["tenant"] for row in rows(ask(client, "blue"))} == {"blue"}
    write(url, f"GRANT SELECT ON memo TO {ROLES['red']}")
    assert {row["tenant"] for row in rows(native(client, "red"))} == {"red"}


def test_an_unknown_client_is_left_to_python(client: Client) -> None:
    native(client, "red")
    assert ask(client, "green").status == 500
