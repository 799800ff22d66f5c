"""Parts: what of an operation is kept, what is told of it, and that joining shows nowhere."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from fraiseql.events import Timings
from fraiseql.results import CacheResult
from fraiseql.serving import Request, Response
from fraiseql.serving.preparation.rights import ALL_RIGHTS
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.application import QUERIES, TABLES, Book, caching
from tests.integration.serving.results.fake_caches import FakeCaches
from tests.integration.serving.served import Served, unnumbered


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    at_once(run_sql(database, TABLES))
    return database


@pytest.fixture
def results() -> FakeCaches:
    return FakeCaches()


@pytest.fixture
def cached(tables: str, results: FakeCaches) -> Iterator[Served]:
    with caching(tables, results) as running:
        yield running


@pytest.fixture(scope="module")
def plain(tables: str) -> Iterator[Served]:
    with caching(tables, None) as running:
        yield running


def respond(running: Served, query: str, **more: Any) -> Response:
    context = more.pop("context", {})
    return running.run(running.service.execute(Request(query, **more), context, Timings()))


OPERATIONS = [
    "{ books { title } }",
    "{ a: books(limit: 1) { id } b: books(limit: 1) { title reviews { stars } } live { id } }",
    "{ live { id } __typename book(id: 1) { shout next { title } } t: __typename }",
    "{ __schema { queryType { name } } longest { title } }",
    "{ books { title } book(id: 99) { id } }",
    "{ ...Two } fragment Two on Query { books { ...One } } fragment One on Book { id pages }",
    "{ books { id } books { title } book(id: 1) @skip(if: true) { id } }",
    "{ book(id: 1) { broken } books { id broken } live { id broken } longest { id } }",
    "{ certain(fail: false) books { id } }",
    "{ books { id } certain(fail: true) live { id } }",
    "{ book(id: 2) { broken } certain(fail: true) other: certain(fail: true) }",
    "{ longest(least: 400) { title } never: longest(least: 4000) { title } }",
]


@pytest.mark.parametrize("query", OPERATIONS)
def test_misses_and_hits_are_the_live_bytes(plain: Served, cached: Served, query: str) -> None:
    whole = respond(plain, query)
    assert whole.cached is None
    for _ in range(2):
        joined = respond(cached, query)
        assert unnumbered(joined.body) == unnumbered(whole.body)
        assert joined.cached is not None


def test_an_operation_without_cached_fields_is_not_changed(
    plain: Served, cached: Served, results: FakeCaches
) -> None:
    query = "{ live { id title } __typename }"
    response = respond(cached, query)
    assert response.cached is None
    assert response.body == respond(plain, query).body
    assert results.parts == []
    serving, _, _ = cached.run(cached.service._prepare(Request(query), Timings(), ALL_RIGHTS))
    assert serving.split is None


def test_what_is_asked_for_in_other_words_is_one_part(cached: Served, results: FakeCaches) -> None:
    for query in (
        "{ books { id title } }",
        "query Named { other: books { ...F } } fragment F on Book { id title }",
        "{ books { id ... on Book { title @include(if: true) pages @skip(if: true) } } }",
    ):
        respond(cached, query)
    assert len(results.values) == 1


@pytest.mark.parametrize(
    "query",
    [
        "{ books { title id } }",
        "{ books { id name: title } }",
        "{ books(limit: 2) { id title } }",
        "query ($n: Int = 2) { books(limit: $n) { id title } }",
        "query ($n: Int = 3) { books(limit: $n) { id title } }",
        "{ books { id title reviews { id } } }",
    ],
)
def test_what_is_another_question_is_another_part(
    cached: Served, results: FakeCaches, query: str
) -> None:
    respond(cached, "{ books { id title } }")
    respond(cached, query)
    assert len(results.values) == 2


def test_variables_are_those_of_the_field_alone(cached: Served, results: FakeCaches) -> None:
    query = "query ($id: Int!, $n: Int!) { book(id: $id) { id } live(limit: $n) { id } }"
    for n in (1, 2):
        cached.data(query, {"id": 1, "n": n})
    assert [part.variables for part in results.parts] == [("id",)]
    assert len(results.values) == 1
    cached.data(query, {"id": 2, "n": 1})
    assert len(results.values) == 2


def test_a_part_says_what_is_read(cached: Served, results: FakeCaches) -> None:
    cached.data("{ books { title reviews { stars } } }")
    cached.data("{ books { shout } }")
    cached.data("{ books { next { id } } }")
    cached.data("{ longest { title } }")
    embedding, shouting, calling, python = results.parts
    names = [[relation.name for relation in part.relations] for part in results.parts]
    assert names == [["book", "review"], ["book"], ["book"], []]
    assert embedding.predicates == (('"public"."review"', "NOT hidden"),)
    assert shouting.functions == ()
    assert calling.functions == ("Book.next",)
    assert python.definition.function is not None
    assert {part.type_name for part in results.parts} == {"Book"}


def test_arguments_have_their_python_names(cached: Served, results: FakeCaches) -> None:
    cached.data("query ($n: Int) { books(limit: $n, orderBy: [{title: DESC}]) { id } }", {"n": 2})
    cached.data("query ($n: Int!) { longest(least: $n) { id } }", {"n": 5})
    cached.data("{ longest { id } }")
    listed, asked_for, left_out = [ask.arguments() for ask in results.asks]
    assert (listed["limit"], listed["order_by"]) == (2, ["-title"])
    assert (asked_for, left_out) == ({"least": 5}, {"least": 0})


def test_fields_that_fail_are_not_cached(cached: Served, results: FakeCaches) -> None:
    for _ in range(2):
        assert cached.error("{ certain(fail: true) }")["extensions"] == {"code": "UNCERTAIN"}
        assert cached.ask("{ book(id: 2) { broken } }")["errors"][0]["path"] == ["book", "broken"]
    assert results.values == {}


def test_two_identities_ask_two_questions(cached: Served, results: FakeCaches) -> None:
    for tenant in ("a", "b"):
        cached.data("{ books { id } }", context={"session": {"app.tenant": tenant}})
    identities = [ask.identity.variables for ask in results.asks]
    assert identities == [(("app.tenant", "a"),), (("app.tenant", "b"),)]
    assert len(results.values) == 2


def test_declared_staleness_is_reported(cached: Served, results: FakeCaches) -> None:
    query = "{ live { id } b: books { id } book(id: 1) { id } }"
    cached.data(query)
    assert "extensions" not in cached.ask(query)
    results.alter = lambda answered: _aged(answered, 1.25)
    stale = [{"path": [key], "type": "Book", "seconds": 1.25} for key in ("b", "book")]
    assert cached.ask(query)["extensions"] == {"staleness": stale}
    results.alter = lambda answered: _aged(answered, None)
    entries = cached.ask("{ b: books { id } }")["extensions"]["staleness"]
    assert entries == [{"path": ["b"], "type": "Book", "seconds": None}]


def _aged(answered: CacheResult, seconds: float | None) -> CacheResult:
    answered.lag_seconds = seconds
    return answered


def test_large_values_are_answered_and_not_cached(tables: str) -> None:
    @fraiseql.query(cache=fraiseql.Cache(tags=("book",)))
    def long(size: int) -> str:
        return "x" * size

    results = FakeCaches()
    with caching(tables, results, queries=[*QUERIES, long]) as running:
        query = "{ a: long(size: 2000000) books { id } b: long(size: 3) }"
        for _ in range(2):
            body = running.body(query)
            assert body.startswith(b'{"data":{"a":"xxx')
            assert body.endswith(b'xxx","books":[{"id":1},{"id":2},{"id":3}],"b":"xxx"}}')
            response = respond(running, query)
            assert len(response.body) == len(body)
    assert sorted(map(len, results.values.values())) == [5, 28]


def test_whole_operations_are_cached_by_name_digest_or_function(tables: str) -> None:
    query = "query Mine { live { id } }"
    trusted, another = [f"sha256:{sha256(text).hexdigest()}" for text in (query.encode(), b"")]
    cache = fraiseql.Cache(ttl="1m")

    def policy(name: str | None, document: str) -> Any:
        return cache if name == "Mine" and "live" in document else None

    for operations, cached in (
        ({"Mine": cache}, True),
        ({trusted: cache}, True),
        ({another: cache, "Other": cache}, False),
        (policy, True),
        (lambda *_: None, False),
    ):
        results = FakeCaches()
        with caching(tables, results, operations=operations) as running:
            running.data(query)
            assert [part.cache for part in results.parts] == ([cache] if cached else [])


def test_a_fields_own_cache_goes_before_the_operations(tables: str) -> None:
    results = FakeCaches()
    usual = fraiseql.Cache(ttl=60)
    with caching(tables, results, operations={"Q": usual}) as running:
        running.data("query Q { live { id } books { id } __typename }")
    assert [part.cache.ttl for part in results.parts] == [60, None]


@pytest.mark.parametrize(
    "operations",
    [
        {"Q": "5m"},
        {"Q": fraiseql.Cache},
        {3: fraiseql.Cache()},
        {"": fraiseql.Cache()},
        {"sha256:abc": fraiseql.Cache()},
        ["Q"],
    ],
)
def test_a_policy_that_can_mean_nothing_is_refused(operations: Any) -> None:
    with pytest.raises(DeclarationError):
        fraiseql.create_app(queries=QUERIES, cached_operations=operations)


def _nothing() -> int:
    return 0


def test_cache_takes_a_cache() -> None:
    for declare in (
        lambda: fraiseql.query(cache="5m")(_nothing),
        lambda: fraiseql.find("books", object, cache=fraiseql.Cache),
        lambda: fraiseql.find_one("book", object, by="id", cache=True),
    ):
        with pytest.raises(DeclarationError, match="which is no Cache"):
            declare()


def test_the_caches_live_with_the_service(tables: str) -> None:
    results = FakeCaches()
    with caching(tables, results, refresh_seconds=0.01) as running:
        assert results.running
        running.run(running.service.republish())
        assert results.looks >= 1
    assert not results.running


def test_explain_shows_which_fields_are_cached(cached: Served) -> None:
    query = "{ b: books { id } live { id } }"
    explained = cached.run(cached.service.explain(Request(query)))
    assert [line.split(":")[0] for line in explained.plan.splitlines() if "cached" in line] == ["b"]
    assert "cached" not in cached.run(cached.service.explain(Request("{ live { id } }"))).plan


def _declared(**options: Any) -> list[Any]:
    @fraiseql.query(cache=fraiseql.Cache(tags=("book",)))
    def python() -> int:
        return 1

    @fraiseql.query(name="python", cache=fraiseql.Cache(tags=("book",)))
    def other() -> int:
        return 2

    books = fraiseql.find(
        "books",
        Book,
        order_by=options.get("order", "id"),
        where=options.get("where"),
        cache=fraiseql.Cache(),
    )
    return [books, other if options.get("other") else python]


@pytest.mark.parametrize(
    ("query", "first", "second", "same"),
    [
        ("{ books { id } }", {}, {}, True),
        ("{ python }", {}, {}, True),
        ("{ books { id } }", {}, {"order": "-id"}, False),
        ("{ python }", {}, {"other": True}, False),
        ("{ books { id } }", {"where": {"id": 1}}, {"where": {"id": 1}}, True),
        ("{ books { id } }", {}, {"where": {"id": 1}}, False),
        ("{ books { id } }", {"where": {"id": 1}}, {"where": {"id": 2}}, False),
        ("{ books { id } }", {"where": {"id": [1]}}, {"where": {"id": [1, 2]}}, False),
        ("{ books { id } }", {}, {"settings": {"default_limit": 2}}, False),
        ("{ books { id } }", {}, {"settings": {"max_limit": 2}}, False),
    ],
)
def test_another_version_of_an_application_has_other_entries(
    tables: str, query: str, first: dict[str, Any], second: dict[str, Any], same: bool
) -> None:
    texts = set()
    for options in (first, second):
        results = FakeCaches()
        queries, settings = _declared(**options), options.get("settings", {})
        with caching(tables, results, queries=queries, settings=settings) as running:
            running.data(query)
        (part,) = results.parts
        texts.add(part.text)
    assert len(texts) == (1 if same else 2)


def test_a_document_that_is_not_remembered_is_not_split(
    cached: Served, plain: Served, results: FakeCaches
) -> None:
    query = "{ books { id } } #" + "x" * 70_000
    assert cached.body(query) == plain.body(query)
    assert results.parts == []
