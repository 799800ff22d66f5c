"""SELECT statements with rows as JSON in one bytea column."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted from the catalog, values are
# parameters, and a developer's own predicates come from declarations only.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog import Column, Relation
from fraiseql.catalog.picture import quote
from fraiseql.document_values import readable
from fraiseql.expressions import equals, literal
from fraiseql.schema.pages import HAS_NEXT_PAGE, ITEMS, TOTAL_COUNT
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.reads import (
    DOCUMENT_KEY,
    NO_ROW,
    ConnectionParts,
    Embedded,
    Fetched,
    PageParts,
    RelationQuery,
    RelationRead,
)
from fraiseql.serving.sql.conditions import ConditionWriter
from fraiseql.serving.sql.connections import ConnectionRows, connection_sql
from fraiseql.serving.sql.groups import GroupWriter
from fraiseql.serving.sql.index_hints import HintPoint, IndexHint
from fraiseql.serving.sql.order import OrderSql
from fraiseql.serving.sql.parameters import Parameter, sent_type, with_unused
from fraiseql.serving.sql.row_counts import MAX_OFFSET, row_count, with_slices
from fraiseql.sources import Freshness, RoleAccess
from fraiseql.sql_names import fn, op, ty

ROLE: Final = ":role"
"""Key of the request's role among the values of a statement; no variable has this name."""

_NEVER_STALE: Final = Freshness("0")

_BYTES: Final = fn("convert_to")

_KEYS: Final = "u"
"""Alias of the row with one key of a list."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the sources of its parameters.

    Attributes:
        text: SQL with ``$1`` … ``$n``; the same for all values.
        parameters: Its parameters, in order.
        points: Comparisons whose SQL depends on values of a request, in the order of the text.
    """

    text: str
    parameters: tuple[Parameter, ...]
    points: tuple[HintPoint, ...] = ()


def compile_query(
    query: RelationQuery,
    max_limit: int = MAX_OFFSET,
    freshness: Freshness | None = None,
    hints: Sequence[IndexHint] = (),
    condition: str | None = None,
    *,
    access: RoleAccess | None = None,
) -> Statement:
    """Return the statement that answers ``query``.

    Args:
        query: The query.
        max_limit: Largest ``limit`` of a request.
        freshness: When set, each row has the documents' age as its second column, and an empty
            result is one row without a document.
        hints: The hints of the statement's ``points``; without them they are written for any value.
        condition: SQL condition of the whole statement.
        access: When set, the last parameter is a role, and each row has as its third column whether
            the role may read the documents; if not, no row is read.
    """
    writer = ConditionWriter("t0", [], hints, keys=_KEYS if query.outcome == "keys" else "")
    rows = with_unused(_rows(query, writer, max_limit, condition), writer.parameters)
    if access is not None:
        writer.parameters.append(Parameter(ValueRef(ROLE), "text", name="role"))
        allowed = access.allowed(f"${len(writer.parameters)}::{ty('text')}")
        rows = _aged(rows, freshness or _NEVER_STALE, f", {allowed} AS allowed")
    elif freshness is not None:
        rows = _aged(rows, freshness)
    return Statement(rows, tuple(writer.parameters), tuple(writer.points))


def _aged(rows: str, freshness: Freshness, allowed: str = "") -> str:
    """Read age and rows in one snapshot; rows that may not be returned are not computed."""
    # OFFSET: the age is computed once, not for each row. No WITH: its name would hide a relation
    # that a developer's predicate names.
    age = f"SELECT ({freshness.age})::double precision AS age{allowed} OFFSET 0"
    tests = _fresh_enough(freshness) + (["s.allowed"] if allowed else [])
    # OFFSET prevents pull-up: the conditions are tested once, before the first row is computed.
    where = f" WHERE {' AND '.join(tests)} OFFSET 0" if tests else ""
    return (
        f"SELECT d.doc, s.age{', s.allowed' if allowed else ''} FROM ({age}) AS s"
        f" LEFT JOIN LATERAL (SELECT q.doc FROM ({rows}) AS q(doc){where}) AS d ON true"
    )


def _fresh_enough(freshness: Freshness) -> list[str]:
    if freshness.when_stale == "serve":
        return []
    # An unknown age exceeds every bound, even no bound.
    limit = "IS NOT NULL" if freshness.bound is None else f"{op('<=')} {freshness.bound!r}"
    return [f"s.age {limit}"]


def _rows(
    query: RelationQuery, writer: ConditionWriter, max_limit: int, condition: str | None
) -> str:
    if query.connection is not None:
        return _connection(query, query.connection, writer, max_limit, condition)
    table = _table(query, writer)
    if condition is not None:
        # It reads no column: PostgreSQL tests it once, before the first row.
        table = f"{table} {'WHERE' if query.where is None else 'AND'} {condition}"
    numbers = {
        "count": f"SELECT {fn('count')}(*) FROM {table}",
        "estimate": f"EXPLAIN (FORMAT JSON) SELECT FROM {table}",
        "exists": f"SELECT EXISTS (SELECT FROM {table})",
    }
    if query.outcome in numbers:
        return numbers[query.outcome]
    if query.page is not None:
        return _page(query, query.page, table, writer, max_limit)
    if query.groups is not None:
        groups = GroupWriter(query.groups, writer.parameters)
        return groups.documents(table, _bounds(query, writer.parameters, max_limit))
    tail = _order_of(query).clause(query.order) + _bounds(query, writer.parameters, max_limit)
    rows = _document_rows(query.read, table, tail, writer)
    return _for_keys(rows, writer) if query.outcome == "keys" else rows


def _for_keys(rows: str, writer: ConditionWriter) -> str:
    """Return the query of the row of each key of a list, in the list's order."""
    unnest = fn("unnest")
    lists = [f"{unnest}(${n}::{sent_type(writer.parameters[n - 1])})" for n in writer.listed]
    names = ", ".join([*(f"v{number}" for number in writer.listed), "n"])
    document = f"coalesce(d.doc, '{NO_ROW.decode()}'::{ty('bytea')})"
    return (
        f"SELECT {document} FROM ROWS FROM ({', '.join(lists)}) WITH ORDINALITY"
        f" AS {_KEYS}({names}) LEFT JOIN LATERAL ({rows}) AS d(doc) ON true ORDER BY {_KEYS}.n"
    )


def _page(
    query: RelationQuery, page: PageParts, table: str, writer: ConditionWriter, max_limit: int
) -> str:
    """Return the query of one page as one document; rows are read only if they are selected."""
    members, source = [], ""
    if page.items or page.has_next_page:
        limit = _limit_sql(query.limit, writer.parameters, max_limit)
        if page.items:
            items = f"{fn('json_agg')}(i.v) FILTER (WHERE i.n {op('<=')} {limit})"
            members.append(f"coalesce({items}, '[]'::{ty('json')}) AS \"{ITEMS}\"")
        if page.has_next_page:
            members.append(f'{fn("count")}(*) {op(">")} {limit} AS "{HAS_NEXT_PAGE}"')
        # One row more than the page has says whether others follow.
        tail = f"{_order_of(query).clause(query.order)} LIMIT {limit} {op('+')} 1"
        tail += row_count("OFFSET", query.offset, writer.parameters, MAX_OFFSET)
        value = _value(query.read, "t0", 0, writer) if page.items else "NULL"
        rows = f"SELECT {value} AS v FROM {table}{tail}"
        source = f" FROM (SELECT r.v, {fn('row_number')}() OVER () AS n FROM ({rows}) AS r) AS i"
    if page.total_count:
        table = table if not members else _table(query, writer)
        members.append(f'(SELECT {fn("count")}(*) FROM {table}) AS "{TOTAL_COUNT}"')
    parts = ", ".join(members or ["true AS page"])
    document = f"{fn('row_to_json')}(p.*)::{ty('text')}"
    return f"SELECT {_BYTES}({document}, 'UTF8') FROM (SELECT {parts}{source}) AS p"


def _connection(
    query: RelationQuery,
    parts: ConnectionParts,
    writer: ConditionWriter,
    max_limit: int,
    condition: str | None,
) -> str:
    """Return the query of one connection as one document."""
    tests = [] if query.where is None else [writer.condition(query.where)]
    tests += [] if condition is None else [condition]
    rows = ConnectionRows(
        f"{query.read.relation.sql} AS t0",
        " AND ".join(tests),
        _value(query.read, "t0", 0, writer) if parts.edges or parts.nodes else "",
        query.order,
        _limit_sql(query.limit, writer.parameters, max_limit, _size_name(parts)),
        OrderSql("t0", query.order, joined=True),
        "t0",
    )
    document = f"{fn('row_to_json')}(p.*)::{ty('text')}"
    return f"SELECT {_BYTES}({document}, 'UTF8') FROM ({connection_sql(parts, rows, writer)}) AS p"


def _embedded_connection(
    embed: Embedded,
    parts: ConnectionParts,
    conditions: str,
    depth: int,
    writer: ConditionWriter,
) -> str:
    """Return the expression of one connection as JSON, for each outer row."""
    alias = f"t{depth}"
    rows = ConnectionRows(
        f"{embed.read.relation.sql} AS {alias}",
        conditions,
        _value(embed.read, alias, depth, writer) if parts.edges or parts.nodes else "",
        embed.order,
        _limit_sql(embed.limit, writer.parameters, embed.max_limit, _size_name(parts)),
        OrderSql(alias, embed.order),
        alias,
    )
    return f"(SELECT {fn('row_to_json')}(p.*) FROM ({connection_sql(parts, rows, writer)}) AS p)"


def _size_name(parts: ConnectionParts) -> str:
    return "last" if parts.backward else "first"


def _limit_sql(limit: Any, parameters: list[Parameter], maximum: int, name: str = "limit") -> str:
    """Return a page's limit, as often as it is needed."""
    if type(limit) is int and 0 <= limit <= maximum:
        return str(limit)
    parameters.append(Parameter(limit, "int8", maximum=maximum, name=name))
    return f"${len(parameters)}::{ty('int8')}"


def _table(query: RelationQuery, writer: ConditionWriter) -> str:
    where = "" if query.where is None else f" WHERE {writer.condition(query.where)}"
    return f"{query.read.relation.sql} AS t0{_order_of(query).joins}{where}"


def _order_of(query: RelationQuery) -> OrderSql:
    return OrderSql("t0", query.order, joined=True)


def _document_rows(read: RelationRead, table: str, tail: str, writer: ConditionWriter) -> str:
    if read.fetched is not None:
        return f"SELECT {_fetched(read.fetched, writer)} FROM {table}{tail}"
    if read.is_document:
        text = f"{_document(read, 't0', writer)}::{ty('text')}"
        return f"SELECT {_BYTES}({text}, 'UTF8') FROM {table}{tail}"
    # The inner rows are ordered and limited; building JSON preserves their order.
    # r.* is always the row; r could be a column of that name, here or in an outer query.
    items = _row_items(read, "t0", 1, writer)
    return (
        f"SELECT {_BYTES}({fn('row_to_json')}(r.*)::{ty('text')}, 'UTF8')"
        f" FROM (SELECT {', '.join(items)} FROM {table}{tail}) AS r"
    )


def _document(read: RelationRead, alias: str, writer: ConditionWriter) -> str:
    assert read.document is not None  # noqa: S101 - is_document checked
    document = f"{alias}.{quote(read.document.name)}"
    return with_slices(document, read.slices, writer.parameters)


def _fetched(fetched: Fetched, writer: ConditionWriter) -> str:
    """Return the document of the row in another relation; empty when it has none."""
    columns = fetched.relation.columns
    joined = " AND ".join(
        f"k.{quote(name)} {op('=', columns[name].operators)} t0.{quote(name)}"
        for name in fetched.key
    )
    text = with_slices(f"k.{quote(fetched.document.name)}", fetched.slices, writer.parameters)
    text = f"{text}::{ty('text')}"
    document = f"SELECT {text} FROM {fetched.relation.sql} AS k WHERE {joined}"
    return f"coalesce({_BYTES}(({document}), 'UTF8'), '')"


def _row_items(read: RelationRead, alias: str, depth: int, writer: ConditionWriter) -> list[str]:
    """Return the select list of one row: columns, document, lifted keys and embeds."""
    items = [f"{alias}.{quote(name)}" for name in read.columns]
    items += [f"{alias}.{quote(name)} AS {quote(key)}" for key, name in read.renamed]
    if read.document is not None:
        items.append(f"{alias}.{quote(read.document.name)} AS {quote(DOCUMENT_KEY)}")
    items += [_lifted(alias, key, column) for key, column in read.keys]
    items += [
        f"{_embedded(embed, read.relation, alias, depth, writer)} AS {quote(embed.key)}"
        for embed in read.embeds
    ]
    return items


def _lifted(alias: str, key: str, column: Column) -> str:
    source = f"{alias}.{quote(column.name)}"
    valid_json = readable(source, column.base_type)
    if key != column.name:
        return f"{valid_json} {op('->')} {literal(key)} AS {quote(key)}"
    # A field with the document column's name: that key of the document, or the whole document.
    is_object = f"{fn(f'{column.base_type}_typeof')}({source}) {op('=')} 'object'"
    has_key = f"{valid_json}::{ty('jsonb')} {op('?')} {literal(key)}"
    return (
        f"CASE WHEN {is_object} AND {has_key} THEN {valid_json} {op('->')} {literal(key)}"
        f" ELSE {source} END AS {quote(key)}"
    )


def _embedded(
    embed: Embedded, around: Relation, outer: str, depth: int, writer: ConditionWriter
) -> str:
    alias, row = f"t{depth}", f"r{depth}"
    inside = embed.read.relation.columns
    joined = [
        f"{alias}.{quote(own)} {equals(inside[own], around.columns[other])} {outer}.{quote(other)}"
        for own, other in embed.join
    ]
    conditions = " AND ".join([*joined, *([f"({embed.condition})"] if embed.condition else [])])
    if embed.where is not None:
        conditions = f"{conditions} AND {writer.nested(embed.where, alias, depth)}"
    if embed.connection is not None:
        return _embedded_connection(embed, embed.connection, conditions, depth, writer)
    tail = OrderSql(alias, embed.order).clause(embed.order) + _embed_bounds(
        embed, writer.parameters
    )
    value = _value(embed.read, alias, depth, writer)
    inner = (
        f"SELECT {value} AS v FROM {embed.read.relation.sql} AS {alias} WHERE {conditions}{tail}"
    )
    if not embed.many:
        return f"(SELECT {row}.v FROM ({inner}) AS {row})"
    return (
        f"(SELECT coalesce({fn('json_agg')}({row}.v), '[]'::{ty('json')}) FROM ({inner}) AS {row})"
    )


def _value(read: RelationRead, alias: str, depth: int, writer: ConditionWriter) -> str:
    if read.is_document:
        return f"{_document(read, alias, writer)}::{ty('json')}"
    items = ", ".join(_row_items(read, alias, depth + 1, writer))
    return f"(SELECT {fn('row_to_json')}(x.*) FROM (SELECT {items}) AS x)"


def _embed_bounds(embed: Embedded, parameters: list[Parameter]) -> str:
    if embed.plain:
        return "" if embed.limit is None else f" LIMIT {embed.limit}"
    # The embed's own limit may read one row more than a request can ask for.
    maximum = max(embed.max_limit, embed.limit) if type(embed.limit) is int else embed.max_limit
    limit = row_count("LIMIT", embed.limit, parameters, maximum)
    return limit + row_count("OFFSET", embed.offset, parameters, MAX_OFFSET)


def _bounds(query: RelationQuery, parameters: list[Parameter], max_limit: int) -> str:
    limit = row_count("LIMIT", query.limit, parameters, max_limit)
    return limit + row_count("OFFSET", query.offset, parameters, MAX_OFFSET)
