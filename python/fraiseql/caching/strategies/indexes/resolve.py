"""Checks of declared indexes, and their specs."""

from decimal import InvalidOperation
from typing import Any, Final

from fraiseql.caching.strategies.base import Violation
from fraiseql.caching.strategies.indexes.predicate import (
    IndexCondition,
    UnprovenError,
    changing,
    conditions,
    latest,
)
from fraiseql.caching.strategies.indexes.spec import IndexedType, IndexSpec
from fraiseql.catalog.picture import quote
from fraiseql.expressions import compared, expression, tested
from fraiseql.field_access import (
    OPAQUE,
    SESSION_WIRES,
    FieldAccess,
    as_json,
    may_be_contained,
    wire_type,
)
from fraiseql.naming import suggestion
from fraiseql.schema.indexes import Gin, Index, RollingIndex
from fraiseql.values import as_wire, plain

_ORDERED: Final = frozenset({"int8", "numeric", "float8", "timestamptz", "timestamp", "date"})
_UNORDERED: Final = frozenset({"any", "array", OPAQUE})
ROLLED: Final = frozenset({"timestamptz", "timestamp", "date"})


def resolve(indexed: IndexedType, declared: Index | RollingIndex | Gin) -> IndexSpec | Violation:
    """Return the spec of a declared index, or the reason for refusing it."""
    refused = _of_table(indexed)
    if refused is not None:
        return refused
    try:
        if isinstance(declared, Gin):
            return _gin(indexed, declared)
        if isinstance(declared, RollingIndex):
            return _rolling(indexed, declared)
        return _btree(indexed, declared)
    except _RefusedError as error:
        return error.refusal


class _RefusedError(Exception):
    def __init__(self, indexed: IndexedType, code: str, message: str, alternative: str) -> None:
        self.refusal = Violation(code, indexed.type_name, message, alternative)
        super().__init__(message)


_KINDS: Final = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "p": "a partitioned table, on which PostgreSQL cannot build an index concurrently",
}


def _of_table(indexed: IndexedType) -> Violation | None:
    table = indexed.table
    if table.kind != "r":
        return Violation(
            "INDEX_TABLE",
            indexed.type_name,
            f"{table.sql} is {_KINDS.get(table.kind, 'no table')}.",
            "Declare the indexes on a type over the table itself; for a partitioned one write"
            " CREATE INDEX yourself, partition by partition.",
        )
    return None


def _btree(indexed: IndexedType, declared: Index) -> IndexSpec:
    names = (declared.columns,) if isinstance(declared.columns, str) else declared.columns
    accesses = [(_named(indexed, name.removeprefix("-")), name.startswith("-")) for name in names]
    items = [_item(indexed, access, descending) for access, descending in accesses]
    parsed = _conditions(indexed, declared.where)
    predicate = " AND ".join(_condition_sql(indexed, condition) for condition in parsed)
    ties = _ties(indexed, accesses)
    return IndexSpec(
        declared,
        indexed.type_name,
        indexed.table,
        "btree",
        (*items, *ties),
        tuple(parsed),
        predicate,
    )


def _ties(indexed: IndexedType, accesses: list[tuple[FieldAccess, bool]]) -> list[str]:
    """Return the other key columns, which end every order, in the direction of the last item."""
    listed = {access.column.name for access, _ in accesses if not access.in_document}
    tail = " DESC" if accesses[-1][1] else ""
    return [quote(name) + tail for name in indexed.key if name not in listed]


def _rolling(indexed: IndexedType, declared: RollingIndex) -> IndexSpec:
    access = _named(indexed, declared.column.removeprefix("-"))
    if access.in_document or wire_type(access) not in ROLLED:
        raise _RefusedError(
            indexed,
            "INDEX_COLUMN",
            f"RollingIndex({declared.column!r}) needs a column of type timestamptz, timestamp"
            f" or date; {access.name} is {_described(access)}.",
            "Give the table such a column, or declare Index with a constant.",
        )
    descending = declared.column.startswith("-")
    items = (_item(indexed, access, descending), *_ties(indexed, [(access, descending)]))
    return IndexSpec(declared, indexed.type_name, indexed.table, "btree", items, rolled=access)


def _gin(indexed: IndexedType, declared: Gin) -> IndexSpec:
    column = indexed.relation.columns.get(declared.column)
    document = indexed.definition.jsonb_column
    if column is None or declared.column != document:
        choices = [document] if document else []
        type_name = "" if column is None else f" ({column.type_name})"
        raise _RefusedError(
            indexed,
            "UNPROVEN_INDEX",
            f"Gin({declared.column!r}){type_name} is not the jsonb_column of the type, so no filter"
            f" of it tests for containment.{suggestion(declared.column, choices)}",
            "For one field declare Index((name,)): it is smaller and serves orders too.",
        )
    if column.base_type != "jsonb":
        raise _RefusedError(
            indexed,
            "INDEX_COLUMN",
            f"Gin({declared.column!r}): GIN does not support {column.type_name} here.",
            "Make the column jsonb.",
        )
    inside = [access for access in indexed.accesses.values() if access.in_document]
    if not any(may_be_contained(access) for access in inside):
        raise _RefusedError(
            indexed,
            "UNPROVEN_INDEX",
            f"Gin({declared.column!r}): no field of {indexed.type_name} can be filtered by"
            " containment.",
            "Declare Index((name,)) for each field that is filtered by.",
        )
    return IndexSpec(
        declared, indexed.type_name, indexed.table, "gin", (f"{quote(column.name)} jsonb_path_ops",)
    )


def _named(indexed: IndexedType, name: str) -> FieldAccess:
    access = indexed.accesses.get(name)
    if access is not None:
        return access
    raise _RefusedError(
        indexed,
        "INDEX_COLUMN",
        f"{indexed.table.sql} has no column, and {indexed.type_name} no field, {name!r}."
        f"{suggestion(name, indexed.accesses)}",
        "Name a column, or a field inside the document.",
    )


def _described(access: FieldAccess) -> str:
    return f"a key of {access.column.name}" if access.in_document else access.column.type_name


def _item(indexed: IndexedType, access: FieldAccess, descending: bool) -> str:
    if access.form in _UNORDERED or not access.ordered:
        raise _RefusedError(
            indexed,
            "INDEX_COLUMN",
            f"{access.name} is {_described(access)}: requests cannot order by it.",
            "For equality inside a jsonb_column declare Gin(column).",
        )
    _require_constant_form(indexed, access)
    return expression("", access) + (" DESC" if descending else "")


def _require_constant_form(indexed: IndexedType, access: FieldAccess) -> None:
    if not as_json(access):
        return
    if wire_type(access) in SESSION_WIRES:
        raise _RefusedError(
            indexed,
            "INDEX_COLUMN",
            f"{access.name} is a {access.type_name} stored as text in {access.column.name}: reading"
            " it depends on settings of the session, which PostgreSQL cannot index.",
            f"Give {access.name} a column of its own.",
        )
    if access.column.base_type != "jsonb":
        raise _RefusedError(
            indexed,
            "INDEX_COLUMN",
            f"{access.name} is read from {access.column.name}, which is"
            f" {access.column.type_name}: PostgreSQL cannot index that conversion.",
            "Make the column jsonb."
            if access.in_document
            else f"Declare {access.name} with the type of its column.",
        )


def _conditions(indexed: IndexedType, where: Any) -> list[IndexCondition]:
    words = changing(where)
    if words:
        column, window = latest(where) or ("column", "30 days")
        raise _RefusedError(
            indexed,
            "PREDICATE_CHANGES",
            f"the predicate of an index calls {', '.join(words)}, whose result changes with time,"
            " and PostgreSQL supports no such index.",
            f'Declare RollingIndex("-{column}", window="{window}"): its cut-off is a constant'
            " that is advanced.",
        )
    try:
        return [_fitted(indexed, condition) for condition in conditions(where)]
    except UnprovenError as error:
        raise _RefusedError(
            indexed,
            "UNPROVEN_INDEX",
            f"the predicate {where!r}: {error}; no compiled filter could be proven to imply it.",
            'Write fields with constants, where={"active": True, "deleted_at": None}, or'
            " comparisons with constants joined by AND.",
        ) from error


def _fitted(indexed: IndexedType, condition: IndexCondition) -> IndexCondition:
    """Return a condition with its constant in the form that the driver takes."""
    access = _named(indexed, condition.name)
    if condition.value is None:
        return IndexCondition(access.name, condition.operator)
    _require_constant_form(indexed, access)
    wire = wire_type(access)
    if access.form in _UNORDERED:
        raise UnprovenError(f"{access.name} is {_described(access)}")
    # Values of float4 are compared after rounding, constants before.
    if condition.operator != "eq" and (wire not in _ORDERED or access.column.base_type == "float4"):
        raise UnprovenError(f"{access.name} is compared by order, but is {_described(access)}")
    try:
        value = as_wire(wire, plain(condition.value))
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        problem = f"{condition.value!r} does not fit {access.name}, which is {_described(access)}"
        raise UnprovenError(problem) from error
    return IndexCondition(access.name, condition.operator, value)


def _condition_sql(indexed: IndexedType, condition: IndexCondition) -> str:
    access = indexed.accesses[condition.name]
    if condition.operator == "not_null":
        return f"{tested('', access)} IS NOT NULL"
    return compared("", access, condition.operator, condition.value)
