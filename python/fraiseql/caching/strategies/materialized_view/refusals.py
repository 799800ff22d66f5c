"""Checks of a declared materialized view."""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.live_view import DOCUMENT
from fraiseql.caching.strategies.materialized_view.inspection import ReadRelation, ViewInspection
from fraiseql.caching.strategies.materialized_view.names import (
    CONSTANT_KEY,
    embeds_of,
    key_of,
    public_name,
)
from fraiseql.caching.strategies.materialized_view.queries import reads_clock, uncertain
from fraiseql.caching.strategies.predicates import predicates_of, unreadable
from fraiseql.naming import suggestion

_TAKEN: Final = {"m": "a materialized view", "r": "a table", "p": "a table", "f": "a foreign table"}


def refusals(stored_type: StoredType) -> Iterator[Violation]:
    """Yield the reasons for refusing the declaration."""
    inspection: ViewInspection = stored_type.inspection
    if inspection.taken:
        yield _taken(stored_type, inspection)
    if inspection.refused:
        yield Violation(
            "VIEW_NOT_STORABLE",
            stored_type.type_name,
            f"PostgreSQL refuses its sql: {inspection.refused}",
            "Correct the query; `psql` shows where it fails.",
        )
        return
    if stored_type.stored.sql is None:
        yield from _of_table(stored_type)
    else:
        yield from _of_query(stored_type, inspection)
    yield from _of_calls(stored_type, inspection)
    for read in inspection.reads:
        yield from _of_read(stored_type, read)


def _taken(stored_type: StoredType, inspection: ViewInspection) -> Violation:
    name = public_name(stored_type, inspection.schema)
    return Violation(
        "NAME_TAKEN",
        stored_type.type_name,
        f"{name} exists already: {_TAKEN.get(inspection.taken, 'another relation')} that FraiseQL"
        " did not create.",
        "Rename or drop it, or set sql_source to another name.",
    )


def _of_table(stored_type: StoredType) -> Iterator[Violation]:
    yield from live_view.refusals(stored_type, embeds_of(stored_type))
    for predicate, inspection in predicates_of(stored_type, stored_type.type_name):
        yield from unreadable(predicate, inspection)
    if not key_of(stored_type):
        yield _needs_key(stored_type, f"{stored_type.table.sql} has no unique NOT NULL key.")
    if DOCUMENT in stored_type.table.columns:
        yield Violation(
            "VIEW_NOT_STORABLE",
            stored_type.type_name,
            f"{stored_type.table.sql} has a column {DOCUMENT!r}, as the document column is named.",
            "Write the query as MaterializedView(sql=…), with the columns that the fields need.",
        )


def _of_query(stored_type: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    key = key_of(stored_type)
    if not key and not inspection.one_row:
        yield _needs_key(
            stored_type, "its rows have no key, and its plan may return more than one row."
        )
    if CONSTANT_KEY in inspection.columns:
        yield Violation(
            "VIEW_NOT_STORABLE",
            stored_type.type_name,
            f"its sql has a column {CONSTANT_KEY!r}, a name that the framework uses.",
            "Rename the column.",
        )
    for column in key:
        if column not in inspection.columns:
            near = suggestion(column, inspection.columns)
            yield _needs_key(stored_type, f"its sql has no key column {column!r}.{near}")
    if stored_type.definition.jsonb_column is None:
        yield from _of_fields(stored_type, inspection)


def _of_calls(stored_type: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    for call in uncertain(inspection):
        yield Violation(
            "VIEW_CHANGES",
            stored_type.type_name,
            f"its query calls {call.name}(), whose result may change or differ without a write.",
            "Leave it out, or leave the type live.",
        )
    for table in inspection.within:
        yield Violation(
            "VIEW_CHANGES",
            stored_type.type_name,
            f"its query, or the body of a function that it calls, reads {table}, whose writes would"
            " cause no refresh.",
            "Join the tables that a function reads in the query itself, or leave the type live.",
        )
    if reads_clock(inspection) and stored_type.stored.bound is None:
        yield Violation(
            "VIEW_CHANGES",
            stored_type.type_name,
            "its query reads the time, and only writes would cause a refresh.",
            'Add refresh="5m" or target_lag="1m": the time since the last refresh is its age.',
        )


def _of_fields(stored_type: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    for field in stored_type.own_fields():
        if field.name not in inspection.columns:
            yield Violation(
                "COLUMN_NOT_STORABLE",
                f"{stored_type.type_name}.{field.name}",
                f"its sql has no column {field.name!r}."
                f"{suggestion(field.name, inspection.columns)}",
                "Add a column with the name of the field to the query, or remove the field.",
            )


def _needs_key(stored_type: StoredType, problem: str) -> Violation:
    return Violation(
        "NEEDS_KEY",
        stored_type.type_name,
        f"{problem} REFRESH … CONCURRENTLY, which does not block readers, needs a unique key of"
        " plain columns.",
        'Name the columns that identify a row: MaterializedView(…, key=("country", "month")).',
    )


def _of_read(stored_type: StoredType, read: ReadRelation) -> Iterator[Violation]:
    if read.secured:
        yield Violation(
            "ROW_SECURITY",
            stored_type.type_name,
            f"{read.sql} has row security: roles see different rows, but a view stores one result.",
            "Leave the type live; or store a query over tables of which readers may see every row.",
        )
    reason = _untracked(read)
    if reason:
        yield Violation(
            "WRITES_NOT_SEEN",
            stored_type.type_name,
            f"{read.sql} {reason}",
            "Read tables whose writes can be logged, or leave the type live.",
        )
    elif not read.owned:
        yield Violation(
            "WRITES_NOT_SEEN",
            stored_type.type_name,
            f"{read.sql} does not belong to the connected role, which can create no trigger on it.",
            "Apply as a member of its role; or leave the type live.",
            create_only=True,
        )


def _untracked(read: ReadRelation) -> str:
    """Return why the log misses writes of a table; empty if it has all of them."""
    reasons = (
        (read.catalog, "belongs to PostgreSQL: no trigger can log its writes."),
        (read.kind == "m", "is a materialized view: no trigger fires when it is refreshed."),
        (read.kind == "S", "is a sequence: no trigger fires when it advances."),
        (read.kind == "f", "is a foreign table: no trigger fires when it is written elsewhere."),
        (read.persistence != "p", "is not logged: a crash empties it, and no trigger fires."),
        (read.subscribed, "is written by a subscription, which fires no statement triggers."),
    )
    return next((reason for applies, reason in reasons if applies), "")
