"""Arguments as literals, variables, defaults and nulls are equivalent."""

from typing import Any

import pytest

from tests.integration.serving.served import Served

BOOKS = "books(where: {where}) {{ id }}"


def ids(library: Served, where: str, variables: str = "", **values: Any) -> list[int]:
    head = f"query ({variables}) " if variables else ""
    data = library.data(
        f"{head}{{ books(where: {where}, orderBy: [{{ id: ASC }}]) {{ id }} }}", values
    )
    return [book["id"] for book in data["books"]]


def test_a_list_of_literals_and_variables(library: Served) -> None:
    where, head = '{ title: { in: ["Notes", $a, $b] } }', "$a: String!, $b: String!"
    assert ids(library, where, head, a="Rougon", b="x") == [1, 4]
    assert ids(library, where, head, a="Withdrawn", b="Notes") == [1, 3]
    assert ids(library, "{ id: { notIn: [$n] } }", "$n: Int!", n=2) == [1, 3, 4, 5]
    assert ids(library, "{ genre: { in: [$g] } }", "$g: Genre!", g="POETRY") == [2]


def test_a_single_value_is_coerced_to_a_list(library: Served) -> None:
    assert ids(library, "{ id: { in: 2 } }") == [2]
    assert ids(library, "$w", "$w: BookWhere", w={"id": {"in": 2}}) == [2]
    assert ids(library, "{ or: { id: { eq: 3 } } }") == [3]


def test_a_variable_says_whether_null_is_wanted(library: Served) -> None:
    where, head = "{ price: { isNull: $flag } }", "$flag: Boolean"
    assert ids(library, where, head, flag=True) == [2]
    assert ids(library, where, head, flag=False) == [1, 3, 4, 5]
    assert ids(library, "{ pages: { isNull: $flag } }", head, flag=True) == [3, 4]
    assert ids(library, "$w", "$w: BookWhere", w={"price": {"isNull": True}}) == [2]
    assert ids(library, "$w", "$w: BookWhere", w={"price": {"isNull": False}}) == [1, 3, 4, 5]


def test_conditions_in_variables_inside_literals(library: Served) -> None:
    where, head = "{ or: [$a, { and: [$b, { not: $a }] }] }", "$a: BookWhere!, $b: BookWhere!"
    values: dict[str, Any] = {"a": {"id": {"gt": 4}}, "b": {"title": {"contains": "o"}}}
    assert ids(library, where, head, **values) == [1, 4, 5]
    assert ids(library, where, head, a={"price": {"isNull": True}}, b={"id": {"in": []}}) == [2]


def test_defaults_and_absent_variables(library: Served) -> None:
    query = """query ($limit: Int = 2, $order: [BookOrderBy!] = [{ id: DESC }], $w: BookWhere) {
      books(limit: $limit, orderBy: $order, where: $w) { id }
    }"""

    def found(**values: Any) -> list[int]:
        return [book["id"] for book in library.data(query, values)["books"]]

    assert found() == [5, 4]
    assert found(limit=1) == [5]
    assert found(limit=None) == [5, 4, 3, 2, 1]
    assert found(order=[{"id": "ASC"}]) == [1, 2]
    assert found(order=[]) == found(order=None) == [5, 4]
    assert found(w={"id": {"lt": 3}}) == [2, 1]
    assert found(w=None) == found(w={}) == [5, 4]


def test_the_order_may_stand_in_variables(library: Served) -> None:
    variables = "($up: OrderDirection!, $id: BookOrderBy!)"
    query = f"query {variables} {{ books(orderBy: [{{ genre: $up }}, $id]) {{ id }} }}"

    def found(up: str, by: str) -> list[int]:
        books = library.data(query, {"up": up, "id": {"id": by}})["books"]
        return [book["id"] for book in books]

    assert found("ASC", "ASC") == [3, 4, 5, 2, 1]
    assert found("DESC", "DESC") == [1, 2, 5, 4, 3]
    assert found("ASC", "DESC") == [5, 4, 3, 2, 1]


def test_an_equality_argument_may_be_null(library: Served) -> None:
    query = "query ($g: Genre) { books(genre: $g, orderBy: [{ id: ASC }]) { id } }"
    assert [book["id"] for book in library.data(query, {"g": "NOVEL"})["books"]] == [3, 4, 5]
    assert library.data(query, {"g": None})["books"] == []
    assert len(library.data(query, {})["books"]) == 5


def test_equality_and_condition_hold_both(library: Served) -> None:
    query = "{ books(genre: NOVEL, where: { id: { gt: 3 } }, orderBy: [{ id: ASC }]) { id } }"
    assert library.data(query)["books"] == [{"id": 4}, {"id": 5}]


@pytest.mark.parametrize(
    ("a", "b", "keys"),
    [
        (True, False, ["id", "stars"]),
        (False, True, ["id", "body"]),
        (True, True, ["id", "stars", "body"]),
        (False, False, ["id"]),
    ],
)
def test_directives_by_variables(library: Served, a: bool, b: bool, keys: list[str]) -> None:
    query = """query ($a: Boolean!, $b: Boolean!) {
      reviews(limit: 1) { id ...S @include(if: $a) ... @skip(if: $b) { id } ...B @include(if: $b) }
    }
    fragment S on Review { stars } fragment B on Review { body }"""
    (review,) = library.data(query, {"a": a, "b": b})["reviews"]
    assert list(review) == keys
