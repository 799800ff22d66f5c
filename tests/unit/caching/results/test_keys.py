"""Keys: what has one text has one meaning."""

import pytest

from fraiseql.caching.results.keys import canonical


def test_the_order_of_names_does_not_matter() -> None:
    assert canonical({"b": [1, None], "a": "x"}) == canonical({"a": "x", "b": [1, None]})


@pytest.mark.parametrize("value", [{1: "x"}, {None: "x"}, [{"a": {True: 1}}], ({2.5: 1},)])
def test_names_that_are_no_texts_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
