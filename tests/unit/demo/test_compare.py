"""Compare: the first difference of two JSON values, or none."""

from decimal import Decimal
from typing import Any

import pytest

from fraiseql.demo.compare import difference


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ({"a": 1, "b": [1, None]}, {"b": [1, None], "a": 1}),
        (Decimal("1.0"), 1),
        (Decimal("39.02"), Decimal("39.020")),
        ([], []),
        (None, None),
    ],
)
def test_equal_values_have_no_difference(got: Any, expected: Any) -> None:
    assert difference(got, expected) is None


@pytest.mark.parametrize(
    ("got", "expected", "part"),
    [
        ({"a": 1}, {"a": 2}, "data.a is 1, plain SQL says 2"),
        ({"a": 1}, {"b": 1}, "data has the keys ['a'], plain SQL has ['b']"),
        ({"l": [1, 2]}, {"l": [2, 1]}, "data.l[0] is 1"),
        ({"l": [1]}, {"l": []}, "data.l has 1 items, plain SQL has 0"),
        (True, 1, "data is True"),
        (1, True, "data is 1"),
        ("1", 1, "data is '1'"),
        (None, {}, "data is None"),
        (Decimal("0.1"), Decimal("0.10000000000000001"), "data is Decimal('0.1')"),
        ([], {}, "data is []"),
    ],
)
def test_the_first_difference_is_said_with_its_place(got: Any, expected: Any, part: str) -> None:
    assert part in (difference(got, expected) or "")


def test_long_values_are_cut() -> None:
    assert len(difference("x" * 5000, "y") or "") < 200
