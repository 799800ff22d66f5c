"""The native engine gives Python's answers, or leaves the request to Python."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import asyncpg
import httpx
import pytest

import fraiseql
from tests.integration.http.application import TABLES, User, agent
from tests.integration.serving.native_answers import JSON, Answers, answering

CONTAINS = "query ($n: String) { users(where: {name: {contains: $n}}) { id } }"
FILTERED = "query ($w: UserWhere) { users(where: $w) { id } }"
AMONG = "query ($i: [Int!]!) { users(where: {id: {in: $i}}) { id } }"
NAMED = "query ($n: [String!]) { users(where: {name: {notIn: $n}}, limit: 4) { name } }"
PAGE = """query ($a: String, $n: Int) { pages(after: $a, first: $n) {
    nodes { id name } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
BY_KEY = "query ($id: Int!) { user(id: $id) { id name } }"

VIEW = "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, name FROM people"
OF_SETTING = f"{VIEW} WHERE id >= current_setting('users.least')::int"
SLOW = f"""
CREATE TABLE pause (seconds float8);
INSERT INTO pause VALUES (0);
{VIEW} LEFT JOIN LATERAL (SELECT pg_sleep(seconds) FROM pause WHERE id = 1) AS s ON true"""


@asynccontextmanager
async def roads(database: str, view: str = "", **options: Any) -> AsyncIterator[Answers]:
    """Start an application with an engine; ``view`` replaces the table by a view of it."""
    connection = await asyncpg.connect(database)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.execute(f"{TABLES} {view}")
    await connection.close()
    queries = [
        fraiseql.find_one("user", User, by="id"),
        fraiseql.find("users", User),
        fraiseql.connection("pages", User, order_by="id"),
        agent,
    ]
    app = fraiseql.create_app(queries=queries, database_url=database, **options)
    async with answering(app) as answers:
        yield answers


async def assert_same(both: Answers, request: httpx.Request) -> None:
    """The engine answers, as Python does."""
    assert await both.same(request)


@pytest.mark.parametrize(
    ("query", "first", "second"),
    [
        (BY_KEY, {"id": 1}, {"id": 2}),
        (BY_KEY, {"id": 1}, {"id": 999}),
        ("{ __typename }", None, {}),
        ("{ __schema { queryType { name } } }", None, {}),
        ("query ($n: Int!) { __typename user(id: $n) @skip(if: true) { id } }", {"n": 1}, {"n": 1}),
        ("{ __typename users(limit: 3) { id ... @include(if: true) { name } } }", None, {}),
        (
            "query ($n: String) { users(where: {name: {eq: $n}}) { id } }",
            {"n": ""},
            {"n": "user 7"},
        ),
        ("query ($l: Int) { users(limit: $l) { id } }", {"l": 2}, {"l": 3}),
        (CONTAINS, {"n": "r 1"}, {"n": "%_\\"}),
        (FILTERED, {"w": {"name": {"eq": "user 3"}}}, {"w": {"name": {"eq": "user 4"}}}),
        (FILTERED, {"w": {"not": {"id": {"gt": 3}}}}, {"w": {"not": {"id": {"gt": 5}}}}),
        (FILTERED, {"w": {"name": {"contains": "1"}}}, {"w": {"name": {"contains": "2"}}}),
        (FILTERED, {"w": {"id": {"in": [1, 3]}}}, {"w": {"id": {"in": [5, 2, 2]}}}),
        (AMONG, {"i": [1]}, {"i": []}),
        (AMONG, {"i": []}, {"i": [3, 19, -1, 2]}),
        (NAMED, {"n": ["user 1"]}, {"n": ['a"\\b', "NULL", "", "{}", "user 2,", "user 4"]}),
        (
            "query ($i: Int!) { a: user(id: $i) { id } b: users(limit: 1) { id } }",
            {"i": 5},
            {"i": 6},
        ),
    ],
)
async def test_a_repeated_operation_has_the_same_answer(
    database: str, query: str, first: Any, second: Any
) -> None:
    async with roads(database) as both:
        await both.first(query, first)
        await assert_same(both, both.post(query, first if second is None else second))


@pytest.mark.parametrize("value", [None, [None], [1.0], ["1"], 1, [2**31], [1] * 200])
async def test_lists_of_another_form_are_left_to_python(database: str, value: Any) -> None:
    async with roads(database, max_input_values=100) as both:
        await both.first(AMONG, {"i": [1]})
        assert await both.native(both.post(AMONG, {"i": [1] * 50})) is not None
        assert await both.native(both.post(AMONG, {"i": value})) is None


async def test_pages_after_a_cursor_are_the_same(database: str) -> None:
    async with roads(database) as both:
        cursor, ids = None, []
        for number in range(4):
            request = both.post(PAGE, {"a": cursor, "n": 6})
            page = (await both.python(request)).json()["data"]["pages"]
            if number > 1:
                await assert_same(both, request)
            cursor = page["pageInfo"]["endCursor"]
            ids += [node["id"] for node in page["nodes"]]
        assert ids == list(range(1, 21))


@pytest.mark.parametrize("change", ["", "=", "A", "x", "\x00", "ä"])
async def test_unusual_cursors_are_left_to_python(database: str, change: str) -> None:
    async with roads(database) as both:
        first = await both.python(both.post(PAGE, {"a": None, "n": 2}))
        cursor = first.json()["data"]["pages"]["pageInfo"]["endCursor"]
        await both.first(PAGE, {"a": cursor, "n": 2})
        assert await both.same(both.post(PAGE, {"a": cursor, "n": 3}))
        changed = cursor + change if change else ""
        assert await both.native(both.post(PAGE, {"a": changed, "n": 3})) is None


async def test_a_get_has_the_same_answer(database: str) -> None:
    async with roads(database) as both:
        params = {"query": BY_KEY, "variables": '{"id": 3}'}
        request = both.client.build_request("GET", "/graphql", params=params)
        await both.python(request)
        await assert_same(both, request)


@pytest.mark.parametrize(
    "variables", [{"id": 3.0}, {"id": "3"}, {"id": None}, {"id": 2**31}, {"id": 3, "x": 1}, {}]
)
async def test_variables_of_another_form_are_left_to_python(database: str, variables: Any) -> None:
    async with roads(database) as both:
        await both.first(BY_KEY, {"id": 1})
        assert await both.native(both.post(BY_KEY, {"id": 2})) is not None
        assert await both.native(both.post(BY_KEY, variables)) is None


@pytest.mark.parametrize("limit", [-1, 1001, None, "3"])
async def test_numbers_of_rows_out_of_bounds_are_left_to_python(database: str, limit: Any) -> None:
    query = "query ($l: Int) { users(limit: $l) { id } }"
    async with roads(database) as both:
        await both.first(query, {"l": 2})
        await assert_same(both, both.post(query, {"l": 3}))
        assert await both.native(both.post(query, {"l": limit})) is None


async def test_numbers_of_rows_that_may_cost_too_much_have_plans_of_their_own(
    database: str,
) -> None:
    query = "query ($l: Int) { users(limit: $l) { id } }"
    async with roads(database, max_complexity=500) as both:
        await both.first(query, {"l": 2})
        assert await both.native(both.post(query, {"l": 3})) is None
        await both.first(query, {"l": 3})
        await assert_same(both, both.post(query, {"l": 3}))
        await assert_same(both, both.post(query, {"l": 2}))
        assert await both.native(both.post(query, {"l": 900})) is None


async def test_a_python_function_is_left_to_python(database: str) -> None:
    async with roads(database) as both:
        await both.first("{ agent }")
        assert await both.native(both.post("{ agent }")) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"accept": "text/html"},
        {"content-encoding": "gzip", **JSON},
        {"sec-fetch-site": "cross-site", **JSON},
    ],
)
async def test_headers_that_python_has_not_read_are_left_to_it(
    database: str, headers: dict[str, str]
) -> None:
    async with roads(database) as both:
        await both.first(BY_KEY, {"id": 1})
        request = both.post(BY_KEY, {"id": 1})
        request.headers.update(headers)
        assert await both.native(request) is None


async def test_a_new_edition_of_the_sources_drops_all_plans(database: str) -> None:
    async with roads(database) as both:
        await both.first(BY_KEY, {"id": 1})
        service: Any = both.app.service
        service._use(service._current.planner.relations.sources)
        assert await both.native(both.post(BY_KEY, {"id": 1})) is None
        await both.first(BY_KEY, {"id": 1})
        await assert_same(both, both.post(BY_KEY, {"id": 1}))


async def test_a_failing_statement_is_left_to_python(database: str) -> None:
    async with roads(database) as both:
        await both.first(BY_KEY, {"id": 1})
        connection = await asyncpg.connect(database)
        await connection.execute("ALTER TABLE users RENAME TO people")
        assert await both.native(both.post(BY_KEY, {"id": 1})) is None
        await connection.execute("ALTER TABLE people RENAME TO users")
        await connection.close()
        await assert_same(both, both.post(BY_KEY, {"id": 1}))


async def test_killed_connections_are_opened_again(database: str) -> None:
    async with roads(database) as both:
        await both.first(BY_KEY, {"id": 1})
        await assert_same(both, both.post(BY_KEY, {"id": 1}))
        connection = await asyncpg.connect(database)
        killed = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert len(killed) > 2
        await connection.close()
        for _ in range(50):
            if await both.native(both.post(BY_KEY, {"id": 2})) is not None:
                break
        await assert_same(both, both.post(BY_KEY, {"id": 2}))


async def test_requests_are_counted_with_their_statements(database: str) -> None:
    async with roads(database, metrics=True) as both:
        await both.first(BY_KEY, {"id": 1})
        for number in range(5):
            assert await both.native(both.post(BY_KEY, {"id": number})) is not None
        metrics = (await both.client.get("/metrics")).text
        (line,) = [
            line
            for line in metrics.splitlines()
            if line.startswith("fraiseql_operation_duration_seconds_count{")
        ]
        assert line.endswith(" 6")


@pytest.mark.parametrize("hook", [lambda _request: {}])
async def test_an_application_with_a_hook_hands_nothing_over(
    database: str, hook: Callable[..., Any]
) -> None:
    async with roads(database, context=hook) as both:
        await both.first(BY_KEY, {"id": 1})
        assert await both.native(both.post(BY_KEY, {"id": 1})) is None


async def test_the_settings_of_the_url_hold_natively(database: str) -> None:
    """Those of the application's own variables, too: a row may depend on them."""
    async with roads(f"{database}&users.least=18", view=OF_SETTING) as both:
        await both.first("{ users { id } }")
        status, _, body = await both.native(both.post("{ users { id } }")) or (0, (), b"")
        assert (status, body) == (200, b'{"data":{"users":[{"id":18},{"id":19},{"id":20}]}}')


async def test_a_slow_statement_is_stopped_early_and_left_to_python(database: str) -> None:
    query = "{ users(limit: 1) { id } }"
    async with roads(database, view=SLOW, statement_timeout=5.0) as both:
        await both.first(query)
        await assert_same(both, both.post(query))
        connection = await asyncpg.connect(database)
        await connection.execute("UPDATE pause SET seconds = 1.5")
        for longest in (1.4, 0.3):
            start = perf_counter()
            assert await both.native(both.post(query)) is None
            assert perf_counter() - start < longest, "a tenth of the limit, and then nothing"
        await both.first(query)
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        assert await connection.fetchval(sleeping) == 0, "it was cancelled"
        await connection.close()
