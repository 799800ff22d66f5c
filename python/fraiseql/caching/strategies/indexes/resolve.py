"""Resolving: a declared index becomes one that statements are proven to use, or a refusal."""

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
from fraiseql.schema.storage import Gin, Index, RollingIndex
from fraiseql.values import as_wire, plain

_ORDERED: Final = frozenset({"int8", "numeric", "float8", "timestamptz", "timestamp", "date"})
_UNORDERED: Final = frozenset({"any", "array", OPAQUE})
ROLLED: Final = frozenset({"timestamptz", "timestamp", "date"})


def resolve(one: IndexedType, declared: Any) -> IndexSpec | Violation:
    """Return the index that a declaration asks for, or why it cannot be had."""
    refused = _of_table(one)
    if refused is not None:
        return refused
    try:
        if isinstance(declared, Gin):
            return _gin(one, declared)
        if isinstance(declared, RollingIndex):
            return _rolling(one, declared)
        if isinstance(declared, Index):
            return _btree(one, declared)
    except _RefusedError as error:
        return error.refusal
    return Violation(
        "BAD_DECLARATION",
        one.type_name,
        f"indexes= holds {declared!r}, which is no index.",
        "Write Index((column,)), RollingIndex(column, window=…) or Gin(column).",
    )


class _RefusedError(Exception):
    def __init__(self, one: IndexedType, code: str, message: str, alternative: str) -> None:
        self.refusal = Violation(code, one.type_name, message, alternative)
        super().__init__(message)


_KINDS: Final = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "p": "a partitioned table, on which PostgreSQL builds no index concurrently",
}


def _of_table(one: IndexedType) -> Violation | None:
    table = one.table
    if table.kind != "r":
        return Violation(
            "INDEX_TABLE",
            one.type_name,
            f"{table.sql} is {_KINDS.get(table.kind, 'no table')}.",
            "Declare the indexes on a type over the table itself; for a partitioned one write"
            " CREATE INDEX yourself, partition by partition.",
        )
    return None


def _btree(one: IndexedType, declared: Index) -> IndexSpec:
    names = (declared.columns,) if isinstance(declared.columns, str) else declared.columns
    accesses = [(_named(one, name.removeprefix("-")), name.startswith("-")) for name in names]
    items = [_item(one, access, descending) for access, descending in accesses]
    found = _conditions(one, declared.where)
    predicate = " AND ".join(_condition_sql(one, condition) for condition in found)
    ties = _ties(one, accesses)
    return IndexSpec(
        declared,
        one.type_name,
        one.table,
        "btree",
        (*items, *ties),
        tuple(found),
        predicate,
    )


def _ties(one: IndexedType, accesses: list[tuple[FieldAccess, bool]]) -> list[str]:
    """Return the rest of the key, which every order ends with, in the direction of the last."""
    named = {access.column.name for access, _ in accesses if not access.in_document}
    tail = " DESC" if accesses[-1][1] else ""
    return [quote(name) + tail for name in one.key if name not in named]


def _rolling(one: IndexedType, declared: RollingIndex) -> IndexSpec:
    access = _named(one, declared.column.removeprefix("-"))
    if access.in_document or wire_type(access) not in ROLLED:
        raise _RefusedError(
            one,
            "INDEX_COLUMN",
            f"RollingIndex({declared.column!r}) needs a column of type timestamptz, timestamp"
            f" or date; {access.name} is {_described(access)}.",
            "Give the table such a column, or declare Index with a constant.",
        )
    descending = declared.column.startswith("-")
    items = (_item(one, access, descending), *_ties(one, [(access, descending)]))
    return IndexSpec(declared, one.type_name, one.table, "btree", items, rolled=access)


def _gin(one: IndexedType, declared: Gin) -> IndexSpec:
    column = one.relation.columns.get(declared.column)
    document = one.definition.jsonb_column
    if column is None or declared.column != document:
        known = [document] if document else []
        said = "" if column is None else f" ({column.type_name})"
        raise _RefusedError(
            one,
            "UNPROVEN_INDEX",
            f"Gin({declared.column!r}){said} is not the jsonb_column of the type, so no filter of"
            f" it asks for containment.{suggestion(declared.column, known)}",
            "For one field declare Index((name,)): it is smaller, and serves orders too.",
        )
    if column.base_type != "jsonb":
        raise _RefusedError(
            one,
            "INDEX_COLUMN",
            f"Gin({declared.column!r}): the column is {column.type_name}, which GIN cannot hold.",
            "Make the column jsonb.",
        )
    inside = [access for access in one.accesses.values() if access.in_document]
    if not any(may_be_contained(access) for access in inside):
        raise _RefusedError(
            one,
            "UNPROVEN_INDEX",
            f"Gin({declared.column!r}): no field of {one.type_name} is found inside of it by"
            " containment.",
            "Declare Index((name,)) for each field that is filtered by.",
        )
    return IndexSpec(
        declared, one.type_name, one.table, "gin", (f"{quote(column.name)} jsonb_path_ops",)
    )


def _named(one: IndexedType, name: str) -> FieldAccess:
    found = one.accesses.get(name)
    if found is not None:
        return found
    raise _RefusedError(
        one,
        "INDEX_COLUMN",
        f"{one.table.sql} has no column, and {one.type_name} no field, {name!r}."
        f"{suggestion(name, one.accesses)}",
        "Name a column, or a field that stands in the document.",
    )


def _described(access: FieldAccess) -> str:
    return f"a key of {access.column.name}" if access.in_document else access.column.type_name


def _item(one: IndexedType, access: FieldAccess, descending: bool) -> str:
    if access.form in _UNORDERED or not access.ordered:
        raise _RefusedError(
            one,
            "INDEX_COLUMN",
            f"{access.name} is {_described(access)}: it has no order that a request can ask for.",
            "For equality inside of a jsonb_column declare Gin(column).",
        )
    _require_constant_form(one, access)
    return expression("", access) + (" DESC" if descending else "")


def _require_constant_form(one: IndexedType, access: FieldAccess) -> None:
    if not as_json(access):
        return
    if wire_type(access) in SESSION_WIRES:
        raise _RefusedError(
            one,
            "INDEX_COLUMN",
            f"{access.name} is a {access.type_name} kept as text in {access.column.name}: reading"
            " it depends on settings of the session, and PostgreSQL keeps no index on that.",
            f"Give {access.name} a column of its own.",
        )
    if access.column.base_type != "jsonb":
        raise _RefusedError(
            one,
            "INDEX_COLUMN",
            f"{access.name} is read from {access.column.name}, which is"
            f" {access.column.type_name}: PostgreSQL keeps no index on how that is read.",
            "Make the column jsonb."
            if access.in_document
            else f"Declare {access.name} with the type that its column has.",
        )


def _conditions(one: IndexedType, where: Any) -> list[IndexCondition]:
    found = changing(where)
    if found:
        asked = latest(where)
        column, window = asked or ("column", "30 days")
        raise _RefusedError(
            one,
            "PREDICATE_CHANGES",
            f"the predicate of an index calls {', '.join(found)}, whose result changes with time,"
            " and PostgreSQL keeps no such index.",
            f'Declare RollingIndex("-{column}", window="{window}"): its cut-off is a constant that'
            " is moved on.",
        )
    try:
        return [_fitted(one, condition) for condition in conditions(where)]
    except UnprovenError as error:
        raise _RefusedError(
            one,
            "UNPROVEN_INDEX",
            f"the predicate {where!r}: {error}; no compiled filter could be proven to imply it.",
            'Write fields with constants, where={"active": True, "deleted_at": None}, or'
            " comparisons with constants joined by AND.",
        ) from error


def _fitted(one: IndexedType, condition: IndexCondition) -> IndexCondition:
    """Return a condition with its constant as the driver takes it."""
    access = _named(one, condition.name)
    if condition.value is None:
        return IndexCondition(access.name, condition.operator)
    _require_constant_form(one, access)
    wire = wire_type(access)
    if access.form in _UNORDERED:
        raise UnprovenError(f"{access.name} is {_described(access)}")
    # Values of float4 are compared after rounding, constants before.
    if condition.operator != "eq" and (wire not in _ORDERED or access.column.base_type == "float4"):
        raise UnprovenError(f"{access.name} is compared by order, and is {_described(access)}")
    try:
        value = as_wire(wire, plain(condition.value))
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        said = f"{condition.value!r} does not fit {access.name}, which is {_described(access)}"
        raise UnprovenError(said) from error
    return IndexCondition(access.name, condition.operator, value)


def _condition_sql(one: IndexedType, condition: IndexCondition) -> str:
    access = one.accesses[condition.name]
    if condition.operator == "not_null":
        return f"{tested('', access)} IS NOT NULL"
    return compared("", access, condition.operator, condition.value)
