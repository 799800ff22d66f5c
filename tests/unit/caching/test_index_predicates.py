"""Predicates of indexes: what is read from mappings and SQL text, and what is not."""

from decimal import Decimal
from typing import Any

import pytest

from fraiseql.caching.strategies.indexes.predicate import (
    IndexCondition,
    UnprovenError,
    changing,
    conditions,
    latest,
)


@pytest.mark.parametrize(
    ("where", "read"),
    [
        (None, []),
        ({"active": True}, [("active", "eq", True)]),
        ({"deleted_at": None}, [("deleted_at", "null", None)]),
        ({"deleted_at": {"is_null": False}}, [("deleted_at", "not_null", None)]),
        ({"n": {"gt": 1, "lte": 9}}, [("n", "gt", 1), ("n", "lte", 9)]),
        ("active", [("active", "eq", True)]),
        ("NOT active", [("active", "eq", False)]),
        ("Active IS TRUE", [("active", "eq", True)]),
        ("active = false", [("active", "eq", False)]),
        (
            "active AND deleted_at IS NULL",
            [("active", "eq", True), ("deleted_at", "null", None)],
        ),
        ("(a = 1 AND (b IS NOT NULL))", [("a", "eq", 1), ("b", "not_null", None)]),
        ("(data->>'tier') = 'premium'", [("tier", "eq", "premium")]),
        ("data ->> 'Tier' = 'it''s'", [("Tier", "eq", "it's")]),
        ("price >= -1.50", [("price", "gte", Decimal("-1.50"))]),
        ('"Odd Name" < 3', [("Odd Name", "lt", 3)]),
    ],
)
def test_conjunctions_of_constants_are_read(where: Any, read: list[Any]) -> None:
    assert conditions(where) == [IndexCondition(*condition) for condition in read]


@pytest.mark.parametrize(
    "where",
    [
        {"state": ["a", "b"]},
        {"state": {"in": ["a"]}},
        {"state": {"neq": "a"}},
        {"n": {"gt": None}},
        {"n": {"is_null": 1}},
        "a = 1 OR b = 2",
        "a = b",
        "a <> 1",
        "a = lower('X')",
        "lower(a) = 'x'",
        "a IN ('x')",
        "a IS DISTINCT FROM 1",
        "NOT (a AND b)",
        "(a = 1",
        "a = 1)",
        "a = 1; DROP TABLE x",
        "a = 'x' -- y",
        "",
    ],
)
def test_anything_else_is_not(where: Any) -> None:
    with pytest.raises(UnprovenError):
        conditions(where)


def test_volatile_calls_are_distinguished_from_others() -> None:
    assert changing("created_at > NOW() - INTERVAL '30 days'") == ["now"]
    assert changing("created_at > current_date") == ["current_date"]
    assert changing("lower(name) = 'now()'") == []
    assert changing({"name": "now()"}) == []


def test_the_latest_part_of_a_table_is_understood() -> None:
    assert latest("created_at > NOW() - INTERVAL '30 days'") == ("created_at", "30 days")
    assert latest("created_at > NOW()") is None
