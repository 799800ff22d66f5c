"""Views over a projection: the one that serving reads, and the one that is everybody's."""
# ruff: noqa: S608 - identifiers are quoted

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import Kept
from fraiseql.caching.strategies.projection.lineage import must_be_built_from
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.tree import columns
from fraiseql.catalog.picture import quote


def columns_of(spec: ProjectionSpec) -> tuple[str, ...]:
    """Return the columns of a projection."""
    body = ("body",) if spec.text else ()
    return (*(column.name for column in spec.key), "data", *body)


def whole(spec: ProjectionSpec) -> str:
    """Return the comment of the view that is there while the projection is whole."""
    return f"partitions: {spec.parts or 'none'}"


def reading_view(spec: ProjectionSpec) -> DatabaseObject:
    """Write the view by which this very generation is read.

    It comes when the rows are whole, and goes before anything else: who reads it when the
    triggers are taken away, or a partition comes or goes, is told so by an error, and reads live.
    """
    name = spec.reading.sql
    return DatabaseObject(
        "view",
        name,
        (must_be_built_from(spec), _view(name, spec), f"COMMENT ON VIEW {name} IS '{whole(spec)}'"),
        (f"DROP VIEW IF EXISTS {name}",),
        spec.owner,
        needs=(f"rows of {spec.table.sql}",),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
    )


def public_view(kept: Kept, spec: ProjectionSpec) -> DatabaseObject:
    """Write the view ``tv_x``: replaced in place when another generation is whole."""
    plain = f"tv_{live_view.plain_name(kept.table.name)}"
    name = f"{quote(kept.table.schema)}.{quote(plain)}"
    return DatabaseObject(
        "view",
        name,
        (_view(name, spec),),
        (f"DROP VIEW IF EXISTS {name}",),
        spec.owner,
        needs=(spec.table.sql,),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
    )


def _view(name: str, spec: ProjectionSpec) -> str:
    listed = columns("t", columns_of(spec))
    return f"CREATE OR REPLACE VIEW {name} AS SELECT {listed} FROM {spec.table.sql} t"
