"""Statements as they are written for a rolling index."""

import pytest

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.rolling_candidates import with_bounds

LEAST = "OPERATOR(pg_catalog.>) '2026-06-01T00:00:00+00:00'::pg_catalog.timestamptz"
CREATE = f'CREATE INDEX CONCURRENTLY "i_a" ON "s"."log" USING btree ("at" DESC) WHERE "at" {LEAST}'
ROLLING = Candidate("rolling index", "Log", "s.log", "indexes", "RollingIndex(…)", (CREATE,))
FROM = 'SELECT 1 FROM "s"."log" AS t0 JOIN "s"."other" AS t10 ON true WHERE '
AFTER, BEFORE, SAME = "2026-07-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"


def compared(operator: str, alias: str = "t0") -> str:
    return f'{alias}."at" OPERATOR(pg_catalog.{operator}) $1::pg_catalog.timestamptz'


@pytest.mark.parametrize(
    ("comparison", "values", "bounded"),
    [
        (compared(">"), [AFTER], True),
        (compared(">="), [AFTER], True),
        (compared("="), [AFTER], True),
        (compared(">"), [SAME], True),
        (compared(">="), [SAME], False),
        (compared(">"), [AFTER, BEFORE], False),
        (compared("<"), [AFTER], False),
        (compared(">"), [None], False),
        (compared(">"), [], False),
        (compared(">", "t10"), [AFTER], False),
    ],
)
def test_a_comparison_that_implies_the_predicate_repeats_it(
    comparison: str, values: list[str | None], bounded: bool
) -> None:
    samples = [{"1": value} for value in values]
    expected = f'({comparison} AND t0."at" {LEAST})' if bounded else comparison
    assert with_bounds(FROM + comparison, [ROLLING], samples) == FROM + expected
