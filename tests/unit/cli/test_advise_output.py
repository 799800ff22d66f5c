"""Printed advice."""

from typing import Any

import pytest

from fraiseql.cli.advise_output import advice_lines

EMPTY: dict[str, Any] = {
    "server": "18.6",
    "seconds": 60.0,
    "traced_ms": 0.0,
    "predicted_by": "EXPLAIN",
    "floor_ms": 0.1,
    "paths": [],
    "advice": [],
    "left": [],
    "notes": [],
    "hypothetical": False,
}


@pytest.mark.parametrize(
    ("statements", "last"),
    [
        (
            0,
            "Nothing to advise: no statement is traced. Send operations that read the database.",
        ),
        (1, "Nothing to advise."),
    ],
)
def test_a_trace_without_statements_is_told_from_one_that_needs_nothing(
    statements: int, last: str
) -> None:
    assert list(advice_lines(EMPTY | {"statements": statements}))[-1] == last
