"""SQL of a connection: a page found by cursors, as one document."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted from the catalog, values are
# parameters, and a developer's own predicates come from declarations only.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.expressions import literal, ordered_type
from fraiseql.schema.connections import (
    AGGREGATE,
    COUNT_KIND,
    CURSOR,
    EDGES,
    END_CURSOR,
    HAS_NEXT,
    HAS_PREVIOUS,
    NODE,
    NODES,
    PAGE_INFO,
    START_CURSOR,
)
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.cursors import VERSION, order_digest, reversed_order
from fraiseql.serving.planning.reads import ConnectionParts, CountPart, OrderTerm
from fraiseql.serving.sql.conditions import ConditionWriter
from fraiseql.serving.sql.groups import GroupWriter
from fraiseql.serving.sql.keyset import Key, branches, cursor_keys, turned
from fraiseql.serving.sql.order import OrderSql
from fraiseql.serving.sql.parameters import Parameter
from fraiseql.sql_names import fn, op, ty

ESTIMATE: Final = ":estimate"
"""Key of the estimated total among the values of a statement; no variable has this name."""

_MAX_CAP: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ConnectionRows:
    """The rows that a connection pages through.

    Attributes:
        table: SQL of the relation, with its alias.
        condition: SQL of the filter; empty for all rows.
        value: SQL of one row as JSON.
        order: The order of the connection.
        limit: SQL of the most rows of a page.
        order_sql: Writes the terms of the order.
        alias: Alias of the relation.
    """

    table: str
    condition: str
    value: str
    order: tuple[OrderTerm, ...]
    limit: str
    order_sql: OrderSql
    alias: str

    def matching(self, *conditions: str) -> str:
        """Return the relation with the filter and conditions of the order."""
        return self._filtered(f"{self.table}{self.order_sql.joins}", conditions)

    def all(self) -> str:
        """Return the relation with the filter alone."""
        return self._filtered(self.table, ())

    def _filtered(self, table: str, conditions: Sequence[str]) -> str:
        tests = [f"({part})" for part in (self.condition, *conditions) if part]
        return f"{table} WHERE {' AND '.join(tests)}" if tests else table


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a page, seen in the direction in which it is read.

    Attributes:
        terms: The order in that direction.
        near: The cursor that the page begins at, or None.
        far: The cursor that it must not reach, or None.
    """

    terms: tuple[OrderTerm, ...]
    near: Sequence[Key] | None
    far: Sequence[Key] | None


def connection_sql(parts: ConnectionParts, rows: ConnectionRows, writer: ConditionWriter) -> str:
    """Return the query of one connection as one row with its parts as columns."""
    return _Connection(parts, rows, writer).sql()


class _Connection:
    def __init__(
        self, parts: ConnectionParts, rows: ConnectionRows, writer: ConditionWriter
    ) -> None:
        self._parts, self._rows, self._writer = parts, rows, writer
        self._info = info = parts.page_info or frozenset()
        self._start, self._end = START_CURSOR in info, END_CURSOR in info
        # One row more than the page has says whether others follow in the direction of reading.
        self._more, self._behind = HAS_NEXT, HAS_PREVIOUS
        if parts.backward:
            self._more, self._behind = HAS_PREVIOUS, HAS_NEXT

    def sql(self) -> str:
        place = self._place()
        sources, members = [], []
        aggregates = self._aggregates()
        if aggregates:
            sources.append(f"(SELECT {', '.join(aggregates)} FROM {self._numbered(place)}) AS a")
        if self._parts.edges:
            members.append(f'a.edges AS "{EDGES}"')
        if self._parts.nodes:
            members.append(f'a.nodes AS "{NODES}"')
        if self._parts.page_info is not None:
            members.append(f'{self._page_info(place)} AS "{PAGE_INFO}"')
        for number, count in enumerate(self._parts.counts):
            if count.mode == "estimated":
                members += self._estimated(count)
                continue
            cap = self._cap(count)
            sources.append(f"({self._count(cap)}) AS c{number}")
            members += _counted(count, f"c{number}.n", cap)
        if self._parts.aggregate is not None:
            groups = GroupWriter(self._parts.aggregate, self._writer.parameters, self._rows.alias)
            sources.append(f"({groups.whole(self._rows.all())}) AS g")
            members.append(f'g.v AS "{AGGREGATE}"')
        source = f" FROM {' CROSS JOIN '.join(sources)}" if sources else ""
        return f"SELECT {', '.join(members or ['true AS page'])}{source}"

    def _place(self) -> _Place:
        parts, rows = self._parts, self._rows
        after, before = self._keys(parts.after, "after"), self._keys(parts.before, "before")
        if parts.backward:
            other = reversed_order(rows.order)
            return _Place(other, _turned(before, other), _turned(after, other))
        return _Place(rows.order, after, before)

    def _keys(self, source: object, name: str) -> list[Key] | None:
        if source is None:
            return None
        return cursor_keys(self._writer, self._rows.order, source, name, self._rows.order_sql.sql)

    def _aggregates(self) -> list[str]:
        """Return the parts that are made of the page's rows."""
        parts, found = self._parts, []
        direction = " DESC" if parts.backward else ""
        if parts.edges:
            pairs = [f"'{NODE}', i.v"] if self._rows.value else []
            pairs += [f"'{CURSOR}', i.c"] if parts.cursors else []
            edge = f"{fn('json_build_object')}({', '.join(pairs)})"
            found.append(f"{self._listed(edge, direction)} AS edges")
        if parts.nodes:
            found.append(f"{self._listed('i.v', direction)} AS nodes")
        limit = self._rows.limit
        if self._more in self._info:
            found.append(f"{fn('count')}(*) {op('>')} {limit} AS more")
        for wanted, name, first in (
            (self._start, "s", not parts.backward),
            (self._end, "e", parts.backward),
        ):
            if wanted:
                order = "" if first else " DESC"
                inside = f"FILTER (WHERE i.n {op('<=')} {limit})"
                found.append(f"({fn('array_agg')}(i.c ORDER BY i.n{order}) {inside})[1] AS {name}")
        return found

    def _listed(self, item: str, direction: str) -> str:
        inside = f"FILTER (WHERE i.n {op('<=')} {self._rows.limit})"
        listed = f"{fn('json_agg')}({item} ORDER BY i.n{direction}) {inside}"
        return f"coalesce({listed}, '[]'::{ty('json')})"

    def _numbered(self, place: _Place) -> str:
        """Return the page's rows and the next one, with numbers in the direction of reading."""
        chosen = [""] if place.near is None else branches(place.near) or ["false"]
        limited = "" if place.far is None else _any(branches(_back(place, place.far)))
        number = f"{fn('row_number')}() OVER () AS n"
        reads = [
            f"SELECT r.v, r.c, {number} FROM ({self._read(place, c, limited)}) AS r" for c in chosen
        ]
        if len(reads) == 1:
            return f"({reads[0]}) AS i"
        joined = " UNION ALL ".join(
            f"SELECT {part} AS part, q.v, q.c, q.n FROM ({read}) AS q"
            for part, read in enumerate(reads)
        )
        whole = f"{fn('row_number')}() OVER (ORDER BY b.part, b.n) AS n"
        return f"(SELECT b.v, b.c, {whole} FROM ({joined}) AS b) AS i"

    def _read(self, place: _Place, chosen: str, limited: str) -> str:
        rows = self._rows
        cursor = f"NULL::{ty('text')}"
        if self._parts.cursors or self._start or self._end:
            cursor = self._cursor()
        value = rows.value or f"NULL::{ty('json')}"
        order = rows.order_sql.clause(place.terms)
        return (
            f"SELECT {value} AS v, {cursor} AS c FROM {rows.matching(chosen, limited)}{order}"
            f" LIMIT {rows.limit} {op('+')} 1"
        )

    def _cursor(self) -> str:
        """Return a row's cursor: base64url of JSON with the values of the order as text."""
        terms = self._rows.order
        values = [
            f"({self._rows.order_sql.sql(term)})::{ordered_type(term.access)}::{ty('text')}"
            for term in terms
        ]
        array = fn("json_build_array")
        parts = f"{VERSION}, {literal(order_digest(terms))}, {array}({', '.join(values)})"
        text = f"{fn('convert_to')}({array}({parts})::{ty('text')}, 'UTF8')"
        encoded = f"{fn('encode')}({text}, 'base64')"
        return f"{fn('translate')}({encoded}, {fn('concat')}('+/=', {fn('chr')}(10)), '-_')"

    def _page_info(self, place: _Place) -> str:
        pairs = []
        for name, sql in ((START_CURSOR, "a.s"), (END_CURSOR, "a.e")):
            if name in self._info:
                pairs.append(f"'{name}', {sql}")
        if self._more in self._info:
            # Rows at the cursor that the page must not reach follow it.
            beyond = self._exists(
                None if place.far is None else branches(place.far, inclusive=True)
            )
            pairs.append(f"'{self._more}', a.more OR {beyond}")
        if self._behind in self._info:
            behind = None
            if place.near is not None:
                behind = branches(_back(place, place.near), inclusive=True)
            pairs.append(f"'{self._behind}', {self._exists(behind)}")
        return f"{fn('json_build_object')}({', '.join(pairs)})"

    def _exists(self, chosen: Sequence[str] | None) -> str:
        tests = [f"EXISTS (SELECT FROM {self._rows.matching(part)})" for part in chosen or ()]
        return f"({' OR '.join(tests)})" if tests else "false"

    def _estimated(self, count: CountPart) -> list[str]:
        parameters = self._writer.parameters
        parameters.append(Parameter(ValueRef(ESTIMATE), "int8", name=count.name))
        members = [f"${len(parameters)}::{ty('int8')} AS {_quoted(count.name)}"]
        return [*members, f"'ESTIMATED' AS {_quoted(count.kind)}"] if count.kind else members

    def _cap(self, count: CountPart) -> str:
        if count.mode != "capped":
            return ""
        parameters = self._writer.parameters
        parameters.append(Parameter(count.cap, "int8", maximum=_MAX_CAP, name="cap"))
        return f"${len(parameters)}::{ty('int8')}"

    def _count(self, cap: str) -> str:
        rows = self._rows.all()
        if cap:
            rows = f"(SELECT FROM {rows} LIMIT {cap} {op('+')} 1) AS k"
        return f"SELECT {fn('count')}(*) AS n FROM {rows}"


def _turned(keys: Sequence[Key] | None, terms: Sequence[OrderTerm]) -> list[Key] | None:
    return None if keys is None else turned(keys, terms)


def _back(place: _Place, keys: Sequence[Key]) -> list[Key]:
    return turned(keys, reversed_order(place.terms))


def _any(conditions: Sequence[str]) -> str:
    return " OR ".join(f"({part})" for part in conditions) or "false"


def _counted(count: CountPart, sql: str, cap: str) -> list[str]:
    """Return the columns of a total count."""
    value = f"least({sql}, {cap})" if cap else sql
    members = [f"{value} AS {_quoted(count.name)}"]
    if count.kind:
        kind = (
            f"CASE WHEN {sql} {op('>')} {cap} THEN 'CAPPED' ELSE 'EXACT' END" if cap else "'EXACT'"
        )
        members.append(f'{kind} AS "{COUNT_KIND}"')
    return members


def _quoted(name: Any) -> str:
    return '"' + str(name).replace('"', '""') + '"'
