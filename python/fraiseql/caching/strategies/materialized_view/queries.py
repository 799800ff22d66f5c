"""Functions that change the result of a declared query without a write."""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.dependencies.builtins import Kind
from fraiseql.caching.dependencies.inspection import InspectedCall
from fraiseql.caching.strategies.materialized_view.inspection import ViewInspection

_REFUSED: Final = frozenset({Kind.SESSION, Kind.SERVER, Kind.VOLATILE})
"""Kinds of calls whose result differs between readers, or changes without a write."""


def reads_clock(inspection: ViewInspection) -> bool:
    """Return whether the query reads the time: then its age counts from the last refresh."""
    return any(call.kind is Kind.CLOCK for call in inspection.calls)


def uncertain(inspection: ViewInspection) -> Iterator[InspectedCall]:
    """Yield the calls whose result may change, or differ between readers, without a logged write.

    A user-defined stable function may read any table, and PostgreSQL does not record which.
    """
    for call in inspection.calls:
        if call.kind in _REFUSED or (call.is_opaque and call.volatility != "i"):
            yield call
