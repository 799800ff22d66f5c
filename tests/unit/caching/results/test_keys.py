"""Keys: what has one text has one meaning."""

import pytest

from fraiseql.caching.results.keys import canonical
from fraiseql.values import ExactFloat


def test_the_order_of_names_does_not_matter() -> None:
    assert canonical({"b": [1, None], "a": "x"}) == canonical({"a": "x", "b": [1, None]})


def test_digits_that_a_float_does_not_hold_count() -> None:
    first, other = ExactFloat("0.12345678901234567890"), ExactFloat("0.12345678901234567891")
    values = [first, other, float(first), [first], [other], {"a": first, "b": other}]
    values += [{"b": first, "a": other}, {"b": [first], "a": other}, 1 << 70, [first, 1 << 70]]
    assert len({canonical(value) for value in values}) == len(values)
    assert canonical({"a": first, "b": other}) == canonical({"b": other, "a": first})


@pytest.mark.parametrize("value", [{1: "x"}, {None: "x"}, [{"a": {True: 1}}], ({2.5: 1},)])
def test_names_that_are_no_texts_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
