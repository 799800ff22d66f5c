"""Status of materialized views, for people and for alarms."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Final

from fraiseql.caching.changes.log import seconds_since
from fraiseql.caching.changes.state import STATE
from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import POPULATED
from fraiseql.database.writing import AdminConnection
from fraiseql.expressions import literal

_NO_DATA: Final = "without data, so it is answered live"
_ASKED: Final = """
SELECT CASE WHEN {populated} THEN {age} END AS age, {populated} AS populated,
  {since} AS since, v.took, v.refreshes, v.fails, v.failure FROM {state} v WHERE v.name = {name}
"""


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """One materialized view.

    Attributes:
        type_name: GraphQL name of the type.
        view: Quoted and qualified.
        age: Seconds; 0 if it has every write, None if that is unknown.
        populated: Whether it has data; False after ``REFRESH … WITH NO DATA``.
        since: Seconds since its last refresh began; infinite if the clock was set back since.
        took: Duration of that refresh in seconds.
        refreshes: Number of refreshes.
        fails: Failed attempts since the last success.
        failure: Message of the last failure, or None.
    """

    type_name: str
    view: str
    age: float | None
    populated: bool
    since: float
    took: float
    refreshes: int
    fails: int
    failure: str | None

    def __str__(self) -> str:
        """Return it as one line."""
        ages = {None: "of unknown age", 0.0: "up to date"}
        shown = _NO_DATA if not self.populated else ages.get(self.age, f"{self.age or 0:.1f} s old")
        failed = f"; failed {self.fails} times: {self.failure}" if self.fails else ""
        since = f"{self.since:.0f} s ago" if isfinite(self.since) else "before the clock went back"
        done = f"refreshed {since} in {self.took:.2f} s"
        return f"{self.type_name}: {self.view} {shown}; {done}{failed}"


async def view_statuses(
    connection: AdminConnection, stored_types: Iterable[StoredType]
) -> list[ViewStatus]:
    """Return the status of each view that exists.

    Raises:
        DatabaseError: The state of views cannot be read.
    """
    views = [
        stored_type
        for stored_type in stored_types
        if stored_type.stored.is_refreshed and stored_type.inspection.schema
    ]
    if not views or not await connection.fetchval(f"SELECT to_regclass('{STATE}') IS NOT NULL"):
        return []
    statuses = []
    for stored_type in views:
        view = physical(stored_type)
        since = seconds_since("v.as_of")
        name = literal(view)
        populated = POPULATED.format(name=name)
        sql = _ASKED.format(age=age(view), populated=populated, since=since, state=STATE, name=name)
        statuses += [
            ViewStatus(stored_type.type_name, view, **row) for row in await connection.fetch(sql)
        ]
    return statuses
