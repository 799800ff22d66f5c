"""Folding of the rows of a join into a nested answer."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from fraiseql.demo.fold import fold


def test_dots_lead_into_objects() -> None:
    assert fold([{"flight.id": 1, "flight.airline.name": "United"}]) == {
        "flight": {"id": 1, "airline": {"name": "United"}}
    }


def test_rows_that_agree_up_to_a_list_share_an_item() -> None:
    rows = [
        {"airlines[].name": "United", "airlines[].flights[].id": 3},
        {"airlines[].name": "United", "airlines[].flights[].id": 1},
        {"airlines[].name": "Delta", "airlines[].flights[].id": 2},
    ]
    assert fold(rows) == {
        "airlines": [
            {"name": "United", "flights": [{"id": 3}, {"id": 1}]},
            {"name": "Delta", "flights": [{"id": 2}]},
        ]
    }


def test_an_outer_join_without_partner_is_null_or_an_empty_list() -> None:
    assert fold([{"id": 1, "plane?.model": None, "flights[].id": None}]) == {
        "id": 1,
        "plane": None,
        "flights": [],
    }


def test_an_object_is_null_only_without_any_value() -> None:
    assert fold([{"plane?.model": None, "plane?.seats": 2}]) == {
        "plane": {"model": None, "seats": 2}
    }


def test_a_key_that_is_not_selected_distinguishes_equal_items() -> None:
    rows = [{"flights[].speed": 1, "flights[].-": 7}, {"flights[].speed": 1, "flights[].-": 8}]
    assert fold(rows) == {"flights": [{"speed": 1}, {"speed": 1}]}


def test_values_become_json_values() -> None:
    row = {"at": datetime(2013, 1, 1, 10, tzinfo=UTC), "on": date(2013, 1, 1), "temp": 39.02}
    assert fold([row]) == {
        "at": "2013-01-01T10:00:00+00:00",
        "on": "2013-01-01",
        "temp": Decimal("39.02"),
    }


def test_no_row_is_a_mistake_in_the_statement() -> None:
    with pytest.raises(ValueError, match="no row"):
        fold([])
