"""Queries: what a declared query calls, and whether what it answers changes by itself."""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.dependencies.facts import CLOCK
from fraiseql.caching.strategies.materialized_view.facts import Call, ViewFacts

_OF_SESSION: Final = (
    "current_",
    "session_",
    "user",
    "has_",
    "row_security",
    "reg",
    "format_type",
    "enum_",
    "inet_",
    "txid_",
    "pg_",
    "to_reg",
    "obj_",
    "col_",
    "shobj_",
    "query_to",
    "table_to",
    "schema_to",
    "database_to",
    "cursor_to",
)
"""How names of PostgreSQL's functions begin that tell of the session, or read its catalog."""


def reads_clock(facts: ViewFacts) -> bool:
    """Tell whether the query reads the time: then it is as old as its last refresh."""
    return any(_is_clock(call) for call in facts.calls)


def uncertain(facts: ViewFacts) -> Iterator[Call]:
    """Yield the calls whose result may change, or differ between readers, without a logged write.

    A stable function of one's own may read any table, and PostgreSQL does not say which.
    """
    for call in facts.calls:
        if _is_clock(call):
            continue
        if call.volatility == "v" or not call.builtin or call.name.startswith(_OF_SESSION):
            yield call


def _is_clock(call: Call) -> bool:
    # age(timestamp) of one argument counts from today's midnight.
    return call.builtin and (call.name in CLOCK or (call.name == "age" and call.arguments == 1))
