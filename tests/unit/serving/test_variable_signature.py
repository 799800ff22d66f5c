"""Values with the same signature share a plan."""

from typing import Any

import pytest

from fraiseql.serving.document.variable_signature import (
    ListValueRef,
    ValueRef,
    references,
    variable_signature,
)

SAME = [
    (1, 2),
    ("a", True),
    ([1], [2, 3]),
    ({"eq": 1}, {"eq": "x"}),
    ({"in": ["a"]}, {"in": ["b", "c"]}),
    ({"and": [{"a": 1}, {"b": 2}]}, {"and": [{"a": 3}, {"b": 4}]}),
]
DIFFERENT = [
    (1, None),
    ([1], []),
    ([], None),
    ({"eq": 1}, {"neq": 1}),
    ({"eq": 1}, {"eq": None}),
    ({"eq": 1}, {"eq": [1]}),
    ({"is_null": True}, {"is_null": False}),
    ({"or": [{"a": 1}]}, {"or": [{"a": 1}, {"a": 1}]}),
    ({"or": [{"a": 1}]}, {"or": {"a": 1}}),
    ({"or": []}, {"or": [{}]}),
    ([[1]], [1]),
]


@pytest.mark.parametrize(("value", "other"), SAME)
def test_values_do_not_enter_the_form(value: Any, other: Any) -> None:
    assert variable_signature(value) == variable_signature(other)
    assert references(value, "v") == references(other, "v")


@pytest.mark.parametrize(("value", "other"), DIFFERENT)
def test_structure_enters_the_form(value: Any, other: Any) -> None:
    assert variable_signature(value) != variable_signature(other)
    assert references(value, "v") != references(other, "v")


def test_a_form_can_be_a_key() -> None:
    assert len({variable_signature(value) for pair in DIFFERENT for value in pair}) > 5


def test_places_lead_back_to_their_values() -> None:
    values = {"where": {"or": [{"name": {"eq": "x"}}, {"id": {"in": [1, 2]}}]}}
    parts = references(values["where"], "where")
    assert parts == {
        "or": [
            {"name": {"eq": ValueRef("where", ("or", 0, "name", "eq"))}},
            {"id": {"in": ListValueRef("where", ("or", 1, "id", "in"))}},
        ]
    }
    assert parts["or"][0]["name"]["eq"].value(values) == "x"
    assert parts["or"][1]["id"]["in"].value(values) == [1, 2]
    assert str(parts["or"][1]["id"]["in"]) == "$where.or.1.id.in"


def test_what_decides_the_statement_stays_a_value() -> None:
    assert references({"is_null": True, "eq": None}, "v") == {"is_null": True, "eq": None}
    assert references({"in": []}, "v") == {"in": []}
