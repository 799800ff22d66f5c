"""Functions that insert into a store and truncate its oldest segment.

An insert holds the store's advisory lock until its commit, so that only one makes room at a time
and the bytes on disk are always bounded.
"""
# ruff: noqa: S608 - names are constants

from collections.abc import Mapping, Sequence
from typing import Final

from fraiseql.caching.advisory_locks import STORE_INSERTS

TURN: Final = "100ms"
"""How long an insert waits for another."""

EMPTYING: Final = "20ms"
"""How long truncating waits for readers; new readers wait behind it."""

REST: Final = "1 second"
"""Pause before it is tried again: a dump may hold a segment for minutes."""

_COLUMNS: Final = "key, upto, snap, tags, shape, expires, made, cost, query, home, etag, body"
_HEAD: Final = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp"


def ring_functions(store: str, segments: Sequence[str], ring: str) -> Mapping[str, str]:
    """Return the statements that create a store's functions, by their names.

    Args:
        store: ``unlogged`` or ``logged``.
        segments: Quoted names of its tables.
        ring: Quoted name of the table that holds the current segment.
    """
    parts = {
        "store": store,
        "stem": segments[0].rstrip('"')[:-1],
        "ring": ring,
        "count": len(segments),
        "lock": STORE_INSERTS[store],
        "turn": TURN,
        "emptying": EMPTYING,
        "rest": REST,
        "head": _HEAD,
        "columns": _COLUMNS,
        "needed": _NEEDED.format(row=""),
        "needed_of_row": _NEEDED.format(row="n."),
        "newest": newest(segments, "$1"),
        "removed": "\n  ".join(_REMOVED.format(segment=name) for name in segments),
    }
    texts = {_TURN_NAME: _TURN, _ROOM_NAME: _ROOM, STORE_NAME: _STORE, KEEP_NAME: _KEEP}
    return {name.format(store=store): text.format(**parts) for name, text in texts.items()}


def newest(segments: Sequence[str], key: str) -> str:
    """Return the query for the newest row of a key, with the number of its segment.

    Args:
        segments: Quoted names of a store's tables.
        key: SQL of the key.
    """
    parts = [
        f"(SELECT {number} AS segment, r.tableoid AS place, r.* FROM {name} r"
        f" WHERE r.key = {key} ORDER BY r.upto DESC LIMIT 1)"
        for number, name in enumerate(segments)
    ]
    union = "\nUNION ALL ".join(parts)
    return f"SELECT * FROM ({union}) AS every ORDER BY upto DESC LIMIT 1"


_REMOVED: Final = """\
DELETE FROM {segment} r WHERE r.key = $1 AND (r.home <> r.tableoid
    OR pg_snapshot_xmax(r.snap) > pg_snapshot_xmax(pg_current_snapshot()));"""

_TURN_NAME: Final = '"fraiseql"."result_turn_{store}"()'
_ROOM_NAME: Final = '"fraiseql"."result_room_{store}"(bigint, bigint, boolean)'
STORE_NAME: Final = (
    '"fraiseql"."store_result_{store}"(bytea, text, text[], pg_snapshot, bigint,'
    " double precision, real, bytea, bytea, bigint)"
)
KEEP_NAME: Final = '"fraiseql"."keep_result_{store}"(bytea, bigint)'

_TURN: Final = """\
CREATE OR REPLACE FUNCTION "fraiseql"."result_turn_{store}"()
RETURNS boolean {head} SET lock_timeout = '{turn}' AS $fraiseql$
BEGIN
  PERFORM pg_advisory_xact_lock({lock});
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $fraiseql$"""

# Called with the lock held. Each statement of a volatile function has a new snapshot: those after
# the lock see the previous holder's rows.
_ROOM: Final = """\
CREATE OR REPLACE FUNCTION "fraiseql"."result_room_{store}"(needed bigint, most bigint,
  making boolean)
RETURNS integer {head} SET lock_timeout = '{emptying}' AS $fraiseql$
DECLARE
  state {ring}%ROWTYPE;
  oldest integer;
  segment regclass;
BEGIN
  SELECT * INTO state FROM {ring};
  IF NOT FOUND THEN
    INSERT INTO {ring} DEFAULT VALUES RETURNING * INTO state;
  END IF;
  segment := ('{stem}' || state.current || '"')::regclass;
  IF pg_total_relation_size(segment) + needed <= most / {count} THEN
    RETURN state.current;
  ELSIF NOT making OR state.rest BETWEEN clock_timestamp()
      AND clock_timestamp() + interval '{rest}' THEN
    RETURN -1;
  END IF;
  oldest := (state.current + 1) % {count};
  segment := ('{stem}' || oldest || '"')::regclass;
  BEGIN
    IF pg_relation_size(segment) > 0 THEN
      EXECUTE format('TRUNCATE %s', segment);
    END IF;
  EXCEPTION WHEN lock_not_available THEN
    UPDATE {ring} SET rest = clock_timestamp() + interval '{rest}';
    RETURN -1;
  END;
  UPDATE {ring} SET current = oldest, turns = turns + 1;
  RETURN oldest;
END $fraiseql$"""

# Bytes of a row in its table, in TOAST and in the indexes, with the pages that it may start.
_NEEDED: Final = "octet_length({row}body) * 1.06 + pg_column_size({row}tags) + 24576"

_STORE: Final = """\
CREATE OR REPLACE FUNCTION "fraiseql"."store_result_{store}"(key bytea, query text, tags text[],
  snap pg_snapshot, shape bigint, ttl double precision, cost real, body bytea, etag bytea,
  most bigint)
RETURNS text {head} AS $fraiseql$
DECLARE
  needed bigint := {needed};
  begun timestamptz := clock_timestamp() - make_interval(secs => cost / 1000);
  room integer;
BEGIN
  IF needed > most / {count} * 2 / 5 THEN
    RETURN 'too_large';
  ELSIF pg_snapshot_xmax(snap) > pg_snapshot_xmax(pg_current_snapshot()) THEN
    RETURN 'refused';
  ELSIF NOT "fraiseql"."result_turn_{store}"() THEN
    RETURN 'full';
  END IF;
  room := "fraiseql"."result_room_{store}"(needed, most, true);
  IF room < 0 THEN
    RETURN 'full';
  END IF;
  EXECUTE format('INSERT INTO {stem}%s" ({columns})
    VALUES ($1, pg_snapshot_xmax($2), $2, $3, $4, $5, $6, $7, $8, %L, $9, $10)',
    room, ('{stem}' || room || '"')::regclass::oid)
  USING key, snap, tags, shape, begun + make_interval(secs => ttl), begun, cost, query, etag, body;
  RETURN 'stored';
END $fraiseql$"""

# Rewrites a row of the segment that is truncated next, with the same label. It makes no room, which
# would truncate that segment. A row that came with a backup, or from a later snapshot, is removed:
# it would seem valid later.
_KEEP: Final = """\
CREATE OR REPLACE FUNCTION "fraiseql"."keep_result_{store}"(bytea, bigint)
RETURNS boolean {head} AS $fraiseql$
DECLARE
  place integer;
  needed bigint;
  room integer;
BEGIN
  IF NOT "fraiseql"."result_turn_{store}"() THEN
    RETURN false;
  END IF;
  {removed}
  SELECT n.segment, {needed_of_row} INTO place, needed FROM ({newest}) AS n;
  room := "fraiseql"."result_room_{store}"(needed, $2, false);
  IF place IS NULL OR room < 0 OR room = place THEN
    RETURN false;
  END IF;
  EXECUTE format('INSERT INTO {stem}%s" ({columns})
    SELECT r.key, r.upto, r.snap, r.tags, r.shape, r.expires, r.made, r.cost, r.query, %L,
      r.etag, r.body
    FROM {stem}%s" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1',
    room, ('{stem}' || room || '"')::regclass::oid, place)
  USING $1;
  RETURN true;
END $fraiseql$"""
