"""Refusals: why a declared view cannot be kept, or its age could not be told."""

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
    """Yield everything that is declared and cannot be had."""
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
        f"there is {_TAKEN.get(inspection.taken, 'another relation')} {name} already, which"
        " FraiseQL did not make.",
        "Rename or drop it, or give sql_source another name.",
    )


def _of_table(stored_type: StoredType) -> Iterator[Violation]:
    yield from live_view.refusals(stored_type, embeds_of(stored_type))
    for predicate, inspection in predicates_of(stored_type, stored_type.type_name):
        yield from unreadable(predicate, inspection)
    if not key_of(stored_type):
        yield _needs_key(
            stored_type, f"{stored_type.table.sql} has no unique key that cannot be null."
        )
    if DOCUMENT in stored_type.table.columns:
        yield Violation(
            "VIEW_NOT_STORABLE",
            stored_type.type_name,
            f"{stored_type.table.sql} has a column {DOCUMENT!r}, which the document is called.",
            "Give MaterializedView(sql=…) the query, with the columns that the fields want.",
        )


def _of_query(stored_type: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    key = key_of(stored_type)
    if not key and not inspection.one_row:
        yield _needs_key(
            stored_type, "its rows have no key, and its plan may give more than one row."
        )
    if CONSTANT_KEY in inspection.columns:
        yield Violation(
            "VIEW_NOT_STORABLE",
            stored_type.type_name,
            f"its sql has a column {CONSTANT_KEY!r}, which is the framework's own.",
            "Call that column otherwise.",
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
            " bring no refresh.",
            "Join the tables that a function reads in the query itself, or leave the type live.",
        )
    if reads_clock(inspection) and stored_type.stored.bound is None:
        yield Violation(
            "VIEW_CHANGES",
            stored_type.type_name,
            "its query reads the time, and only writes would bring a refresh.",
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
                "Name a column of the query as the field is called, or remove the field.",
            )


def _needs_key(stored_type: StoredType, why: str) -> Violation:
    return Violation(
        "NEEDS_KEY",
        stored_type.type_name,
        f"{why} REFRESH … CONCURRENTLY, during which readers go on, needs a unique key of plain"
        " columns.",
        'Name the columns that identify a row: MaterializedView(…, key=("country", "month")).',
    )


def _of_read(stored_type: StoredType, read: ReadRelation) -> Iterator[Violation]:
    if read.secured:
        yield Violation(
            "ROW_SECURITY",
            stored_type.type_name,
            f"{read.sql} has row security: roles see different rows, a view keeps one answer.",
            "Leave the type live; or keep a query over tables that every reader may read whole.",
        )
    why = _untracked(read)
    if why:
        yield Violation(
            "WRITES_NOT_SEEN",
            stored_type.type_name,
            f"{read.sql} {why}",
            "Read tables whose writes can be logged, or leave the type live.",
        )
    elif not read.owned:
        yield Violation(
            "WRITES_NOT_SEEN",
            stored_type.type_name,
            f"{read.sql} is not the connected role's: no trigger can be put on it.",
            "Apply as a member of its role; or leave the type live.",
            create_only=True,
        )


def _untracked(read: ReadRelation) -> str:
    """Return why writes of a table do not all come to the log; empty when they do."""
    reasons = (
        (read.catalog, "is PostgreSQL's own: no trigger can log its writes."),
        (read.kind == "m", "is a materialized view: nothing tells when it is refreshed."),
        (read.kind == "S", "is a sequence: nothing tells when it goes on."),
        (read.kind == "f", "is a foreign table: nothing tells when it is written."),
        (read.persistence != "p", "is not logged: a crash empties it, and no trigger fires."),
        (read.subscribed, "is written by a subscription, which fires no statement triggers."),
    )
    return next((reason for holds, reason in reasons if holds), "")
