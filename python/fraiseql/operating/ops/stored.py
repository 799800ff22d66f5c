"""Tab of stored documents: their state, age and limits."""

from collections.abc import Sequence
from datetime import UTC
from math import isfinite
from typing import Any, Final

from fraiseql.caching.ddl.apply import find_plan
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.ddl.drift import Verdict
from fraiseql.caching.ddl.verification import Verification, load_verifications
from fraiseql.caching.refresh.queues import QueueStatus, queue_statuses
from fraiseql.caching.refresh.status import ViewStatus, view_statuses
from fraiseql.caching.strategies.base import StoredType
from fraiseql.database import Pool
from fraiseql.database.writing import open_admin
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents, rounded
from fraiseql.schema import Schema
from fraiseql.schema.storage import MaterializedView

_COLUMNS: Final[Columns] = {
    "type": "text",
    "strategy": "text",
    "state": "text",
    "age s": "number",
    "queue": "number",
    "allowed s": "number",
    "refreshed s ago": "number",
    "refresh took s": "number",
    "failures": "number",
    "last failure": "text",
    "verified (UTC)": "text",
    "differed": "number",
}
_NOTE: Final = (
    "age: seconds since the oldest write that the documents miss; 0 misses none, - is unknown."
    " Documents that triggers keep current are never behind."
)


async def stored_contents(schema: Schema, pool: Pool, app: str) -> TabContents:
    """Return the contents of the tab.

    Args:
        schema: The declarations.
        pool: Connections of the service.
        app: The application's name on the command line.

    Raises:
        DatabaseError: The database cannot be read.
    """
    if not any(each.stored is not None for each in schema.objects.values()):
        return TabContents(notes=["No type is declared with stored=."])
    desired = await load_desired_state(schema, pool)
    async with open_admin(pool) as reader:
        plan = await find_plan(reader, desired)
        views = {each.type_name: each for each in await view_statuses(reader, desired.stored_types)}
        queues = await queue_statuses(reader, desired.stored_types)
        verified = await load_verifications(reader.fetch)
    queued = {queue.type_name: queue for queue in queues}
    rows = []
    for each in desired.stored_types:
        name = each.type_name
        row = _row(each, _state(name, plan.states), views.get(name), queued.get(name))
        rows.append([*row, *_verified(verified.get(name))])
    commands = [
        ("Compare all documents with live ones", f"fraiseql db verify {app}"),
        ("Show each object", f"fraiseql db status {app}"),
    ]
    return TabContents([PageTable("Types", _COLUMNS, rows)], [_NOTE], commands)


def _row(
    stored_type: StoredType,
    state: str,
    view: ViewStatus | None,
    queue: QueueStatus | None,
) -> list[Cell]:
    stored = stored_type.stored
    strategy = type(stored).__name__
    head: list[Cell] = [stored_type.type_name, strategy, state]
    if view is not None:
        since = rounded(view.since) if isfinite(view.since) else None
        refreshed = [since, rounded(view.took), view.fails, view.failure or ""]
        return [*head, _seconds(view.age), None, _allowed(stored), *refreshed]
    if queue is not None:
        return [*head, _seconds(queue.age), queue.rows, None, None, None, 0, ""]
    # Triggers keep the others current, and a queue that the role may not read is unknown.
    age = 0.0 if state == "as declared" and not stored.has_queue else None
    return [*head, age, None, None, None, None, 0, ""]


def _seconds(age: float | None) -> float | None:
    return None if age is None else rounded(age)


def _verified(verification: Verification | None) -> list[Cell]:
    if verification is None:
        return ["never", None]
    return [f"{verification.at.astimezone(UTC):%Y-%m-%d %H:%M}", verification.differing]


def _allowed(stored: Any) -> float | None:
    """Return the seconds that a view may be behind."""
    return (stored.lag or stored.every) if isinstance(stored, MaterializedView) else None


def _state(name: str, verdicts: Sequence[Verdict]) -> str:
    states = {each.state for each in verdicts if each.owner == name} - {"unchanged"}
    return ", ".join(sorted(states)) or "as declared"
