"""Comparison of times, and parameters as SQL."""

import pytest

from fraiseql.operating.pairs import sign_test
from fraiseql.operating.trace.samples import ReplayedStatement, arguments_sql
from fraiseql.operating.tune.replay import PairedTimes

STATEMENT = ReplayedStatement("id", "root", "SELECT 1", ("",))


def paired(new: list[float]) -> PairedTimes:
    return PairedTimes(STATEMENT, (1.0,) * len(new), tuple(new))


def test_slower_means_in_most_pairs_and_by_more_than_a_fifth() -> None:
    assert paired([1.3] * 12 + [1.0] * 3).is_slower
    assert paired([1.3] * 8 + [1.1] * 4 + [1.0] * 3).is_slower
    assert not paired([1.3] * 11 + [1.0] * 4).is_slower
    assert not paired([1.19] * 15).is_slower
    # A few runs that were disturbed do not count.
    assert not paired([50.0] * 5 + [1.0] * 10).is_slower


def test_the_sign_test_is_that_of_fair_coins() -> None:
    assert sign_test(0, 15) == 1
    assert sign_test(15, 15) == pytest.approx(2**-15)
    assert sign_test(12, 15) == pytest.approx(0.0176, abs=1e-4)


@pytest.mark.parametrize(
    ("values", "count", "expected"),
    [
        ({}, 0, ""),
        ({"1": 7, "2": None, "3": True}, 3, "('7', NULL, 'true')"),
        ({"1": "it's"}, 1, "('it''s')"),
        ({"1": ["a,b", 'c"d', None, 5]}, 1, """(E'{"a,b","c\\\\"d",NULL,"5"}')"""),
        ({"1": {"k": "v"}}, 1, """('{"k": "v"}')"""),
        ({"2": 1}, 2, None),
    ],
)
def test_parameters_are_written_as_sql(
    values: dict[str, object], count: int, expected: str | None
) -> None:
    assert arguments_sql(values, count) == expected
