"""Comparisons and orders in the conditions that EXPLAIN prints."""

import pytest

from fraiseql.operating.advise.comparisons import ScanItem, comparisons, sort_item


def parsed(condition: str) -> list[tuple[str, str, str, str]]:
    return [
        (each.item.column, each.item.key, each.sort, each.constant)
        for each in comparisons(condition)
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(t0.a = $1)", [("a", "", "equal", "")]),
        (
            "((t0.a = $1) AND (t0.b > '2026-01-01'::date))",
            [("a", "", "equal", ""), ("b", "", "range", "'2026-01-01'::date")],
        ),
        (
            "(t0.active AND (NOT t0.hidden))",
            [("active", "", "true", ""), ("hidden", "", "false", "")],
        ),
        ("(t0.deleted_at IS NULL)", [("deleted_at", "", "null", "")]),
        ("((t0.code)::text = ($1)::text)", [("code", "", "equal", "")]),
        ("(t1.post_id = t0.id)", [("post_id", "", "equal", ""), ("id", "", "equal", "")]),
        ("((t0.data ->> 'a''b'::text) = $1)", [("data", "a'b", "equal", "")]),
        ("(t0.\"x AND y\" = 'p AND q'::text)", [("x AND y", "", "equal", "'p AND q'::text")]),
        ("(5 < t0.a)", [("a", "", "range", "5")]),
        ("(t0.data @> $1)", [("data", "", "contains", "")]),
        ("((t0.a = 1) OR (t0.b = 2))", []),
        ("(lower(t0.a) = $1)", []),
        ("(t0.a <> $1)", []),
    ],
)
def test_the_parts_of_a_condition_are_read(
    condition: str, expected: list[tuple[str, str, str, str]]
) -> None:
    assert parsed(condition) == expected


def test_a_key_that_a_case_reads_is_one_item() -> None:
    condition = (
        "(CASE WHEN (jsonb_typeof((t0.data -> 'k'::text)) = 'string'::text)"
        " THEN (t0.data ->> 'k'::text) ELSE (t0.data ->> 'k'::text) END = $1)"
    )
    (comparison,) = comparisons(condition)
    assert comparison.item == ScanItem("t0", "data", "k", wrapped=True)


def test_an_order_with_nulls_of_its_own_is_no_order_of_an_index() -> None:
    assert sort_item("t0.a DESC") == (ScanItem("t0", "a"), True)
    assert sort_item('t0.a COLLATE "C"') == (ScanItem("t0", "a"), False)
    assert sort_item("t0.a DESC NULLS LAST") is None
