"""Tables of stores, and the objects that all stores share.

A store is a ring of segments. Rows are only inserted; the newest row of a key is valid. When a
segment is full, the oldest one is truncated: no row is deleted, so vacuum has nothing to do.
"""

from typing import Final, Literal

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.caching.results.sql.ring import ring_functions
from fraiseql.sql_files import load_sql

TableStoreName = Literal["unlogged", "logged"]

SEGMENTS: Final = 4
"""Segments of a ring; with fewer of them, entries get a second chance less often."""

EPOCH: Final = '"fraiseql"."result_epoch"'
SECRET: Final = '"fraiseql"."secret"'  # noqa: S105 - a name
NEW_SECRET: Final = '"fraiseql"."new_secret"()'  # noqa: S105 - a name
NEW_EPOCH: Final = '"fraiseql"."new_result_epoch"()'
INVALIDATE: Final = '"fraiseql"."invalidate"(text[])'

_SQL: Final = load_sql(__name__)


def segments(store: TableStoreName) -> tuple[str, ...]:
    """Return the quoted names of a store's segments, in order."""
    return tuple(f'"fraiseql"."results_{store[0]}{number}"' for number in range(SEGMENTS))


def ring(store: TableStoreName) -> str:
    """Return the quoted name of the table whose one row holds the current segment."""
    return f'"fraiseql"."result_ring_{store}"'


def store_objects(store: TableStoreName) -> tuple[DatabaseObject, ...]:
    """Return the objects of one store, which only their owner may use at first."""
    tables = tuple(_segment(store, name) for name in segments(store))
    state = _ring(store)
    needs = (*(table.name for table in tables), state.name)
    functions = ring_functions(store, segments(store), state.name)
    created = [private_function(name, create, *needs) for name, create in functions.items()]
    return (*tables, state, *created)


def common_objects() -> tuple[DatabaseObject, ...]:
    """Return the objects that all stores share: epoch, secret, and invalidation by label."""
    epoch = DatabaseObject(
        "table",
        EPOCH,
        (
            _SQL["result_epoch"].text,
            f"COMMENT ON TABLE {EPOCH} IS 'A number that is lost in a crash'",
            f"REVOKE ALL ON {EPOCH} FROM PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {EPOCH}",),
    )
    secret = DatabaseObject(
        "table",
        SECRET,
        (
            _SQL["secret"].text,
            f"COMMENT ON TABLE {SECRET} IS 'What entries in Redis and row tags are hashed with'",
            f"REVOKE ALL ON {SECRET} FROM PUBLIC",
            _SQL["create_secret"].text,
        ),
        (f"DROP TABLE IF EXISTS {SECRET}",),
    )
    return (
        epoch,
        secret,
        private_function(NEW_SECRET, _SQL["new_secret"].text, SECRET),
        private_function(NEW_EPOCH, _SQL["new_result_epoch"].text, EPOCH),
        private_function(INVALIDATE, _SQL["invalidate"].text, LOG),
    )


# Rows are updated or deleted only on request, so vacuum would read for nothing; TRUNCATE resets a
# table's age.
_UNVACUUMED: Final = "autovacuum_enabled = false, toast.autovacuum_enabled = false"


def _segment(store: TableStoreName, name: str) -> DatabaseObject:
    create = f"""\
CREATE {_persistence(store)}TABLE IF NOT EXISTS {name} (
  key bytea NOT NULL,
  upto xid8 NOT NULL,
  snap pg_snapshot NOT NULL,
  tags text[] NOT NULL,
  shape bigint NOT NULL,
  expires timestamptz,
  made timestamptz NOT NULL,
  cost real NOT NULL,
  query text NOT NULL,
  home oid NOT NULL,
  etag bytea NOT NULL,
  body bytea NOT NULL
) WITH ({_UNVACUUMED})"""
    index = name.replace('"fraiseql".', "").strip('"') + "_key"
    return DatabaseObject(
        "table",
        name,
        (
            create,
            # Compression takes longer than all the rest of a hit.
            f"ALTER TABLE {name} ALTER COLUMN body SET STORAGE EXTERNAL",
            f'CREATE INDEX IF NOT EXISTS "{index}" ON {name} (key, upto)',
            f"COMMENT ON TABLE {name} IS 'Results of queries; emptied when its turn comes'",
            f"REVOKE ALL ON {name} FROM PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {name}",),
    )


def _ring(store: TableStoreName) -> DatabaseObject:
    name = ring(store)
    create = f"""\
CREATE {_persistence(store)}TABLE IF NOT EXISTS {name} (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  current integer NOT NULL DEFAULT 0,
  turns bigint NOT NULL DEFAULT 0,
  rest timestamptz NOT NULL DEFAULT '-infinity'
)"""
    return DatabaseObject(
        "table",
        name,
        (
            create,
            f"COMMENT ON TABLE {name} IS 'Which segment of the store is written'",
            f"REVOKE ALL ON {name} FROM PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {name}",),
    )


def _persistence(store: TableStoreName) -> str:
    return "UNLOGGED " if store == "unlogged" else ""
