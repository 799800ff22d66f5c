"""Queries: what a declared query calls, and whether what it answers changes by itself."""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.dependencies.builtins import Kind
from fraiseql.caching.dependencies.inspection import InspectedCall
from fraiseql.caching.strategies.materialized_view.inspection import ViewInspection

_REFUSED: Final = frozenset({Kind.SESSION, Kind.SERVER, Kind.VOLATILE})
"""Kinds of which a stored answer would be another one for other readers, or without a write."""


def reads_clock(inspection: ViewInspection) -> bool:
    """Tell whether the query reads the time: then it is as old as its last refresh."""
    return any(call.kind is Kind.CLOCK for call in inspection.calls)


def uncertain(inspection: ViewInspection) -> Iterator[InspectedCall]:
    """Yield the calls whose result may change, or differ between readers, without a logged write.

    A stable function of one's own may read any table, and PostgreSQL does not say which.
    """
    for call in inspection.calls:
        if call.kind in _REFUSED or (call.is_opaque and call.volatility != "i"):
            yield call
