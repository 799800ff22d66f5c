"""Uniform filters: true of the same rows, and in few structures."""

import random
from typing import Any

import pytest

from fraiseql.serving.document.uniform import uniform
from fraiseql.serving.document.variable_signature import variable_signature


def holds(where: Any, row: dict[str, int]) -> bool:
    """Whether a filter of equalities holds of a row."""
    return all(_holds(key, value, row) for key, value in where.items())


def _holds(key: str, value: Any, row: dict[str, int]) -> bool:
    if key == "not":
        return not holds(value, row)
    if key in ("and", "or"):
        results = [holds(item, row) for item in (value if isinstance(value, list) else [value])]
        return all(results) if key == "and" else any(results)
    return row[key] == value["eq"]


def built(chance: random.Random, levels: int) -> dict[str, Any]:
    where: dict[str, Any] = {
        name: {"eq": chance.randint(0, 1)} for name in chance.sample("abc", chance.randint(0, 2))
    }
    if levels:
        for key in chance.sample(("and", "or", "not"), chance.randint(1, 2)):
            items = [built(chance, levels - 1) for _ in range(chance.randint(0, 5))]
            where[key] = items if key != "not" else built(chance, levels - 1)
    return where


@pytest.mark.parametrize("seed", range(100))
def test_the_same_rows_are_found(seed: int) -> None:
    chance = random.Random(seed)
    where = built(chance, 3)
    for number in range(8):
        row = {"a": number & 1, "b": number >> 1 & 1, "c": number >> 2}
        assert holds(uniform(where), row) == holds(where, row)
    assert uniform(uniform(where)) == uniform(where)


def test_the_number_of_items_makes_few_structures() -> None:
    for key in ("and", "or"):
        items = [{"id": {"eq": number}} for number in range(300)]
        forms = {variable_signature(uniform({key: items[:number]})) for number in range(1, 300)}
        assert len(forms) == 10


def test_the_order_of_items_makes_no_structure() -> None:
    chance = random.Random(1)
    items = [{"a": {"eq": 1}}, {"b": {"gt": 1}}, {"a": {"lt": 1}, "b": {"eq": 2}}, {}]
    forms = set()
    for _ in range(50):
        chance.shuffle(items)
        forms.add(variable_signature(uniform({"or": [{"and": items}, {"not": {"or": items}}]})))
    assert len(forms) == 1


@pytest.mark.parametrize(
    "where",
    [None, {}, {"a": {"eq": 1}}, {"or": []}, {"or": None}, {"or": [None]}, {"and": {"a": {}}}, [1]],
)
def test_what_is_uniform_stays(where: Any) -> None:
    assert uniform(where) == where
