"""Limits of filters, orders and variables count wherever the values come from."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.repositories import Repository
from tests.golden import application
from tests.golden.application import TABLES, TYPES, Book
from tests.integration.serving.served import Served, served


@fraiseql.input
class Many:
    numbers: list[int] | None = None
    inner: "Many | None" = None


@fraiseql.query
def how_many(of: Many | None = None, lists: list[list[int]] | None = None) -> int:
    return len(of.numbers or ()) if of else len(lists or ())


@fraiseql.query
def parsed_json(value: Any | None = None) -> int:
    return len(value)


@fraiseql.query
async def by_python(info: fraiseql.Info, where: fraiseql.Where[Book] | None = None) -> list[Book]:
    repo = Repository(info.context["db"], info.context)
    own = {"or": [{"id": number} for number in range(40)]}
    return await repo.find("book", where={"and": [own, where or {}]}, order_by="id")


@fraiseql.query
def grid(size: int) -> list[list[int | None]]:
    return [[number, None] for number in range(size)]


LIMITS = {"max_conditions": 12, "max_depth": 4, "max_input_values": 100, "max_complexity": 2_000}


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    queries = [*application.QUERIES, how_many, parsed_json, by_python, grid]
    with served(database, TABLES, types=TYPES, queries=queries, **LIMITS) as running:
        yield running


ONE = '{ title: { eq: "x" } }'
WAYS = {
    "literal": "{{ books(where: {0}) {{ id }} }}",
    "default": "query ($w: BookWhere = {0}) {{ books(where: $w) {{ id }} }}",
    "python": "{{ byPython(where: {0}) {{ id }} }}",
    "python default": "query ($w: BookWhere = {0}) {{ byPython(where: $w) {{ id }} }}",
}


def code_of(answer: dict[str, Any]) -> str | None:
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("number", "code"), [(5, None), (6, "TOO_COMPLEX")])
def test_conditions_in_documents(bench: Served, way: str, number: int, code: str | None) -> None:
    where = f"{{ or: [{' '.join([ONE] * number)}] }}"
    assert code_of(bench.ask(WAYS[way].format(where))) == code


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("number", "code"), [(3, None), (4, "DOCUMENT_TOO_DEEP")])
def test_depth_in_documents(bench: Served, way: str, number: int, code: str | None) -> None:
    where = "{ not: " * number + ONE + " }" * number
    assert code_of(bench.ask(WAYS[way].format(where))) == code


CONDITION = {"title": {"eq": "x"}}


@pytest.mark.parametrize("root", ["books", "byPython"])
def test_conditions_and_depth_in_variables(bench: Served, root: str) -> None:
    def code(type_: str, where: str, value: Any) -> str | None:
        query = f"query ($w: {type_}) {{ {root}(where: {where}) {{ id }} }}"
        return code_of(bench.ask(query, {"w": value}))

    assert code("BookWhere", "$w", {"or": [CONDITION] * 5}) is None
    assert code("BookWhere", "$w", {"or": [CONDITION] * 6}) == "TOO_COMPLEX"
    assert code("BookWhere", "$w", {"not": {"and": [{"not": CONDITION}]}}) is None
    deep = {"not": {"and": [{"not": {"or": CONDITION}}]}}
    assert code("BookWhere", "$w", deep) == "DOCUMENT_TOO_DEEP"
    assert code("[BookWhere!]", "{ and: $w }", [CONDITION] * 5) is None
    assert code("[BookWhere!]", "{ and: $w }", [CONDITION] * 7) == "TOO_COMPLEX"
    # A small value becomes large when it is used several times.
    assert code("BookWhere!", "{ or: [$w, $w, $w, $w, $w] }", CONDITION) is None
    assert code("BookWhere!", "{ or: [$w, $w, $w, $w, $w, $w, $w] }", CONDITION) == "TOO_COMPLEX"
    assert code("BookWhere!", "{ not: { not: { not: $w } } }", CONDITION) is None
    assert code("BookWhere!", "{ not: { not: $w } }", deep["not"]) == "DOCUMENT_TOO_DEEP"
    assert code("IntFilter", "{ id: $w }", {"in": list(range(90))}) is None
    assert code("IntFilter", "{ id: $w }", {"in": list(range(110))}) == "TOO_COMPLEX"


def test_terms_of_an_order(bench: Served) -> None:
    for number, code in ((12, None), (13, "TOO_COMPLEX")):
        terms = " ".join(["{ id: ASC }"] * number)
        assert code_of(bench.ask(f"{{ books(orderBy: [{terms}]) {{ id }} }}")) == code
        query = "query ($o: [BookOrderBy!]) { books(orderBy: $o) { id } }"
        assert code_of(bench.ask(query, {"o": [{"id": "ASC"}] * number})) == code


def test_values_of_variables(bench: Served) -> None:
    def code(type_: str, argument: str, **values: Any) -> str | None:
        names = ", ".join(f"${name}: {type_}" for name in values)
        return code_of(bench.ask(f"query ({names}) {{ howMany({argument}) }}", values))

    assert code("[Int!]", "of: { numbers: $a }", a=list(range(100))) is None
    assert code("[Int!]", "of: { numbers: $a }", a=list(range(101))) == "TOO_COMPLEX"
    half = list(range(50))
    assert code("[Int!]!", "lists: [$a, $b]", a=half, b=half) is None
    assert code("[Int!]!", "lists: [$a, $b, $c]", a=half, b=half, c=half) == "TOO_COMPLEX"
    assert code("[Int!]!", "lists: [$a, $a, $a]", a=half) == "TOO_COMPLEX"
    deep: dict[str, Any] = {}
    for _ in range(99):
        deep = {"inner": deep}
    assert code("Many", "of: $a", a=deep) is None
    assert code("Many", "of: $a", a={"inner": {"inner": deep}}) == "TOO_COMPLEX"
    query = "query ($v: JSON) { parsedJson(value: $v) }"
    assert bench.data(query, {"v": list(range(5_000))}) == {"parsedJson": 5_000}
    query = "query ($v: JSON) { parsedJson(value: [$v, $v]) }"
    assert code_of(bench.ask(query, {"v": list(range(60))})) == "TOO_COMPLEX"
    assert code_of(bench.ask(query, {"v": list(range(50))})) is None


def test_conditions_count_in_the_complexity(bench: Served) -> None:
    query = """query ($n: Int, $w: BookWhere) {
      authors(limit: $n) { id } books(where: $w, limit: 0) { id } }"""
    where = {"or": [CONDITION] * 5}
    assert code_of(bench.ask(query, {"n": 994})) is None
    assert code_of(bench.ask(query, {"n": 993, "w": where})) is None
    assert code_of(bench.ask(query, {"n": 994, "w": where})) == "TOO_COMPLEX"


def test_what_a_resolver_asks_for_itself_is_not_limited(bench: Served) -> None:
    assert len(bench.data("{ byPython { id } }")["byPython"]) > 3


def test_lists_of_lists_by_python(bench: Served) -> None:
    assert bench.data("{ grid(size: 2) }") == {"grid": [[0, None], [1, None]]}


def test_a_refused_document_is_remembered_within_bounds(bench: Served) -> None:
    refusals = bench.service._preparer.refusals
    before = len(refusals)
    query = "{ books { id nope } }"
    first, second = bench.ask(query), bench.ask(query)
    assert first == second
    assert first["errors"][0]["locations"] == [{"line": 1, "column": 14}]
    assert len(refusals) == before + 1
    for number in range(1_500):
        bench.ask(f"{{ nope{number} {{ id }} }}")
    assert len(refusals) < 1_100
    assert refusals.weight <= 1_000_000
    bench.ask("{ " + " ".join(f"{'n' * 4_000}{number}" for number in range(20)) + " }")
    assert refusals.weight <= 1_000_000


def test_a_refused_plan_is_remembered(bench: Served) -> None:
    query = "query ($w: BookWhere) { books(where: $w) { id } }"
    plans = bench.service._snapshot.plans
    for _ in range(2):
        answers = [bench.ask(query, {"w": {"title": {"gt": None}}}) for _ in range(2)]
        assert answers[0] == answers[1]
        assert code_of(answers[0]) == "BAD_USER_INPUT"
        before = len(plans)
    assert len(plans) == before


def test_messages_do_not_repeat_long_texts(bench: Served) -> None:
    for query, variables in (
        ("{ " + "n" * 90_000 + " }", {}),
        ("query ($g: Genre) { books(genre: $g) { id } }", {"g": "x" * 90_000}),
        ("query ($w: BookWhere) { books(where: $w) { id } }", {"w": {"x" * 90_000: 1}}),
        ("query ($n: Int) { books(limit: $n) { id } }", {"n": "x" * 90_000}),
    ):
        assert len(bench.body(query, variables)) < 3_000
