"""Tables and views of a projection, its queue, and the shared flush."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.projection.problems import must_be_built_from
from fraiseql.caching.strategies.projection.spec import KeyColumn, ProjectionSpec
from fraiseql.caching.strategies.projection.tree import BY_INDEX, FLUSH, SCHEMA, Tree, columns
from fraiseql.catalog.picture import quote

_CHURN = (
    "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, "
    "autovacuum_vacuum_insert_threshold = -1)"
)
"""The transaction that queues a row deletes it too: only vacuum frees the space."""

NEW = "new"
BUILDING = "building"
BUILT = "built"
"""States of a projection, stored as the comment on its table."""

_TRIGGER = f"{SCHEMA}.flush_projections()"

_DISPATCH = f"""\
CREATE OR REPLACE FUNCTION {_TRIGGER} RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp {BY_INDEX} AS $fraiseql$
DECLARE
  fql_names text[];
  fql_name text;
BEGIN
  WITH gone AS (
    DELETE FROM {FLUSH} WHERE xid = pg_current_xact_id() RETURNING projection
  )
  SELECT array_agg(projection ORDER BY projection) INTO fql_names FROM gone;
  -- In one order, so that two transactions cannot wait for each other's projections.
  FOREACH fql_name IN ARRAY coalesce(fql_names, '{{}}') LOOP
    EXECUTE format('SELECT {SCHEMA}.%I()', fql_name || '_flush');
  END LOOP;
  RETURN NULL;
END $fraiseql$"""


def shared_objects() -> tuple[DatabaseObject, ...]:
    """Return the objects shared by all projections: the schema, and the flush at commit.

    They are equal for every projection, so that lists can be joined by ``DatabaseObject.key``.
    """
    constraint = f"""\
DO $fraiseql$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger
                 WHERE tgrelid = '{FLUSH}'::regclass AND tgname = 'flush') THEN
    CREATE CONSTRAINT TRIGGER flush AFTER INSERT ON {FLUSH} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION {_TRIGGER};
  END IF;
END $fraiseql$"""
    return (
        DatabaseObject(
            "schema",
            SCHEMA,
            (f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",),
            (f"DROP SCHEMA IF EXISTS {SCHEMA}",),
        ),
        DatabaseObject("table", FLUSH, _flush_table(), (f"DROP TABLE {FLUSH}",), needs=(SCHEMA,)),
        DatabaseObject(
            "function",
            _TRIGGER,
            (_DISPATCH, f"REVOKE ALL ON FUNCTION {_TRIGGER} FROM PUBLIC"),
            (f"DROP FUNCTION {_TRIGGER}",),
            needs=(FLUSH,),
            replaces=True,
        ),
        DatabaseObject(
            "trigger",
            f"flush ON {FLUSH}",
            (constraint, f"ALTER TABLE {FLUSH} ENABLE ALWAYS TRIGGER flush"),
            (f"DROP TRIGGER flush ON {FLUSH}",),
            needs=(FLUSH, _TRIGGER),
            lock=f"SHARE ROW EXCLUSIVE on {FLUSH}, until the transaction ends",
        ),
    )


def _flush_table() -> tuple[str, ...]:
    """Return the table of pending flushes; USAGE lets any role run SET CONSTRAINTS."""
    create = (
        f"CREATE UNLOGGED TABLE IF NOT EXISTS {FLUSH} "
        "(xid xid8 NOT NULL DEFAULT pg_current_xact_id(), projection text NOT NULL, "
        f"PRIMARY KEY (xid, projection)) {_CHURN}"
    )
    return (
        create,
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC",
    )


def own_tables(tree: Tree) -> tuple[DatabaseObject, ...]:
    """Return the live view, the table and the queue of one projection."""
    storage = (_body_storage(tree),) if tree.spec.text else ()
    return (_live_view(tree), _projection(tree), *storage, _queue(tree))


def _live_view(tree: Tree) -> DatabaseObject:
    view = tree.spec.view.sql
    create = f"CREATE OR REPLACE VIEW {view} AS {tree.spec.view_sql}"
    return DatabaseObject(
        kind="view",
        name=view,
        create=(create,),
        drop=(f"DROP VIEW IF EXISTS {view}",),
        owner=tree.spec.owner,
        needs=(SCHEMA, *tree.spec.calls),
        replaces=True,
        declared=create,
    )


def _projection(tree: Tree) -> DatabaseObject:
    spec = tree.spec
    keys = ", ".join(_key_column(column) for column in spec.key)
    body = ", body json NOT NULL" if spec.text else ""
    primary = ", ".join(quote(column.name) for column in spec.key)
    create = (
        f"CREATE TABLE IF NOT EXISTS {spec.table.sql} "
        f"({keys}, data jsonb NOT NULL{body}, PRIMARY KEY ({primary})) WITH (fillfactor = 80)"
    )
    return DatabaseObject(
        kind="table",
        name=spec.table.sql,
        create=(create, f"COMMENT ON TABLE {spec.table.sql} IS '{NEW}'"),
        drop=(f"DROP TABLE IF EXISTS {spec.table.sql}",),
        owner=spec.owner,
    )


def _body_storage(tree: Tree) -> DatabaseObject:
    """Return the storage of the text, which is an object of its own: tables without it get it too.

    Decompressing takes longer than all the rest of a read. Rows that exist stay compressed until
    they are written again.
    """
    spec = tree.spec
    table = spec.table.sql
    return DatabaseObject(
        kind="column",
        name=f'{table}."body"',
        create=(f'ALTER TABLE {table} ALTER COLUMN "body" SET STORAGE EXTERNAL',),
        drop=(f'ALTER TABLE IF EXISTS {table} ALTER COLUMN "body" SET STORAGE EXTENDED',),
        owner=spec.owner,
        needs=(table,),
        lock=f"ACCESS EXCLUSIVE on {table}, for a moment",
        replaces=True,
        adopts=True,
    )


def _key_column(column: KeyColumn) -> str:
    collated = f" COLLATE {column.collation}" if column.collation else ""
    return f"{quote(column.name)} {column.type}{collated} NOT NULL"


def _queue(tree: Tree) -> DatabaseObject:
    queue = tree.own("queue")
    typed = ", ".join(f"{name} {kind}" for name, kind in tree.queued())
    is_async = tree.spec.mode == "async"
    # A queue that a worker processes later must survive a crash, and has the time of each change.
    logged = "" if is_async else "UNLOGGED "
    at = " at timestamptz NOT NULL DEFAULT clock_timestamp()," if is_async else ""
    create = (
        f"CREATE {logged}TABLE IF NOT EXISTS {queue.sql} "
        f"(xid xid8 NOT NULL DEFAULT pg_current_xact_id(),{at} everything boolean, {typed}) "
        f"{_CHURN}"
    )
    ordered = ("xid", "at") if is_async else ("xid",)
    indexes = [
        f"CREATE INDEX IF NOT EXISTS {quote(f'{queue.name}_{name}')} ON {queue.sql} ({name})"
        for name in ordered
    ]
    return DatabaseObject(
        kind="table",
        name=queue.sql,
        create=(create, *indexes),
        drop=(f"DROP TABLE IF EXISTS {queue.sql}",),
        owner=tree.spec.owner,
        needs=(SCHEMA,),
    )


def columns_of(spec: ProjectionSpec) -> tuple[str, ...]:
    """Return the columns of a projection."""
    body = ("body",) if spec.text else ()
    return (*(column.name for column in spec.key), "data", *body)


def built_comment(spec: ProjectionSpec) -> str:
    """Return the comment on the view that exists while the projection is complete."""
    return f"partitions: {spec.parts or 'none'}"


def reading_view(spec: ProjectionSpec) -> DatabaseObject:
    """Return the view by which serving reads this generation.

    It is created once all rows are stored and dropped before anything else. A reader that meets a
    removed trigger or a changed partition gets an error from it, and reads live.
    """
    name = spec.reading.sql
    return DatabaseObject(
        "view",
        name,
        (
            must_be_built_from(spec),
            _view(name, spec),
            f"COMMENT ON VIEW {name} IS '{built_comment(spec)}'",
        ),
        (f"DROP VIEW IF EXISTS {name}",),
        spec.owner,
        needs=(f"rows of {spec.table.sql}",),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
    )


def public_view(stored_type: StoredType, spec: ProjectionSpec) -> DatabaseObject:
    """Return the view ``tv_x``, replaced in place when another generation is complete."""
    plain = f"tv_{live_view.plain_name(stored_type.table.name)}"
    name = f"{quote(stored_type.table.schema)}.{quote(plain)}"
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
