"""Responses from memory are those that the caches of the single fields make."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.results import group_statement
from fraiseql.events import Timings
from fraiseql.http.cache_headers import cache_headers, known_etags
from fraiseql.http.negotiate import JSON
from fraiseql.http.reply import graphql_reply
from fraiseql.repositories import Repository
from fraiseql.serving import Request, Response, service
from fraiseql.serving.response.from_memory import answer_from_memory
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.application import QUERIES, TABLES, Book
from tests.integration.serving.results.env import respond, served_with_caches
from tests.integration.serving.served import Served, unnumbered

Patch = pytest.MonkeyPatch


@fraiseql.query(cache=fraiseql.Cache(vary=("plan",)))
async def recorded(info: fraiseql.Info) -> list[Book]:
    """Read what is recorded, since it is not declared."""
    repository = Repository(info.context["db"], info.context)
    limit = 1 if info.context["plan"] == "free" else 2
    return await repository.find("book", order_by="id", limit=limit)


MORE = [
    recorded,
    fraiseql.find("soon", Book, order_by="id", cache=fraiseql.Cache(stale="1h")),
    fraiseql.find("timed", Book, order_by="id", cache=fraiseql.Cache(ttl="1h")),
]
FROM_MEMORY = [
    ("{ books { id title reviews { stars } } }", None),
    ("query ($n: Int!) { a: books(limit: $n) { id } b: books(offset: 1) { title } }", {"n": 2}),
    ("query ($n: Int) { books(limit: $n) { id } again: books(limit: 1) { title } }", {"n": None}),
    ("query ($id: Int!) { book(id: $id) { title pages reviews { id } } }", {"id": 77}),
    ("{ longest(least: 100) { title pages } certain(fail: false) }", None),
    ("{ recorded { id shout } }", None),
    ("{ recorded { id } timed { title } book(id: 2) { title } }", None),
    ("{ timed { id shout } }", None),
    ("{ " + " ".join(f"b{n}: book(id: {n}) {{ id }}" for n in range(9)) + " }", None),
]
NOT_FROM_MEMORY = [
    ("{ books { id } live { id } }", None),
    ("{ __typename books { id } }", None),
    ("{ book(id: 2) { broken } books { id } }", None),
    ("{ books { shout } certain(fail: true) }", None),
    ("{ soon { id } }", None),
    ("{ soon { id } books { id } }", None),
]


@pytest.fixture(scope="module")
def cached(database: str) -> Iterator[Served]:
    at_once(run_sql(database, TABLES))
    with served_with_caches(database, queries=[*QUERIES, *MORE]) as running:
        yield running


@pytest.fixture(autouse=True)
def patient(monkeypatch: Patch) -> None:
    """A check may take long on a busy machine."""
    monkeypatch.setattr(group_statement, "LONGEST", 30.0)


def one_by_one(patch: Patch) -> None:
    """Have the caches answer each field by itself."""

    async def nothing(*_: Any) -> None:
        return None

    patch.setattr(service, "answer_from_memory", nothing)


def is_from_memory(response: Response) -> bool:
    status = response.cached
    if status is None or not status.whole:
        return False
    return all(hit.detail == "memory" for hit in status.answers.values())


async def warm(served: Served, request: Request, plan: str = "free") -> bool:
    """Ask until all that can come from memory does; return whether the whole response does."""
    for _ in range(12):
        response = await served.service.execute(request, {"plan": plan}, Timings())
        await served.service.results.runtime.background.finish()  # type: ignore[union-attr, attr-defined]
        if is_from_memory(response):
            return True
        await asyncio.sleep(0.005)
    return False


def seen(response: Response, headers: Mapping[bytes, bytes]) -> Any:
    """Return all of a response that a client may see, without times."""
    status = response.cached
    assert status is not None
    extra = cache_headers(status, headers, JSON, personal=False)
    reply = graphql_reply(response, JSON, Timings(), extra=extra)
    answers = {
        key: (hit.outcome, hit.value, hit.unchanged, hit.detail, hit.lag_seconds, hit.etag)
        for key, hit in status.answers.items()
    }
    # Seconds that are left, which both may have counted on either side of a full one.
    lines = [(name, value.partition(b"; ttl=")[0]) for name, value in reply.headers]
    return (
        reply.status,
        lines,
        unnumbered(bytes(reply.body)),
        answers,
        response.withheld,
        status.private,
    )


def counted(served: Served) -> Any:
    """Return the counters, without times."""
    results: Any = served.service.results
    queries = {
        name: (query.hits, query.memory, query.behind, query.misses, query.size, query.reasons)
        for name, query in results.counters.queries.items()
    }
    hot = {hits.key: hits.hits for hits in results.counters.hot_keys}
    return queries, hot, results.runtime.checks.checked


def change(before: Any, after: Any) -> Any:
    """Return what was counted between."""
    queries = {
        name: [new - old for new, old in zip(now[:5], before[0][name][:5], strict=True)]
        for name, now in after[0].items()
    }
    hot = {key: hits - before[1].get(key, 0) for key, hits in after[1].items()}
    return queries, hot, after[2] - before[2]


def observed(served: Served, request: Request, headers: Mapping[bytes, bytes]) -> Any:
    """Return what a client and the metrics see of one request."""
    request.etags = known_etags(headers, JSON)
    before, timings = counted(served), Timings()
    response = served.run(served.service.execute(request, {"plan": "free"}, timings))
    assert timings.sql > 0
    assert (timings.parse, timings.validate, timings.plan) == (0, 0, 0)
    return seen(response, headers), change(before, counted(served))


class Spy:
    """Records whether responses came from memory."""

    def __init__(self, patch: Patch) -> None:
        self.used: list[bool] = []
        patch.setattr(service, "answer_from_memory", self)

    async def __call__(self, *args: Any) -> Response | None:
        response = await answer_from_memory(*args)
        self.used.append(response is not None)
        return response


@dataclass
class Comparison:
    """Two answers to one request: of the single fields, and of the service.

    Attributes:
        etag: The ``ETag`` of the first.
        same: Whether a client and the metrics see the same.
        used: Whether the second came from memory as a whole.
    """

    etag: bytes
    same: bool
    used: bool


def compare(served: Served, request: Request, etag: bytes = b"") -> Comparison:
    """Answer a request in both ways, for a client that has ``etag``."""
    headers = {b"if-none-match": etag} if etag else {}
    served.run(warm(served, request))
    with pytest.MonkeyPatch.context() as patch:
        one_by_one(patch)
        right = observed(served, request, headers)
    with pytest.MonkeyPatch.context() as patch:
        spy = Spy(patch)
        same = observed(served, request, headers) == right
    return Comparison(dict(right[0][1]).get(b"etag", b""), same, spy.used == [True])


def compared(
    served: Served, request: Request, etag: bytes = b"", *, used: bool = True
) -> Comparison:
    """Compare again while other tests on the server end what is in memory."""
    for _ in range(5):
        result = compare(served, request, etag)
        if (result.same, result.used) == (True, used):
            break
    return result


@pytest.mark.parametrize(("query", "variables"), FROM_MEMORY)
def test_a_response_from_memory_is_the_one_of_its_fields(
    cached: Served, query: str, variables: Any
) -> None:
    request = Request(query, variables=variables, read_only=True)
    first = compared(cached, request)
    assert (first.same, first.used) == (True, True)
    again = compared(cached, request, first.etag)
    assert (again.same, again.used) == (True, True)
    assert (again.etag != b"") is (query.count("(id: ") < 9)
    other = compared(cached, request, b'"j-0000"', used=False)
    assert (other.same, other.used) == (True, False)


@pytest.mark.parametrize(("query", "variables"), NOT_FROM_MEMORY)
def test_other_responses_are_left_to_the_caches(
    cached: Served, monkeypatch: Patch, query: str, variables: Any
) -> None:
    request = Request(query, variables=variables)
    cached.run(warm(cached, request))
    spy = Spy(monkeypatch)
    respond(cached, query, variables=variables)
    assert True not in spy.used


def test_each_context_has_its_own(cached: Served) -> None:
    query = "{ recorded { id } books { id } }"
    for plan, count in [("free", 1), ("paid", 2), ("free", 1), ("paid", 2)]:
        cached.run(warm(cached, Request(query), plan))
        body = json.loads(bytes(respond(cached, query, context={"plan": plan}).body))
        assert len(body["data"]["recorded"]) == count


def test_a_write_ends_a_response_from_memory(cached: Served) -> None:
    query = "{ books { id title } timed { title } }"
    for n in range(3):
        cached.run(warm(cached, Request(query)))
        cached.execute(f"UPDATE book SET title = 'Emma {n}' WHERE id = 1")
        response = respond(cached, query)
        assert f"Emma {n}".encode() in bytes(response.body)


def test_operations_with_an_equal_field_share_its_value(cached: Served) -> None:
    first, second = (Request(f"query {name} {{ book(id: 3) {{ title }} }}") for name in "AB")

    async def ask() -> list[bool]:
        assert await warm(cached, first)
        await warm(cached, second)
        responses = [
            await cached.service.execute(request, {"plan": "free"}, Timings())
            for request in (first, second, first, second)
        ]
        return [is_from_memory(response) for response in responses]

    assert cached.run(ask()) == [True] * 4
