"""Invalid requests are refused with a code and read no row."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from tests.golden import application
from tests.golden.application import TABLES, TYPES
from tests.integration.serving.served import Served, served


@fraiseql.query
def numbers(limit: int | None = None) -> list[int]:
    """A list by Python, whose limit a client gives."""
    return list(range(limit or 3))


@fraiseql.input
class Span:
    """An input that refuses some values itself."""

    first: int = 1
    last: int = 9

    def __post_init__(self) -> None:
        if self.first == 6:
            raise ValueError("Six is too many.")
        if self.first > self.last:
            int("the words of Python")
        if self.first == 0:
            raise fraiseql.InputError("Count from 1.")


@fraiseql.query
def span(of: Span) -> int:
    return of.last - of.first


LIMITS = {"max_depth": 5, "max_aliases": 4, "max_tokens": 200, "max_complexity": 500}


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    queries = [*application.QUERIES, numbers, span]
    with served(database, TABLES, types=TYPES, queries=queries, **LIMITS) as running:
        yield running


def refused(bench: Served, query: str, variables: Any = None, **more: Any) -> list[tuple[str, str]]:
    """Return code and message of each error of a request that was not executed."""
    answer = bench.ask(query, variables, **more)
    assert "data" not in answer, answer
    return [(error["extensions"]["code"], error["message"]) for error in answer["errors"]]


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
        ("{", "GRAPHQL_PARSE_FAILED", "Expected Name, found <EOF>"),
        ("{}", "GRAPHQL_PARSE_FAILED", "Expected Name, found '}'"),
        ("{ author(id: 1) {} }", "GRAPHQL_PARSE_FAILED", "Expected Name, found '}'"),
        ("{ lucky { ... {} } }", "GRAPHQL_PARSE_FAILED", "Expected Name, found '}'"),
        ("{ lucky { ...F } } fragment F on Author { }", "GRAPHQL_PARSE_FAILED", "found '}'"),
        ("{ autor(id: 1) { id } }", "GRAPHQL_VALIDATION_FAILED", "Did you mean 'author'"),
        ("{ author(id: 1) { nam } }", "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'nam'"),
        ("{ author { id } }", "GRAPHQL_VALIDATION_FAILED", "of type 'Int!' is required"),
        ('{ author(id: "1") { id } }', "GRAPHQL_VALIDATION_FAILED", "Int cannot represent"),
        ("{ author(id: 1) }", "GRAPHQL_VALIDATION_FAILED", "must have a selection of subfields"),
        ("{ books(where: { titel: {} }) { id } }", "GRAPHQL_VALIDATION_FAILED", "'titel'"),
        ("{ books(orderBy: [{ id: UP }]) { id } }", "GRAPHQL_VALIDATION_FAILED", "'UP'"),
        ("{ books(orderBy: [{ tags: ASC }]) { id } }", "GRAPHQL_VALIDATION_FAILED", "'tags'"),
        ("{ books(where: { tags: {} }) { id } }", "GRAPHQL_VALIDATION_FAILED", "'tags'"),
        ("{ books(where: { spine: {} }) { id } }", "GRAPHQL_VALIDATION_FAILED", "'spine'"),
        ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED", "within itself"),
        ("mutation { x }", "OPERATION_NOT_SUPPORTED", "no mutation type"),
        ("subscription { x }", "OPERATION_NOT_SUPPORTED", "no subscription type"),
        ("fragment F on Query { __typename }", "OPERATION_NOT_FOUND", "no operation"),
    ],
)
def test_documents_that_cannot_be_executed(bench: Served, query: str, code: str, text: str) -> None:
    ((actual, message), *_) = refused(bench, query)
    assert actual == code
    assert text in message


def test_which_operation(bench: Served) -> None:
    query = "query A { __typename } query B { b: __typename }"
    assert bench.data(query, operation_name="B") == {"b": "Query"}
    assert bench.data(query, operation_name="A") == {"__typename": "Query"}
    ((code, message),) = refused(bench, query)
    assert (code, message[:38]) == ("OPERATION_NOT_FOUND", "The document has several operations: s")
    ((_, message),) = refused(bench, query, operation_name="C")
    assert message == "The document has no operation named 'C'."


VARIABLES = """
query ($id: Int!, $where: BookWhere, $genre: Genre, $limit: Int) {
  author(id: $id) { id }
  books(where: $where, genre: $genre, limit: $limit) { id }
}
"""


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({}, "'$id'"),
        ({"id": None}, "non-null"),
        ({"id": "1"}, "Int cannot represent non-integer value: '1'"),
        ({"id": 1.5}, "Int cannot represent non-integer value: 1.5"),
        ({"id": True}, "Int cannot represent"),
        ({"id": 1 << 31}, "32-bit"),
        ({"id": [1]}, "Int cannot represent"),
        ({"id": 1, "genre": "novel"}, "Did you mean the enum value 'NOVEL'"),
        ({"id": 1, "genre": 3}, "Enum 'Genre'"),
        ({"id": 1, "where": {"titel": {"eq": "x"}}}, "'titel'"),
        ({"id": 1, "where": {"title": "x"}}, "StringFilter"),
        ({"id": 1, "where": {"title": {"equals": "x"}}}, "'equals'"),
        ({"id": 1, "where": {"createdAt": {"eq": "soon"}}}, "DateTime"),
        ({"id": 1, "where": {"price": {"eq": "much"}}}, "Decimal"),
        ({"id": 1, "where": {"price": {"eq": "NaN"}}}, "Decimal"),
        ({"id": 1, "limit": "many"}, "Int cannot represent"),
    ],
)
def test_variables_of_the_wrong_type(bench: Served, variables: Any, text: str) -> None:
    bench.ask(VARIABLES, {"id": 1})  # a cached plan must not accept them
    ((code, message), *_) = refused(bench, VARIABLES, variables)
    assert code == "BAD_USER_INPUT"
    assert text in message


ALIASED = " ".join(f"c{n}: __typename" for n in range(5))
DEEP = {
    "written": "{ author(id: 1) { books { reviews { book { author { id } } } } } }",
    "in fragments": """
        { author(id: 1) { ...A } }
        fragment A on Author { books { reviews { ...B } } }
        fragment B on Review { book { author { id } } }""",
    "in inline fragments": """
        { author(id: 1) { ... { books { ... on Book {
          reviews { book { ... { author { id } } } } } } } } }""",
}
MANY_ALIASES = {
    "written": f"{{ lucky {{ {ALIASED} }} }}",
    "of introspection": """
        { __schema { a: types { b: name } c: queryType { d: name e: kind } } }""",
    "in a fragment twice": """
        { lucky { ...A ...B } }
        fragment A on Author { a: id ...B }
        fragment B on Author { b: id c: id }""",
}
COMPLEX = {
    "embedded": "{ books(limit: 50) { reviews { id } } }",
    "wide": "{ authors(limit: 9) { books { id title pages price genre createdAt } } }",
    "several": "{ reviews { id stars body __typename } again: reviews(limit: 100) { id } }",
}
LARGE = {"tokens": "{ lucky { " + "__typename " * 250 + "} }"}
OVER = [
    *[(text, "DOCUMENT_TOO_DEEP") for text in DEEP.values()],
    *[(text, "TOO_MANY_ALIASES") for text in MANY_ALIASES.values()],
    *[(text, "TOO_COMPLEX") for text in COMPLEX.values()],
    *[(text, "DOCUMENT_TOO_LARGE") for text in LARGE.values()],
]


@pytest.mark.parametrize(("query", "code"), OVER)
def test_documents_over_a_limit(bench: Served, query: str, code: str) -> None:
    ((actual, message),) = refused(bench, query)
    assert actual == code
    assert "limit" in message or code == "DOCUMENT_TOO_LARGE"


BY_VARIABLE = (
    "query ($n: Int, $m: Int) { reviews(limit: $n) { id } authors(limit: $m) { id born } }"
)


@pytest.mark.parametrize(
    ("variables", "refusal"),
    [
        ({"n": 100, "m": 50}, None),
        ({"n": 240, "m": 50}, "TOO_COMPLEX"),
        ({"n": 10, "m": 1000}, "TOO_COMPLEX"),
        ({"n": 1000, "m": -1000}, "TOO_COMPLEX"),
        ({"n": -1000, "m": 1000}, "TOO_COMPLEX"),
        ({"n": None, "m": 0}, None),
        ({"n": None}, "TOO_COMPLEX"),
    ],
)
def test_limits_of_variables_count(bench: Served, variables: Any, refusal: str | None) -> None:
    if refusal is None:
        bench.data(BY_VARIABLE, variables)
    else:
        ((code, _),) = refused(bench, BY_VARIABLE, variables)
        assert code == refusal


def test_a_null_limit_of_a_resolver_counts_as_the_usual_one(bench: Served) -> None:
    query = "query ($n: Int, $m: Int) { numbers(limit: $n) books(limit: $m) { title genre id } }"
    assert bench.data(query, {"n": None, "m": 0}) == {"numbers": [0, 1, 2], "books": []}
    ((code, message),) = refused(bench, query, {"n": 490, "m": 10})
    assert (code, message) == (
        "TOO_COMPLEX",
        "The operation may answer 532 values; the limit is 500.",
    )
    ((code, _),) = refused(bench, query, {"n": -490, "m": 150})
    assert code == "TOO_COMPLEX"


SPANS = [
    (6, "Span: Six is too many."),
    (7, "Span: it cannot be made of these values."),
    (0, "Count from 1."),
]


@pytest.mark.parametrize(("first", "words"), SPANS)
def test_what_an_input_class_refuses_is_bad_input(bench: Served, first: int, words: str) -> None:
    query = "query ($s: Span!) { span(of: $s) }"
    assert bench.data(query, {"s": {"first": 2}}) == {"span": 7}
    ((code, message),) = refused(bench, query, {"s": {"first": first, "last": 1}})
    assert (code, message) == ("BAD_USER_INPUT", words)
    for head, number in (("query", first), ("query ($n: Int = 1)", "$n")):
        query = f"{head} {{ span(of: {{ first: {number}, last: 1 }}) }}"
        answer = bench.ask(query, {"n": first})
        assert answer["data"] is None, "the field may not be null"
        (error,) = answer["errors"]
        assert (error["path"], error["message"]) == (["span"], words)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_what_a_filter_refuses_is_an_error_of_the_request(bench: Served) -> None:
    for variables in ({"w": {"title": {"gt": None}}}, {"w": {"price": {"isNull": None}}}):
        ((code, message),) = refused(
            bench, "query ($w: BookWhere) { books(where: $w, limit: 1) { id } }", variables
        )
        assert code == "BAD_USER_INPUT"
        assert "Book." in message


def test_a_value_beyond_its_column_is_an_error_of_the_field(bench: Served) -> None:
    query = "query ($w: ReviewWhere) { reviews(where: $w, limit: 1) { id } lucky { __typename } }"
    assert bench.data(query, {"w": {"stars": {"eq": 2_000_000_000}}})["reviews"] == []


def test_introspection_can_be_closed(database: str) -> None:
    options = {"types": TYPES, "queries": application.QUERIES, "introspection": False}
    with served(database, **options) as closed:
        ((code, message), *_) = refused(closed, "{ __schema { queryType { name } } }")
        assert code == "GRAPHQL_VALIDATION_FAILED"
        assert "introspection" in message
        ((_, message),) = refused(closed, "{ autor(id: 1) { id } }")
        assert "author" not in message, "no suggestion tells a name"
        assert closed.data("{ lucky { __typename } }") == {"lucky": {"__typename": "Author"}}
