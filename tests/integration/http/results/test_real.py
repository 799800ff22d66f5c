"""Real caches over HTTP: correct validators, and no answer of another client."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

import fraiseql
from tests.cache_environment import apply_schema
from tests.integration.flights import at_once, run_sql
from tests.integration.http.application import User, served
from tests.integration.http.results.test_headers import get, post

USERS = "{ users(limit: 2) { name } }"


@pytest.fixture(scope="module")
def client(tables: str) -> Iterator[httpx.Client]:
    queries = [
        fraiseql.find("users", User, order_by="id", cache=fraiseql.Cache()),
        fraiseql.find("soon", User, order_by="id", cache=fraiseql.Cache(stale="1m")),
    ]
    app = fraiseql.create_app(queries=queries, database_url=tables, worker=False)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, apply_schema(tables, app.service.schema)).result()  # type: ignore[attr-defined]
    with (
        served(app) as address,
        closing(httpx.Client(base_url=address, timeout=20)) as opened,
    ):
        yield opened


def test_a_validator_is_good_until_something_is_written(client: httpx.Client, tables: str) -> None:
    first = get(client, USERS)
    etag = get(client, USERS).headers["etag"]
    same = get(client, USERS, **{"if-none-match": etag})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["cache-status"].startswith("fraiseql; hit")
    at_once(run_sql(tables, "UPDATE users SET name = 'renamed' WHERE id = 1"))
    changed = get(client, USERS, **{"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["cache-status"].startswith("fraiseql; fwd=stale; stored")
    assert changed.json() != first.json()
    # Written back: the same bytes, and so the same ETag.
    at_once(run_sql(tables, "UPDATE users SET name = 'user 1' WHERE id = 1"))
    again = get(client, USERS, **{"if-none-match": etag})
    assert again.json() == first.json() if again.content else again.status_code == 304
    assert get(client, USERS, **{"if-none-match": etag}).status_code == 304


def test_answers_are_public_where_nothing_personal_is_read(client: httpx.Client) -> None:
    get(client, USERS)
    assert get(client, USERS).headers["cache-control"] == "public, no-cache"
    get(client, "{ soon { id } }")
    cache_control = get(client, "{ soon { id } }").headers["cache-control"]
    assert cache_control.startswith("public, max-age=5")


def test_metrics_count(client: httpx.Client) -> None:
    def hits() -> float:
        lines = client.get("/metrics").text.splitlines()
        name = 'fraiseql_result_cache_hits_total{query="users"} '
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    post(client, USERS)
    before = hits()
    post(client, USERS)
    assert hits() == before + 1
