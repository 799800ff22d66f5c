"""Database objects of a materialized view."""
# ruff: noqa: S608 - identifiers are quoted from the catalog, and the query is the developer's own

from collections.abc import Iterator

from fraiseql.caching.changes.adoption import adoption_object
from fraiseql.caching.changes.log import log_objects, trigger_object
from fraiseql.caching.changes.state import STATE, state_object
from fraiseql.caching.dependencies.recorded import (
    fingerprint_name,
    fingerprint_object,
    fingerprint_objects,
    is_unchanged,
    record,
)
from fraiseql.caching.dependencies.view_age import (
    begin_state,
    end_state,
    forget_state,
    unknown_since,
)
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.live_view import DOCUMENT
from fraiseql.caching.strategies.materialized_view.inspection import ViewInspection
from fraiseql.caching.strategies.materialized_view.names import (
    CONSTANT_KEY,
    embeds_of,
    key_of,
    live_name,
    physical_name,
    public_name,
    query_of,
)
from fraiseql.caching.strategies.materialized_view.queries import reads_clock
from fraiseql.catalog.picture import quote
from fraiseql.expressions import literal


def view_objects(stored_type: StoredType) -> Iterator[DatabaseObject]:
    """Yield the objects of a materialized view, in the order of creation.

    The triggers come before the view, so that the log has writes made while the view is built.
    """
    inspection: ViewInspection = stored_type.inspection
    state = state_object()
    yield from (*log_objects(), state, adoption_object())
    for table in inspection.reads:
        # The view does not need it: a repaired trigger must not cause a rebuild of the view.
        yield trigger_object(table.sql, unknown_since(table.sql))
    yield from _live(stored_type)
    yield from fingerprint_objects()
    yield _fingerprint(stored_type)
    yield _view(stored_type)
    yield _public(stored_type)


def physical(stored_type: StoredType) -> str:
    """Return the quoted, qualified name of the materialized view."""
    return ".".join(
        quote(part) for part in physical_name(stored_type, stored_type.inspection.schema)
    )


def _live(stored_type: StoredType) -> Iterator[DatabaseObject]:
    if stored_type.stored.sql is None:
        yield from live_view.objects(stored_type, embeds_of(stored_type))
        return
    name = live_name(stored_type, stored_type.inspection.schema)
    query, _ = query_of(stored_type)
    create = f"CREATE OR REPLACE VIEW {name} AS {query}"
    yield DatabaseObject(
        "view",
        name,
        (create,),
        (f"DROP VIEW IF EXISTS {name}",),
        stored_type.type_name,
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
        declared=create,
    )


def _fingerprint(stored_type: StoredType) -> DatabaseObject:
    """Record the definitions behind a view's rows, before the rows are computed."""
    name, own = physical(stored_type), stored_type.stored.sql is not None
    live = (
        live_name(stored_type, stored_type.inspection.schema)
        if own
        else live_view.view_name(stored_type)
    )
    statement = record(name, (live,) if own else (live, stored_type.table.sql))
    # A view populated before its fingerprint was recorded has an unknown age.
    after = (f"UPDATE {STATE} SET snap = NULL WHERE name = {literal(name)}",)
    needs = (live, state_object().name)
    return fingerprint_object(name, statement, stored_type.type_name, needs, after=after)


def _view(stored_type: StoredType) -> DatabaseObject:
    name, clock = physical(stored_type), reads_clock(stored_type.inspection)
    query, functions = query_of(stored_type)
    key = key_of(stored_type)
    if not key:
        query = f"SELECT q.*, 1 AS {quote(CONSTANT_KEY)} FROM ({query}) AS q"
    columns = ", ".join(quote(column) for column in key or (CONSTANT_KEY,))
    create = f"CREATE MATERIALIZED VIEW {name} AS {query}"
    return DatabaseObject(
        "materialized view",
        name,
        (
            *begin_state(name, clock=clock),
            create,
            f"CREATE UNIQUE INDEX ON {name} ({columns})",
            end_state(name, is_unchanged(name)),
        ),
        (f"DROP MATERIALIZED VIEW IF EXISTS {name}", forget_state(name)),
        stored_type.type_name,
        needs=(
            state_object().name,
            fingerprint_name(name),
            *(function.object.name for function in functions),
        ),
        lock="ACCESS SHARE on what the query reads, for as long as it runs",
        declared=create,
    )


def _public(stored_type: StoredType) -> DatabaseObject:
    name, view = public_name(stored_type, stored_type.inspection.schema), physical(stored_type)
    columns = stored_type.inspection.columns or (*stored_type.table.columns, DOCUMENT)
    select = ", ".join(quote(column) for column in columns)
    return DatabaseObject(
        "view",
        name,
        (f"CREATE OR REPLACE VIEW {name} AS SELECT {select} FROM {view}",),
        (f"DROP VIEW IF EXISTS {name}",),
        stored_type.type_name,
        needs=(view,),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
    )
