"""Predicates of kept documents: what changes without a write is found, and nothing else is."""

import pytest

from fraiseql.caching.strategies.base import changing_calls, refuse_changing

IMMUTABLE = frozenset({"lower", "date_part"})


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        ("deleted_at IS NULL AND (active OR kind IN ('a', 'b'))", []),
        ("lower(name) LIKE 'now()%'", []),
        ("created_at > NOW() - interval '30 days'", ["now"]),
        ("created_at > current_timestamp", ["current_timestamp"]),
        ("day = CURRENT_DATE AND owner = current_user", ["current_date", "current_user"]),
        ("random() < 0.5", ["random"]),
        ("tenant = pg_catalog.current_setting('app.tenant')", ["current_setting"]),
        ("coalesce(rank, 0) > 1 AND CAST(rank AS int) < 9", []),
        ('"user" = 1 AND t1.user_id = 2', []),
        ("tenant = current_setting /* mine */ ('app.tenant')", ["current_setting"]),
        ("created_at > now -- by now\n ()", ["now"]),
        (r"name = E'it\'s' AND tenant = current_setting('app.tenant')", ["current_setting"]),
        ("name = '--' AND created_at > now()", ["now"]),
        ("day >= 'Today'::date", ["now"]),
        ("name = 'todayish'", []),
    ],
)
def test_what_changes_is_named(predicate: str, found: list[str]) -> None:
    assert changing_calls(predicate, IMMUTABLE) == found


def test_the_refusal_says_what_works() -> None:
    (refusal,) = refuse_changing("Post.comments", "at > now()", IMMUTABLE)
    assert refusal.code == "PREDICATE_CHANGES"
    assert "now" in refusal.message
    assert "RollingIndex" in refusal.alternative
