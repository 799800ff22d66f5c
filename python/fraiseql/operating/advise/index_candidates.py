"""Candidate indexes from the scans of plans."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from fraiseql.caching.definition.tables import Table
from fraiseql.caching.strategies.base import ResolveContext
from fraiseql.caching.strategies.indexes.objects import drop
from fraiseql.caching.strategies.indexes.resolve import resolve
from fraiseql.caching.strategies.indexes.spec import IndexedType, IndexSpec
from fraiseql.catalog.picture import quote
from fraiseql.expressions import literal
from fraiseql.field_access import find_accesses
from fraiseql.operating.advise.candidate import Candidate, Kind
from fraiseql.operating.advise.comparisons import PlanComparison, ScanItem
from fraiseql.operating.advise.rolling_candidates import rolling_candidates
from fraiseql.operating.advise.scans import PlanScan
from fraiseql.operating.advise.table_facts import TableFacts
from fraiseql.operating.advise.workload import WorkloadStatement
from fraiseql.schema.indexes import Gin, Index

LEAST_SHARE: Final = 0.2
"""Scans of a smaller share of a plan's cost get no index."""

_MOST_ITEMS: Final = 4
_MOST_VALUES: Final = 10
_PAGE: Final = 8_192
_TUPLE_BYTES: Final = 16.0
_FILL: Final = 0.9
_LOCK: Final = "SHARE UPDATE EXCLUSIVE on {}: neither reads nor writes wait"


@dataclass(frozen=True, slots=True)
class IndexShape:
    """Columns of an index to try, with its condition.

    Attributes:
        items: Columns or keys, each with whether it is descending.
        where: Columns or keys, and the constants that they equal; None for null.
        contains: Whether it is a GIN index of the first item.
    """

    items: tuple[tuple[ScanItem, bool], ...]
    where: tuple[tuple[ScanItem, Any], ...] = ()
    contains: bool = False


class IndexCandidates:
    """Makes candidates of the types and tables of an application.

    Args:
        context: Schema and catalog.
        tables: Facts of the tables by ``schema.name``.
    """

    def __init__(self, context: ResolveContext, tables: Mapping[str, TableFacts]) -> None:
        self._tables = tables
        self._types: dict[str, list[IndexedType]] = {}
        for each in _types(context):
            name = f"{each.table.schema}.{each.table.name}"
            self._types.setdefault(name, []).append(each)

    def of_scan(self, scan: PlanScan, statement: WorkloadStatement) -> Iterator[Candidate]:
        """Yield the candidates for a scan of a statement."""
        facts = self._tables.get(scan.name)
        if facts is None or scan.share < LEAST_SHARE or facts.kind == "p":
            return
        types = self._types.get(facts.name, ())
        yield from rolling_candidates(scan, statement, facts, types, datetime.now(UTC))
        for shape in shapes(scan, facts):
            candidate = self._candidate(shape, facts)
            if candidate is not None:
                yield replace(
                    candidate, operations=statement.operations, statements=(statement.id,)
                )

    def _candidate(self, shape: IndexShape, facts: TableFacts) -> Candidate | None:
        for indexed in self._types.get(facts.name, ()):
            declared = _declared(shape, indexed)
            spec = None if declared is None else resolve(indexed, declared)
            if isinstance(spec, IndexSpec):
                present = _exists(spec, facts)
                return None if present else _of_spec(spec, shape, facts, indexed.type_name)
        if any(item.wrapped for item, _ in (*shape.items, *shape.where)):
            return None
        spec = _undeclared(shape, facts)
        return None if _exists(spec, facts) else _of_spec(spec, shape, facts, "")


def shapes(scan: PlanScan, facts: TableFacts) -> Iterator[IndexShape]:
    """Yield the indexes to try for a scan: with the conditions of joins, and without them."""
    alone = replace(scan, comparisons=tuple(each for each in scan.comparisons if not _joined(each)))
    yield from dict.fromkeys((*_shapes(scan, facts), *_shapes(alone, facts)))


def _shapes(scan: PlanScan, facts: TableFacts) -> Iterator[IndexShape]:
    equal, ranges = _columns(scan, "equal"), _columns(scan, "range")
    constants = _constants(scan)
    yield from (IndexShape(((each, False),), contains=True) for each in _columns(scan, "contains"))
    fixed = [each for each in equal if each not in constants]
    order = [each for each in _order(scan, facts) if each[0] not in equal]
    tails: list[list[tuple[ScanItem, bool]]] = []
    if order:
        tails.append(order)
    if ranges and (not order or order[0][0] != ranges[0]):
        tails.append([(ranges[0], False)])
    for tail in tails or [[]]:
        head = [(each, False) for each in fixed[:_MOST_ITEMS]]
        whole = [(each, False) for each in constants if constants[each] is not None]
        if head or tail:
            where = tuple(constants.items())
            if where:
                yield IndexShape((*head, *tail), where)
            yield IndexShape((*head, *whole, *tail))
        elif whole:
            yield IndexShape(tuple(whole))


def _columns(scan: PlanScan, sort: str) -> list[ScanItem]:
    """Return the items that are compared, those without another relation first."""
    own = [each for each in scan.comparisons if each.sort == sort]
    own.sort(key=lambda each: bool(_joined(each)))
    items = dict.fromkeys(replace(each.item, alias="") for each in own)
    return list(items)


def _joined(comparison: PlanComparison) -> bool:
    operand = comparison.operand
    return bool(operand) and not (comparison.constant or operand.startswith(("$", "ANY", "'", "(")))


def _constants(scan: PlanScan) -> dict[ScanItem, Any]:
    """Return the items that the statement compares with constants."""
    constants: dict[ScanItem, Any] = {}
    for each in scan.comparisons:
        item = replace(each.item, alias="")
        if each.sort in ("true", "false"):
            constants[item] = each.sort == "true"
        elif each.sort == "null" and each.operator == "IS NULL":
            constants[item] = None
        elif each.sort == "equal" and each.constant:
            constants[item] = _value(each.constant)
    return constants


def _value(text: str) -> Any:
    bare, _, type_name = text.partition("::")
    if bare.startswith("'"):
        inner = bare[1:-1].replace("''", "'")
        return int(inner) if type_name in ("bigint", "smallint") else inner
    if bare in ("true", "false"):
        return bare == "true"
    return float(bare) if "." in bare else int(bare)


def _order(scan: PlanScan, facts: TableFacts) -> list[tuple[ScanItem, bool]]:
    """Return the order of a sort, or of the index that a scan with a filter follows."""
    if scan.order:
        return [(replace(item, alias=""), descending) for item, descending in scan.order]
    if not (scan.index and scan.limit):
        return []
    index = next((each for each in facts.indexes if facts.bare_name(each) == scan.index), None)
    if index is None or index.method != "btree":
        return []
    pairs = zip(index.items, index.descending, strict=True)
    return [(ScanItem("", text.strip('"')), down) for text, down in pairs if "(" not in text]


def _types(context: ResolveContext) -> Iterator[IndexedType]:
    """Yield every type over a table that may have indexes."""
    for name, definition in context.schema.objects.items():
        source = definition.sql_source or ""
        table = context.tables.get(source)
        if table is None or table.kind != "r":
            continue
        relation = context.catalog.relation(source, wanted_by=name)
        accesses = find_accesses(context.schema, name, relation, definition.jsonb_column)
        usual = ("id",) if "id" in relation.columns else ()
        key = definition.key or relation.key or usual
        yield IndexedType(name, definition, relation, table, accesses, key)


def _declared(shape: IndexShape, indexed: IndexedType) -> Index | Gin | None:
    """Return the declaration of a shape; None if the type has no such field or column."""
    if shape.contains:
        return Gin(shape.items[0][0].column)
    names = [_name(item, indexed) for item, _ in shape.items]
    conditions = [(_name(item, indexed), value) for item, value in shape.where]
    if None in names or any(name is None for name, _ in conditions):
        return None
    # The key is appended by the declaration.
    pairs = list(zip(names, (down for _, down in shape.items), strict=True))
    while len(pairs) > 1 and pairs[-1][0] in indexed.key and pairs[-1][1] == pairs[-2][1]:
        pairs.pop()
    columns = tuple(f"{'-' if down else ''}{name}" for name, down in pairs)
    return Index(columns, where={str(name): value for name, value in conditions} or None)


def _name(item: ScanItem, indexed: IndexedType) -> str | None:
    """Return the field or column of an item."""
    for name, access in indexed.accesses.items():
        inside = access.in_document
        same = (name == item.key and item.wrapped) if inside else not item.key
        if access.column.name == item.column and same:
            return name
    return None


def _undeclared(shape: IndexShape, facts: TableFacts) -> IndexSpec:
    """Return the index of a table without a type that can declare it."""
    items = [_sql(item) + (" DESC" if down else "") for item, down in shape.items]
    predicate = " AND ".join(
        f"{_sql(item)} IS NULL" if value is None else f"{_sql(item)} = {_literal(value)}"
        for item, value in shape.where
    )
    table = Table(facts.schema, facts.bare, facts.kind, {}, owned=facts.owned)
    return IndexSpec(
        None, "", table, "gin" if shape.contains else "btree", tuple(items), (), predicate
    )


def _sql(item: ScanItem) -> str:
    return f"({quote(item.column)} ->> {literal(item.key)})" if item.key else quote(item.column)


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | int | float) else literal(value)


def _exists(spec: IndexSpec, facts: TableFacts) -> bool:
    """Return whether an index has the same columns, or begins with them."""
    wanted_items = [item.replace('"', "") for item in spec.items]
    for index in facts.indexes:
        pairs = zip(index.items, index.descending, strict=True)
        items = [text.replace('"', "") + (" DESC" if down else "") for text, down in pairs]
        turned = [_turned(item) for item in items]
        same_rows = bool(index.predicate) == bool(spec.predicate)
        begins = wanted_items in (items[: len(wanted_items)], turned[: len(wanted_items)])
        if index.valid and index.method == spec.method and same_rows and begins:
            return True
        if index.name == f"{spec.table.schema}.{spec.name}":
            return True
    return False


def _turned(item: str) -> str:
    return item.removesuffix(" DESC") if item.endswith(" DESC") else f"{item} DESC"


def _of_spec(spec: IndexSpec, shape: IndexShape, facts: TableFacts, type_name: str) -> Candidate:
    kind: Kind = "index"
    if shape.contains:
        kind = "gin index"
    elif spec.predicate:
        kind = "partial index"
    elif any(item.key for item, _ in shape.items):
        kind = "expression index"
    text = written(spec.declared) if type_name else ""
    return Candidate(
        kind,
        type_name or facts.name,
        facts.name,
        "indexes" if type_name else "",
        text,
        (spec.create(spec.predicate),),
        (drop(spec.sql_name()),),
        declared=spec.declared,
        lock=_LOCK.format(spec.table.sql),
        size=_size(shape, facts),
        schema=facts.schema,
    )


def written(declared: Any) -> str:
    """Return the Python text of a declared index."""
    if isinstance(declared, Gin):
        return f"fraiseql.Gin({_quoted(declared.column)})"
    columns = declared.columns if isinstance(declared.columns, tuple) else (declared.columns,)
    names = ", ".join(_quoted(name) for name in columns)
    text = f"({names},)" if len(columns) == 1 else f"({names})"
    if not declared.where:
        return f"fraiseql.Index({text})"
    pairs = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in declared.where.items())
    return f"fraiseql.Index({text}, where={{{pairs}}})"


def _quoted(value: Any) -> str:
    """Return a literal of Python in double quotes, as ruff writes it."""
    if not isinstance(value, str):
        return repr(value)
    text = repr(value)
    return text if '"' in value or text.startswith('"') else f'"{text[1:-1]}"'


def _size(shape: IndexShape, facts: TableFacts) -> int:
    """Return the estimated bytes of an index."""
    width = sum(facts.width.get(item.column, 8.0) for item, _ in shape.items)
    share = 1.0
    for item, value in shape.where:
        values = facts.distinct_values(item.column)
        share /= 2.0 if value is None else min(max(values, 1.0), _MOST_VALUES)
    return round(facts.rows * share * (width + _TUPLE_BYTES) / _FILL) + _PAGE


def merged(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates, each once with all operations and statements that it may help."""
    by_id: dict[str, Candidate] = {}
    for each in candidates:
        own = by_id.get(each.id)
        by_id[each.id] = each if own is None else _joined_candidate(own, each)
    return list(by_id.values())


def _joined_candidate(first: Candidate, second: Candidate) -> Candidate:
    return replace(
        first,
        operations=_union(first.operations, second.operations),
        statements=_union(first.statements, second.statements),
    )


def _union(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
