"""Predicted times, from the costs of plans and the parts of which plans know nothing."""

import pytest

from fraiseql.operating.advise.backend_clock import BackendClock
from fraiseql.operating.advise.document_times import DocumentTimes
from fraiseql.operating.advise.predicting import PlanCosts, answer_ms, predict
from fraiseql.operating.advise.stored_candidates import saved_ms


def test_only_the_rest_has_the_ratio_of_the_costs() -> None:
    own = predict(10.0, (0.1, 1.0), (PlanCosts(1_000.0), PlanCosts(10.0)), 2.0)
    assert own.after_ms == pytest.approx(0.1 + 1.0 + 8.9 * 0.01)
    assert (own.low, own.high) == pytest.approx((own.gain / 2, own.gain * 2))
    assert "0.100 ms of a round trip, 1.000 ms of the answer" in own.why


def test_pages_in_memory_cost_a_twentieth() -> None:
    own = predict(10.1, (0.1, 0.0), (PlanCosts(1_000.0, 400.0), PlanCosts(110.0, 10.0)), 2.0)
    assert own.after_ms == pytest.approx(0.1 + 10.0 * (10 + 5) / (400 + 30))
    assert "the ratio of the costs in memory 430 to 15" in own.why


def test_costs_of_two_kinds_are_not_compared() -> None:
    own = predict(10.1, (0.1, 0.0), (PlanCosts(1_000.0, 400.0), PlanCosts(100.0)), 2.0)
    assert own.after_ms == pytest.approx(0.1 + 10.0 * 0.1)


def test_an_answer_takes_half_of_the_time_at_most() -> None:
    own = predict(2.1, (0.1, 50.0), (PlanCosts(1_000.0), PlanCosts(0.0)), 2.0)
    assert own.after_ms == pytest.approx(0.1 + 1.0)


def test_a_statement_faster_than_a_round_trip_gains_nothing() -> None:
    own = predict(0.1, (0.2, 0.5), (PlanCosts(1_000.0), PlanCosts(1.0)), 2.0)
    assert own.after_ms == pytest.approx(0.2)


def test_the_time_of_an_answer_grows_with_its_rows_and_bytes() -> None:
    assert answer_ms(10, 0, 1e-5) < answer_ms(20, 0, 1e-5) < answer_ms(20, 10_000, 1e-5)


def test_a_process_of_another_machine_has_no_clock() -> None:
    with pytest.raises(OSError, match="No such file"):
        BackendClock(2**22 + 1)


def test_documents_that_are_read_save_a_part_of_the_time_only() -> None:
    calm, busy = DocumentTimes(0.1, 1e-6, 4e-6), DocumentTimes(0.1, 1e-6, 7e-3)
    assert saved_ms(10.1, 400_000, calm) == pytest.approx(1.0)
    # The times of a byte were taken while another program ran.
    assert 10.1 / (10.1 - saved_ms(10.1, 400_000, busy)) < 1.82
    assert saved_ms(0.05, 400_000, busy) == 0.0
