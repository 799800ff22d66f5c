-- result_turn: Wait for the store's lock, which is held until the commit.
CREATE OR REPLACE FUNCTION "fraiseql"."result_turn_{store}"()
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '{turn}' AS $fraiseql$
BEGIN
  PERFORM pg_advisory_xact_lock({lock});
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $fraiseql$;

-- result_room: Return the segment to insert into, or -1. The caller holds the lock.
-- Each statement of a volatile function has a new snapshot: those after the lock see the previous
-- holder's rows.
CREATE OR REPLACE FUNCTION "fraiseql"."result_room_{store}"(needed bigint, most bigint,
  making boolean)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '{emptying}' AS $fraiseql$
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
END $fraiseql$;

-- store_result: Insert a row into the current segment.
CREATE OR REPLACE FUNCTION "fraiseql"."store_result_{store}"(key bytea, query text, tags text[],
  snap pg_snapshot, shape bigint, ttl double precision, cost real, body bytea, etag bytea,
  most bigint)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
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
  EXECUTE format('INSERT INTO {stem}%s" (key, upto, snap, tags, shape, expires, made, cost, query, home, etag, body)
    VALUES ($1, pg_snapshot_xmax($2), $2, $3, $4, $5, $6, $7, $8, %L, $9, $10)',
    room, ('{stem}' || room || '"')::regclass::oid)
  USING key, snap, tags, shape, begun + make_interval(secs => ttl), begun, cost, query, etag, body;
  RETURN 'stored';
END $fraiseql$;

-- keep_result: Copy the row of a key out of the segment that is truncated next, with its label.
-- It makes no room, which would truncate that segment. A row that came with a backup, or from a
-- later snapshot, is removed: it would seem valid later.
CREATE OR REPLACE FUNCTION "fraiseql"."keep_result_{store}"(bytea, bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
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
  EXECUTE format('INSERT INTO {stem}%s" (key, upto, snap, tags, shape, expires, made, cost, query, home, etag, body)
    SELECT r.key, r.upto, r.snap, r.tags, r.shape, r.expires, r.made, r.cost, r.query, %L,
      r.etag, r.body
    FROM {stem}%s" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1',
    room, ('{stem}' || room || '"')::regclass::oid, place)
  USING $1;
  RETURN true;
END $fraiseql$;
