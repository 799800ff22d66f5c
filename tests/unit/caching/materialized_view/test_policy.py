"""The time of the next refresh, by declaration and state."""

from math import inf

import pytest

from fraiseql.caching.strategies.materialized_view.policy import LOOK, Policy, RefreshState
from fraiseql.errors import DeclarationError
from fraiseql.schema.durations import seconds_of
from fraiseql.schema.storage import MaterializedView

ON_WRITE = Policy(on_write=True)
HOURLY = Policy(every=3600)
LAG = Policy(lag=30)


@pytest.mark.parametrize("policy", [ON_WRITE, HOURLY, LAG])
def test_an_up_to_date_view_is_not_refreshed(policy: Policy) -> None:
    assert policy.wait(RefreshState(0.0, 99_999, 1)) == inf
    assert LOOK <= policy.look_again(RefreshState(0.0, 99_999, 1)) <= 30


@pytest.mark.parametrize("policy", [ON_WRITE, HOURLY, LAG])
def test_what_is_not_known_is_refreshed(policy: Policy) -> None:
    assert policy.wait(RefreshState(None, 2, 0.1)) == 0
    assert policy.wait(RefreshState(None, 2, 4)) == 6


def test_what_a_refresh_could_not_tell_is_not_refreshed_over_and_over() -> None:
    assert ON_WRITE.wait(RefreshState(None, 2, 0.1, age_unknown=True)) == 28
    assert ON_WRITE.wait(RefreshState(None, 31, 0.1, age_unknown=True)) == 0
    assert ON_WRITE.wait(RefreshState(None, 31, 40, age_unknown=True)) == 49


def test_a_write_brings_a_refresh_no_sooner_than_twice_its_time() -> None:
    assert ON_WRITE.wait(RefreshState(0.2, 5, 0.1)) == 0
    assert ON_WRITE.wait(RefreshState(0.2, 0.25, 0.1)) == 0.75
    assert ON_WRITE.wait(RefreshState(0.2, 5, 10)) == 15


def test_an_interval_counts_from_the_last_refresh() -> None:
    assert HOURLY.wait(RefreshState(10, 600, 1)) == 3000
    assert HOURLY.wait(RefreshState(10, 3600, 1)) == 0


def test_a_target_leaves_the_time_that_a_refresh_takes() -> None:
    assert LAG.wait(RefreshState(5, 100, 3)) == 30 - 5 - 6 - 2 * LOOK
    assert LAG.wait(RefreshState(25, 100, 3)) == 0


def test_failures_back_off() -> None:
    waits = [ON_WRITE.wait(RefreshState(9, 99, 0.1, fails, 0.0)) for fails in (1, 2, 3, 20)]
    assert waits == [2, 4, 8, 300]
    assert ON_WRITE.wait(RefreshState(9, 99, 0.1, 1, 3.0)) == 0


def test_a_declaration_in_seconds() -> None:
    declared = MaterializedView(sql="SELECT 1", refresh="1h 30m", target_lag="500 ms")
    assert Policy.of(declared) == Policy(5400, on_write=False, lag=0.5)
    assert seconds_of("2 weeks", of="window") == 1_209_600
    for text in ("", "5", "m", "5 fortnights", "5m x", "-1s", "0s"):
        with pytest.raises(DeclarationError, match="no length of time"):
            seconds_of(text, of="refresh")
