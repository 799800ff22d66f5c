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


def refusals(kept: StoredType) -> Iterator[Violation]:
    """Yield everything that is declared and cannot be had."""
    inspection: ViewInspection = kept.inspection
    if inspection.taken:
        yield _taken(kept, inspection)
    if inspection.refused:
        yield Violation(
            "VIEW_NOT_STORABLE",
            kept.type_name,
            f"PostgreSQL refuses its sql: {inspection.refused}",
            "Correct the query; `psql` shows where it fails.",
        )
        return
    if kept.stored.sql is None:
        yield from _of_table(kept)
    else:
        yield from _of_query(kept, inspection)
    yield from _of_calls(kept, inspection)
    for read in inspection.reads:
        yield from _of_read(kept, read)


def _taken(kept: StoredType, inspection: ViewInspection) -> Violation:
    name = public_name(kept, inspection.schema)
    return Violation(
        "NAME_TAKEN",
        kept.type_name,
        f"there is {_TAKEN.get(inspection.taken, 'another relation')} {name} already, which"
        " FraiseQL did not make.",
        "Rename or drop it, or give sql_source another name.",
    )


def _of_table(kept: StoredType) -> Iterator[Violation]:
    yield from live_view.refusals(kept, embeds_of(kept))
    for predicate, inspection in predicates_of(kept, kept.type_name):
        yield from unreadable(predicate, inspection)
    if not key_of(kept):
        yield _needs_key(kept, f"{kept.table.sql} has no unique key that cannot be null.")
    if DOCUMENT in kept.table.columns:
        yield Violation(
            "VIEW_NOT_STORABLE",
            kept.type_name,
            f"{kept.table.sql} has a column {DOCUMENT!r}, which the document is called.",
            "Give MaterializedView(sql=…) the query, with the columns that the fields want.",
        )


def _of_query(kept: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    key = key_of(kept)
    if not key and not inspection.one_row:
        yield _needs_key(kept, "its rows have no key, and its plan may give more than one row.")
    if CONSTANT_KEY in inspection.columns:
        yield Violation(
            "VIEW_NOT_STORABLE",
            kept.type_name,
            f"its sql has a column {CONSTANT_KEY!r}, which is the framework's own.",
            "Call that column otherwise.",
        )
    for column in key:
        if column not in inspection.columns:
            near = suggestion(column, inspection.columns)
            yield _needs_key(kept, f"its sql has no key column {column!r}.{near}")
    if kept.definition.jsonb_column is None:
        yield from _of_fields(kept, inspection)


def _of_calls(kept: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    for call in uncertain(inspection):
        yield Violation(
            "VIEW_CHANGES",
            kept.type_name,
            f"its query calls {call.name}(), whose result may change or differ without a write.",
            "Leave it out, or leave the type live.",
        )
    for table in inspection.within:
        yield Violation(
            "VIEW_CHANGES",
            kept.type_name,
            f"its query, or the body of a function that it calls, reads {table}, whose writes would"
            " bring no refresh.",
            "Join the tables that a function reads in the query itself, or leave the type live.",
        )
    if reads_clock(inspection) and kept.stored.bound is None:
        yield Violation(
            "VIEW_CHANGES",
            kept.type_name,
            "its query reads the time, and only writes would bring a refresh.",
            'Add refresh="5m" or target_lag="1m": the time since the last refresh is its age.',
        )


def _of_fields(kept: StoredType, inspection: ViewInspection) -> Iterator[Violation]:
    for field in kept.own_fields():
        if field.name not in inspection.columns:
            yield Violation(
                "COLUMN_NOT_STORABLE",
                f"{kept.type_name}.{field.name}",
                f"its sql has no column {field.name!r}."
                f"{suggestion(field.name, inspection.columns)}",
                "Name a column of the query as the field is called, or remove the field.",
            )


def _needs_key(kept: StoredType, why: str) -> Violation:
    return Violation(
        "NEEDS_KEY",
        kept.type_name,
        f"{why} REFRESH … CONCURRENTLY, during which readers go on, needs a unique key of plain"
        " columns.",
        'Name the columns that identify a row: MaterializedView(…, key=("country", "month")).',
    )


def _of_read(kept: StoredType, read: ReadRelation) -> Iterator[Violation]:
    if read.secured:
        yield Violation(
            "ROW_SECURITY",
            kept.type_name,
            f"{read.sql} has row security: roles see different rows, a view keeps one answer.",
            "Leave the type live; or keep a query over tables that every reader may read whole.",
        )
    why = _untracked(read)
    if why:
        yield Violation(
            "WRITES_NOT_SEEN",
            kept.type_name,
            f"{read.sql} {why}",
            "Read tables whose writes can be logged, or leave the type live.",
        )
    elif not read.owned:
        yield Violation(
            "WRITES_NOT_SEEN",
            kept.type_name,
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
