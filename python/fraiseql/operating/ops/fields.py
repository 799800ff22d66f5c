"""Tab of fields: how often operations have selected each."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_interface_type,
    is_object_type,
    parse,
    visit,
)

from fraiseql.database import Pool
from fraiseql.errors import FraiseQLError
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents
from fraiseql.operating.trace.counters import REQUEST
from fraiseql.operating.trace.recorder import Recorder

_CALLS: Final = """\
SELECT o.id, o.document, sum(w.calls)::bigint AS calls,
  sum(w.calls) FILTER (WHERE w.at > now() - interval '1 day')::bigint AS day
FROM fraiseql.operation_window w JOIN fraiseql.operation o ON o.id = w.operation
WHERE w.statement = $1 GROUP BY o.id"""

_COLUMNS: Final[Columns] = {
    "field": "text",
    "requests": "number",
    "last day": "number",
    "note": "text",
}
_MOST: Final = 1_000
"""Fields that the tab shows, the least used first."""

_MEMORY: Final = 1_000
"""Documents whose fields are remembered."""

_ALL: Final = "Requests of all processes that the trace still has; see trace_retention."
_OWN: Final = "Requests of this process only, since it started."
_HOW: Final = (
    "A request counts once for each field that its document selects, in fragments and under"
    " @skip and @include too. A field without requests may still be used by a rare client."
)


class FieldUse:
    """Counts the requests for each field.

    Args:
        schema: The GraphQL schema.
        recorder: Counts of this process.
        pool: Returns the connections of the service.
        writes_trace: Whether processes write their counts to the database.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        recorder: Recorder,
        pool: Callable[[], Pool],
        *,
        writes_trace: bool,
    ) -> None:
        self._schema = schema
        self._recorder = recorder
        self._pool = pool
        self._writes_trace = writes_trace
        self._known: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def contents(self) -> TabContents:
        """Return the contents of the tab."""
        rows, scope = await self._calls()
        total: Counter[str] = Counter()
        day: Counter[str] = Counter()
        for row in rows:
            if row["id"] not in self._known:
                # Reading a document takes about a millisecond: requests run in between.
                await asyncio.sleep(0)
            for field in self._fields(row["id"], row["document"]):
                total[field] += row["calls"]
                day[field] += row["day"] or 0
        declared = declared_fields(self._schema)
        ordered = sorted(declared, key=lambda field: (total[field], field))
        cells: list[list[Cell]] = [
            [field, total[field], day[field], declared[field]] for field in ordered[:_MOST]
        ]
        left = len(ordered) - len(cells)
        notes = [scope, _HOW, *([f"{left:,} more fields are not shown."] if left else [])]
        return TabContents([PageTable("Fields, the least used first", _COLUMNS, cells)], notes)

    async def _calls(self) -> tuple[Sequence[Mapping[str, Any]], str]:
        if self._writes_trace:
            try:
                rows = await self._pool().inspect(_CALLS, [REQUEST])
            except FraiseQLError:
                # No tables, or the role may not read them.
                rows = []
            if rows:
                return [dict(row) for row in rows], _ALL
        own = []
        for each in self._recorder.operations:
            each.fold()
            each.failed.fold()
            calls = each.calls + each.failed.calls
            own.append({"id": each.id, "document": each.document, "calls": calls, "day": calls})
        return own, _OWN

    def _fields(self, operation: str, document: str) -> frozenset[str]:
        fields = self._known.get(operation)
        if fields is None:
            fields = self._known[operation] = selected_fields(self._schema, document)
            if len(self._known) > _MEMORY:
                self._known.popitem(last=False)
        return fields


def declared_fields(schema: GraphQLSchema) -> dict[str, str]:
    """Return the note of each field, ``Type.field``: whether it is deprecated."""
    return {
        f"{name}.{field}": f"deprecated: {each.deprecation_reason}"
        if each.deprecation_reason
        else ""
        for name, type_ in schema.type_map.items()
        if not name.startswith("__") and (is_object_type(type_) or is_interface_type(type_))
        for field, each in type_.fields.items()
    }


def selected_fields(schema: GraphQLSchema, document: str) -> frozenset[str]:
    """Return the fields that a document selects, each ``Type.field``; empty if it has a fault."""
    try:
        parsed = parse(document, no_location=True)
    except GraphQLError:
        return frozenset()
    return frozenset(_visited(schema, parsed))


def _visited(schema: GraphQLSchema, document: DocumentNode) -> Iterable[str]:
    fields: set[str] = set()
    info = TypeInfo(schema)

    class _Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            if parent is not None and not node.name.value.startswith("__"):
                fields.add(f"{parent.name}.{node.name.value}")

    visit(document, TypeInfoVisitor(info, _Fields()))
    return fields
