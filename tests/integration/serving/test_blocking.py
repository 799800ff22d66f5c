"""A resolver without ``async`` does not block the event loop."""

import asyncio
import functools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO person SELECT n, 'p' || n FROM generate_series(1, 5) n;
"""
SECONDS = 0.2


def slowly() -> str:
    time.sleep(SECONDS)
    return threading.current_thread().name


def passing(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return wrapper


@fraiseql.type(sql_source="person")
class Person:
    id: int
    name: str

    @fraiseql.field(needs=["name"])
    def slow(self) -> str:
        time.sleep(SECONDS / 5)
        return f"{self.name} {threading.current_thread().name}"

    @fraiseql.field(needs=["name"])
    def failing(self, info: fraiseql.Info) -> str | None:
        if self.name == "p3":
            raise ValueError(info.field_name)
        return self.name

    @fraiseql.field(needs=["name"], batch=True)
    def together(parents: list["Person"]) -> list[str]:  # noqa: N805 - all parents
        return [f"{parent.name} {slowly()}" for parent in parents[:1]] * len(parents)

    @fraiseql.field(needs=["name"])
    async def quick(self) -> str:
        return threading.current_thread().name


@fraiseql.query
def slow() -> str:
    return slowly()


@fraiseql.query
@passing
async def wrapped(info: fraiseql.Info) -> list[int]:
    """Returns a coroutine from a function that is no coroutine function."""
    return [row["id"] for row in await info.context["db"].fetch("SELECT id FROM person")]


@fraiseql.query
async def here() -> str:
    return threading.current_thread().name


class Callable:
    def __call__(self) -> str:
        return slowly()


def renamed(function: Any, name: str) -> Any:
    function.__name__ = name
    return fraiseql.query(function)


@pytest.fixture(scope="module")
def running(database: str) -> Iterator[Served]:
    callable_object = renamed(Callable(), "object_called")
    partial = renamed(functools.partial(slowly), "partly")
    queries = [slow, wrapped, here, callable_object, partial, fraiseql.find("people", Person)]
    with served(database, TABLES, queries=queries) as application:
        yield application


def held(running: Served, query: str) -> tuple[Any, float]:
    """Return the answer, and the longest time that the loop was blocked."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            start = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - start)

    async def both() -> Any:
        heart = asyncio.create_task(beat())
        answer = await running.respond(query)
        heart.cancel()
        return answer

    return running.run(both()), longest


@pytest.mark.parametrize(
    "query",
    [
        "{ slow }",
        "{ objectCalled }",
        "{ partly }",
        "{ people { slow } }",
        "{ people { together } }",
    ],
)
def test_a_function_that_sleeps_holds_no_other_request(running: Served, query: str) -> None:
    answer, longest = held(running, query)
    assert b"errors" not in answer
    assert threading.current_thread().name.encode() not in answer
    if longest >= SECONDS * 0.75:  # A busy machine may hold any process once.
        _, longest = held(running, query)
    assert longest < SECONDS * 0.75


def test_functions_of_one_response_share_a_trip_to_a_thread(running: Served) -> None:
    people = running.data("{ people { slow } }")["people"]
    assert len({person["slow"].partition(" ")[2] for person in people}) == 1


def test_an_error_in_a_thread_is_its_own_field_s(running: Served) -> None:
    answer = running.ask("{ people { failing } }")
    assert [person["failing"] for person in answer["data"]["people"]] == [
        "p1",
        "p2",
        None,
        "p4",
        "p5",
    ]
    assert [error["path"] for error in answer["errors"]] == [["people", 2, "failing"]]


def test_an_async_function_runs_on_the_loop(running: Served) -> None:
    name = threading.current_thread().name
    assert running.data("{ here people { quick } }") == {
        "here": name,
        "people": [{"quick": name}] * 5,
    }


def test_a_coroutine_that_a_function_returns_is_awaited_on_the_loop(running: Served) -> None:
    assert running.data("{ wrapped }") == {"wrapped": [1, 2, 3, 4, 5]}
