-- ledger
CREATE SCHEMA IF NOT EXISTS fraiseql;
CREATE TABLE fraiseql.ledger_version (version integer NOT NULL);
CREATE TABLE fraiseql.ledger (
  kind text NOT NULL,
  name text NOT NULL,
  owner text NOT NULL,
  digest text NOT NULL,
  state text NOT NULL CHECK (state IN ('doing', 'done', 'dropping')),
  transactional boolean NOT NULL,
  undo text[] NOT NULL,
  needs text[] NOT NULL,
  seen text,
  seen_by integer,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name));
COMMENT ON TABLE fraiseql.ledger IS 'What FraiseQL made here';
INSERT INTO fraiseql.ledger_version VALUES (1);

-- table "fraiseql"."changes"
CREATE TABLE IF NOT EXISTS "fraiseql"."changes" (
  tag text NOT NULL,
  xid xid8 NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tag, xid)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX IF NOT EXISTS "changes_xid" ON "fraiseql"."changes" (xid);
COMMENT ON TABLE "fraiseql"."changes" IS 'Which transaction wrote which table';
REVOKE ALL ON "fraiseql"."changes" FROM PUBLIC;
GRANT USAGE ON SCHEMA fraiseql TO PUBLIC;

-- function "fraiseql"."changed"()
CREATE OR REPLACE FUNCTION "fraiseql"."changed"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  INSERT INTO "fraiseql"."changes" (tag, xid, at)
  VALUES (TG_RELID::text, pg_current_xact_id(), clock_timestamp())
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."changed"() FROM PUBLIC;
COMMENT ON FUNCTION "fraiseql"."changed"() IS 'Log that the current transaction wrote the table of the trigger.';

-- table "fraiseql"."changes_floor"
SELECT pg_advisory_xact_lock_shared(4711310016);
SELECT pg_advisory_xact_lock_shared(4711310017);
CREATE TABLE IF NOT EXISTS "fraiseql"."changes_floor" (
  tag text PRIMARY KEY,
  xid xid8 NOT NULL,
  forced bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS "changes_floor_xid" ON "fraiseql"."changes_floor" (xid);
COMMENT ON TABLE "fraiseql"."changes_floor" IS 'The latest transaction of each tag that the log lost';
REVOKE ALL ON "fraiseql"."changes_floor" FROM PUBLIC;

-- table "fraiseql"."view_state"
CREATE TABLE IF NOT EXISTS "fraiseql"."view_state" (
  name text PRIMARY KEY,
  relation oid,
  cluster text NOT NULL,
  snap pg_snapshot,
  shape text,
  views oid[] NOT NULL DEFAULT '{}',
  tags text[] NOT NULL DEFAULT '{}',
  clock boolean NOT NULL DEFAULT false,
  as_of timestamptz NOT NULL,
  took double precision NOT NULL DEFAULT 0,
  refreshes bigint NOT NULL DEFAULT 0,
  fails integer NOT NULL DEFAULT 0,
  failed_at timestamptz,
  failure text
) WITH (fillfactor = 50);
COMMENT ON TABLE "fraiseql"."view_state" IS 'What each materialized view has seen';
REVOKE ALL ON "fraiseql"."view_state" FROM PUBLIC;

-- function "fraiseql"."adopt_partitions"()
CREATE OR REPLACE FUNCTION "fraiseql"."adopt_partitions"() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' AS $fraiseql$
DECLARE
  fql_table regclass;
  fql_adopted integer := 0;
BEGIN
  FOR fql_table IN WITH RECURSIVE below(oid) AS (
  SELECT g.tgrelid FROM pg_catalog.pg_trigger g WHERE g.tgname = 'fraiseql_changes' AND g.tgenabled = 'A'
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT c.oid::regclass AS name FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND pg_catalog.pg_has_role(current_user, c.relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g
    WHERE g.tgrelid = c.oid AND g.tgname = 'fraiseql_changes') LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER fraiseql_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."changed"()', fql_table);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER fraiseql_changes', fql_table);
    -- What was written before is not in the log.
    IF to_regclass('fraiseql.view_state') IS NOT NULL THEN
      UPDATE fraiseql.view_state SET snap = NULL WHERE fql_table::oid::text = ANY (tags);
    END IF;
    fql_adopted := fql_adopted + 1;
  END LOOP;
  RETURN fql_adopted;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."adopt_partitions"() FROM PUBLIC;

-- function "fraiseql"."result_shape_now"(oid[])
CREATE OR REPLACE FUNCTION "fraiseql"."result_shape_now"(objects oid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN pg_catalog.hashtextextended(concat_ws(';',
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', c.oid, c.relname, n.nspname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN c.relowner END, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN c.reloptions END), 0)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attgenerated, a.attisdropped), 0)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) ANY (objects)
      AND ((a.attrelid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.+) a.attnum) OPERATOR(pg_catalog.=) ANY ('{}'::bigint[])
    UNION ALL SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', c.oid, c.relnatts), 0) FROM pg_catalog.pg_class c
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (objects)
      AND (c.oid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.=) ANY ('{}'::bigint[])) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1438917673130917888) FROM pg_catalog.pg_attrdef x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 56576470318841856) FROM pg_catalog.pg_rewrite x WHERE x.ev_class OPERATOR(pg_catalog.=) ANY (objects) AND x.ev_type OPERATOR(pg_catalog.=) '1') AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1805037452994281472) FROM pg_catalog.pg_policy x WHERE x.polrelid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 54931600923688960) FROM pg_catalog.pg_trigger x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, ((x.inhparent::bigint OPERATOR(pg_catalog.*) 31) OPERATOR(pg_catalog.+) x.inhrelid::bigint)::bigint OPERATOR(pg_catalog.+) 737882253400473600) FROM pg_catalog.pg_inherits x WHERE x.inhparent OPERATOR(pg_catalog.=) ANY (objects) OR x.inhrelid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 634466587738374144) FROM pg_catalog.pg_proc x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(a.xmin::pg_catalog.text,
      (a.attrelid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.+) a.attnum)
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.typrelid AND c.relkind OPERATOR(pg_catalog.=) 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0
    WHERE t.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3711634596022976512) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects) AND x.typtype OPERATOR(pg_catalog.=) 'd'
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3585881252130979840) FROM pg_catalog.pg_constraint x WHERE x.contypid OPERATOR(pg_catalog.<>) 0 AND x.contypid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3487897173910093824) FROM pg_catalog.pg_enum x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2898378621515202560) FROM pg_catalog.pg_cast x WHERE (x.oid OPERATOR(pg_catalog.=) ANY (objects) OR x.castsource OPERATOR(pg_catalog.=) ANY (objects)) AND x.oid OPERATOR(pg_catalog.>=) 16384) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 299880801359626240) FROM pg_catalog.pg_operator x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1052628451967631360) FROM pg_catalog.pg_amop x WHERE x.amopfamily OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_opclass x
    WHERE x.opcintype OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 648122522155352064) FROM pg_catalog.pg_opclass x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2255933977405685760) FROM pg_catalog.pg_amproc x WHERE x.amprocfamily OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2894468758166831104) FROM pg_catalog.pg_ts_config x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (((x.mapcfg::bigint OPERATOR(pg_catalog.*) 256 OPERATOR(pg_catalog.+) x.maptokentype)::bigint OPERATOR(pg_catalog.*) 256) OPERATOR(pg_catalog.+) x.mapseqno)::bigint OPERATOR(pg_catalog.+) 1156193651211108352) FROM pg_catalog.pg_ts_config_map x WHERE x.mapcfg OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 4375378979385769984) FROM pg_catalog.pg_ts_dict x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 836266553853870080) FROM pg_catalog.pg_ts_parser x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2164393037323567104) FROM pg_catalog.pg_ts_template x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', o.oid, pg_catalog.pg_collation_actual_version(o.oid)), 0)
    FROM pg_catalog.pg_collation o WHERE o.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', d.oid, pg_catalog.pg_database_collation_actual_version(d.oid)), 0)
    FROM pg_catalog.pg_database d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
      AND 100 OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 342537454470823936) FROM pg_catalog.pg_extension x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 693774244940611584) FROM pg_catalog.pg_class x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.attrelid::bigint * 65536 + x.attnum)::bigint OPERATOR(pg_catalog.+) 3713991948952928256) FROM pg_catalog.pg_attribute x WHERE x.attrelid = ANY (objects) AND x.attnum > 0) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2132581966908751872) FROM pg_catalog.pg_namespace x WHERE x.oid IN (SELECT c.relnamespace FROM pg_catalog.pg_class c WHERE c.oid = ANY (objects))) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 54931600923688960) FROM pg_catalog.pg_trigger x WHERE x.tgrelid = ANY (objects) AND x.tgname ~ '^fraiseql_changes') AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3487897173910093824) FROM pg_catalog.pg_enum x WHERE x.enumtypid = ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 693774244940611584) FROM pg_catalog.pg_class x WHERE x.relnamespace = pg_catalog.to_regnamespace('fraiseql') AND x.relname IN ('changes', 'changes_floor', 'secret')) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashoidextended(s.srrelid, s.srsubid::bigint) FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = ANY (objects)) AS part (number))), 0);
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."result_shape_now"(oid[]) FROM PUBLIC;

-- function "fraiseql"."result_shape"(oid[])
CREATE OR REPLACE FUNCTION "fraiseql"."result_shape"(objects oid[]) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN "fraiseql"."result_shape_now"(objects);
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."result_shape"(oid[]) FROM PUBLIC;

-- table "fraiseql"."fingerprints"
CREATE TABLE IF NOT EXISTS "fraiseql"."fingerprints" (
  name text PRIMARY KEY,
  guard text NOT NULL,
  relations text[] NOT NULL,
  functions text[] NOT NULL,
  triggers text NOT NULL,
  objects oid[] NOT NULL,
  columns bigint[] NOT NULL,
  parts bigint[] NOT NULL,
  prompt text NOT NULL
);
COMMENT ON TABLE "fraiseql"."fingerprints" IS 'What stored documents are computed from';
REVOKE ALL ON "fraiseql"."fingerprints" FROM PUBLIC;
GRANT USAGE ON SCHEMA fraiseql TO PUBLIC;

-- function "fraiseql"."fingerprint_now"(oid[], bigint[])
CREATE OR REPLACE FUNCTION "fraiseql"."fingerprint_now"(objects oid[], columns bigint[])
RETURNS bigint[] LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN ARRAY[(SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', c.oid, c.relname, n.nspname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN c.relowner END, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN c.reloptions END), 0)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attgenerated, a.attisdropped), 0)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) ANY (objects)
      AND ((a.attrelid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.+) a.attnum) OPERATOR(pg_catalog.=) ANY (columns)
    UNION ALL SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', c.oid, c.relnatts), 0) FROM pg_catalog.pg_class c
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (objects)
      AND (c.oid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.=) ANY (columns)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1438917673130917888) FROM pg_catalog.pg_attrdef x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 56576470318841856) FROM pg_catalog.pg_rewrite x WHERE x.ev_class OPERATOR(pg_catalog.=) ANY (objects) AND x.ev_type OPERATOR(pg_catalog.=) '1') AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1805037452994281472) FROM pg_catalog.pg_policy x WHERE x.polrelid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 54931600923688960) FROM pg_catalog.pg_trigger x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, ((x.inhparent::bigint OPERATOR(pg_catalog.*) 31) OPERATOR(pg_catalog.+) x.inhrelid::bigint)::bigint OPERATOR(pg_catalog.+) 737882253400473600) FROM pg_catalog.pg_inherits x WHERE x.inhparent OPERATOR(pg_catalog.=) ANY (objects) OR x.inhrelid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 634466587738374144) FROM pg_catalog.pg_proc x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(a.xmin::pg_catalog.text,
      (a.attrelid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.+) a.attnum)
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.typrelid AND c.relkind OPERATOR(pg_catalog.=) 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0
    WHERE t.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3711634596022976512) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects) AND x.typtype OPERATOR(pg_catalog.=) 'd'
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3585881252130979840) FROM pg_catalog.pg_constraint x WHERE x.contypid OPERATOR(pg_catalog.<>) 0 AND x.contypid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3487897173910093824) FROM pg_catalog.pg_enum x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2898378621515202560) FROM pg_catalog.pg_cast x WHERE (x.oid OPERATOR(pg_catalog.=) ANY (objects) OR x.castsource OPERATOR(pg_catalog.=) ANY (objects)) AND x.oid OPERATOR(pg_catalog.>=) 16384) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 299880801359626240) FROM pg_catalog.pg_operator x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1052628451967631360) FROM pg_catalog.pg_amop x WHERE x.amopfamily OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_opclass x
    WHERE x.opcintype OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 648122522155352064) FROM pg_catalog.pg_opclass x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2255933977405685760) FROM pg_catalog.pg_amproc x WHERE x.amprocfamily OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2894468758166831104) FROM pg_catalog.pg_ts_config x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (((x.mapcfg::bigint OPERATOR(pg_catalog.*) 256 OPERATOR(pg_catalog.+) x.maptokentype)::bigint OPERATOR(pg_catalog.*) 256) OPERATOR(pg_catalog.+) x.mapseqno)::bigint OPERATOR(pg_catalog.+) 1156193651211108352) FROM pg_catalog.pg_ts_config_map x WHERE x.mapcfg OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 4375378979385769984) FROM pg_catalog.pg_ts_dict x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 836266553853870080) FROM pg_catalog.pg_ts_parser x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2164393037323567104) FROM pg_catalog.pg_ts_template x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', o.oid, pg_catalog.pg_collation_actual_version(o.oid)), 0)
    FROM pg_catalog.pg_collation o WHERE o.oid OPERATOR(pg_catalog.=) ANY (objects)
    UNION ALL SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', d.oid, pg_catalog.pg_database_collation_actual_version(d.oid)), 0)
    FROM pg_catalog.pg_database d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
      AND 100 OPERATOR(pg_catalog.=) ANY (objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 342537454470823936) FROM pg_catalog.pg_extension x WHERE x.oid OPERATOR(pg_catalog.=) ANY (objects)) AS part (number))];
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fingerprint_now"(oid[], bigint[]) FROM PUBLIC;

-- function "fraiseql"."is_as_recorded"(text, regclass[])
CREATE OR REPLACE FUNCTION "fraiseql"."is_as_recorded"(subject text, relations regclass[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN coalesce((
    SELECT f.parts = "fraiseql"."fingerprint_now"(f.objects, f.columns)
    FROM "fraiseql"."fingerprints" f WHERE f.name = subject), false);
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."is_as_recorded"(text, regclass[]) FROM PUBLIC;

-- function "fraiseql"."definitions_changed"()
CREATE OR REPLACE FUNCTION "fraiseql"."definitions_changed"() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $fraiseql$
BEGIN
  RAISE object_not_in_prerequisite_state
    USING MESSAGE = 'a definition that the stored documents are computed from has changed',
      HINT = 'Run fraiseql db apply.';
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."definitions_changed"() FROM PUBLIC;

-- function "fraiseql"."record_fingerprint"(text, text, text[], text[], text)
CREATE OR REPLACE FUNCTION "fraiseql"."record_fingerprint"(subject text, guard text,
  relations text[], functions text[], triggers text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
#variable_conflict use_variable
DECLARE
  fql_found record;
  fql_prompt text;
BEGIN
  WITH RECURSIVE begun(class, oid) AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid, pg_catalog.to_regclass(name)::oid
    FROM unnest(relations) AS given (name)
    UNION
    SELECT 'pg_catalog.pg_proc'::regclass::oid, pg_catalog.to_regprocedure(name)::oid
    FROM unnest(functions) AS given (name)),
  nameable(class, oid, name, is_word, is_ours) AS MATERIALIZED (
  SELECT x.class, x.oid, lower(x.name::text COLLATE pg_catalog."default"), x.name <> '' AND x.name::text !~ $$[\x02-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]$$,
    x.namespace IS NOT DISTINCT FROM pg_catalog.to_regnamespace('fraiseql')
  FROM (
    SELECT 'pg_catalog.pg_class'::regclass::oid, o.oid, o.relname, o.relnamespace FROM pg_catalog.pg_class o WHERE o.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND o.relpersistence <> 't'
    UNION ALL SELECT 'pg_catalog.pg_proc'::regclass::oid, o.oid, o.proname, o.pronamespace FROM pg_catalog.pg_proc o WHERE o.pronamespace IS DISTINCT FROM pg_catalog.to_regnamespace('fraiseql')
    UNION ALL SELECT 'pg_catalog.pg_type'::regclass::oid, o.oid, o.typname, o.typnamespace FROM pg_catalog.pg_type o LEFT JOIN pg_catalog.pg_class c ON c.oid = o.typrelid WHERE o.typtype <> 'p' AND o.typcategory <> 'A' AND coalesce(c.relkind, 'c') = 'c'
    UNION ALL SELECT 'pg_catalog.pg_operator'::regclass::oid, o.oid, o.oprname, o.oprnamespace FROM pg_catalog.pg_operator o WHERE true
    UNION ALL SELECT 'pg_catalog.pg_collation'::regclass::oid, o.oid, o.collname, o.collnamespace FROM pg_catalog.pg_collation o WHERE true
    UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass::oid, o.oid, o.cfgname, o.cfgnamespace FROM pg_catalog.pg_ts_config o WHERE true
    UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass::oid, o.oid, o.dictname, o.dictnamespace FROM pg_catalog.pg_ts_dict o WHERE true
    UNION ALL SELECT 'pg_catalog.pg_cast'::regclass, o.oid, '', 0 FROM pg_catalog.pg_cast o
  ) AS x (class, oid, name, namespace)
  WHERE x.oid >= 16384),
reached(class, oid) AS (
  SELECT b.class, b.oid FROM begun b
  UNION
  SELECT e.class, e.oid FROM reached r CROSS JOIN LATERAL (
    SELECT d.refclassid AS class, d.refobjid AS oid
    FROM (
      SELECT r.class, r.oid
      UNION ALL
      SELECT 'pg_catalog.pg_rewrite'::regclass, w.oid
      FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
      WHERE r.class = 'pg_catalog.pg_class'::regclass AND w.ev_class = r.oid AND c.relkind = 'v'
      UNION ALL
      SELECT 'pg_catalog.pg_policy'::regclass, p.oid
      FROM pg_catalog.pg_policy p
      WHERE r.class = 'pg_catalog.pg_class'::regclass AND p.polrelid = r.oid
        AND p.polcmd IN ('r', '*')) AS via (class, oid)
    JOIN pg_catalog.pg_depend d ON d.classid = via.class AND d.objid = via.oid
    WHERE d.refclassid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_type'::regclass, 'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass, 'pg_catalog.pg_collation'::regclass, 'pg_catalog.pg_ts_config'::regclass, 'pg_catalog.pg_ts_dict'::regclass, 'pg_catalog.pg_ts_parser'::regclass, 'pg_catalog.pg_ts_template'::regclass, 'pg_catalog.pg_extension'::regclass)
      AND NOT (d.refclassid = 'pg_catalog.pg_class'::regclass
        AND via.class IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass))
    UNION ALL
    SELECT n.class, n.oid
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language g ON g.oid = p.prolang AND g.lanname NOT IN ('internal', 'c')
    CROSS JOIN LATERAL (
      SELECT nullif(concat_ws('|',
        CASE WHEN p.prosrc ~* $$\me'$$ THEN $$(?<!\\)(\\\\)*\\(u[0-9a-f]{4}|u[0-9a-f]{8}|x[0-9a-f]{1,2}|[0-7]{1,3})$$ END,
        CASE WHEN p.prosrc ~* $$\mu&$$ THEN $$\\(\+[0-9a-f]{6}|[0-9a-f]{4})$$ END,
        CASE WHEN p.prosrc ~* $$\muescape\M$$ THEN $$\S(\+[0-9a-f]{6}|[0-9a-f]{4})$$ END), '') AS escape) AS found
    CROSS JOIN LATERAL (
      SELECT translate(lower(p.prosrc COLLATE pg_catalog."default"), $$'\"$$, '') AS text, ARRAY(
        SELECT DISTINCT lower(part.word::name::text COLLATE pg_catalog."default") FROM regexp_split_to_table(concat(p.prosrc, ' ', regexp_replace(p.prosrc, $$\\[bfnrt]$$, ' ', 'g')), $$[\x02-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+$$) AS part (word)) AS words,
      CASE WHEN p.prosrc ~* found.escape THEN ARRAY(
        SELECT DISTINCT CASE part.word WHEN chr(1) THEN '_' ELSE replace(part.word, chr(1), '%') END
        FROM regexp_split_to_table(regexp_replace(lower(p.prosrc COLLATE pg_catalog."default"), found.escape, chr(1), 'g'), $$[\x02-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+$$) AS part (word)
        WHERE strpos(part.word, chr(1)) > 0) END AS patterns
      OFFSET 0) AS body
    JOIN nameable n ON CASE
      WHEN n.is_word THEN n.name = ANY (body.words) OR n.name LIKE ANY (body.patterns)
      ELSE body.patterns IS NOT NULL OR strpos(body.text, translate(n.name, $$'\"$$, '')) > 0 END
    WHERE r.class = 'pg_catalog.pg_proc'::regclass AND p.oid = r.oid AND p.prosqlbody IS NULL
      AND p.pronamespace IS DISTINCT FROM pg_catalog.to_regnamespace('fraiseql')
      AND (NOT n.is_ours OR 'fraiseql' = ANY (body.words))
    UNION ALL
    SELECT r.class, i.inhrelid FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhparent = r.oid
    UNION ALL
    SELECT r.class, i.inhparent FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhrelid = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::regclass, d.oid
    FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a
      ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND d.adrelid = r.oid
    UNION ALL
    SELECT r.class, a.atttypid
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND t.oid = r.oid AND a.attnum > 0
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::regclass, k.oid
    FROM pg_catalog.pg_constraint k
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND k.contypid = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_cast'::regclass, k.oid
    FROM pg_catalog.pg_cast k
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND k.castsource = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_opclass'::regclass, o.oid
    FROM pg_catalog.pg_opclass o
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND o.opcintype = r.oid AND r.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::regclass, o.amopfamily
    FROM pg_catalog.pg_amop o
    WHERE r.class = 'pg_catalog.pg_operator'::regclass AND o.amopopr = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_operator'::regclass, o.amopopr
    FROM pg_catalog.pg_amop o
    WHERE r.class = 'pg_catalog.pg_opfamily'::regclass AND o.amopfamily = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::regclass, f.amproc
    FROM pg_catalog.pg_amproc f
    WHERE r.class = 'pg_catalog.pg_opfamily'::regclass AND f.amprocfamily = r.oid) AS e
  WHERE e.oid >= 16384 OR e.class = 'pg_catalog.pg_class'::regclass
    OR e.oid >= 12000 AND e.class IN ('pg_catalog.pg_collation'::regclass,
      'pg_catalog.pg_ts_config'::regclass, 'pg_catalog.pg_ts_dict'::regclass,
      'pg_catalog.pg_extension'::regclass)),
  parsed(class, oid, tree) AS (
  SELECT 'pg_catalog.pg_rewrite'::regclass::oid, w.oid, w.ev_action::text
  FROM reached r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
  JOIN pg_catalog.pg_class c ON c.oid = w.ev_class AND c.relkind = 'v'
  WHERE r.class = 'pg_catalog.pg_class'::regclass
  UNION ALL
  SELECT 'pg_catalog.pg_policy'::regclass, p.oid, p.polqual::text
  FROM reached r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass AND p.polcmd IN ('r', '*')
  UNION ALL
  SELECT r.class, r.oid, d.adbin::text
  FROM reached r JOIN pg_catalog.pg_attrdef d ON d.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_attrdef'::regclass
  UNION ALL
  SELECT r.class, r.oid, p.prosqlbody::text
  FROM reached r JOIN pg_catalog.pg_proc p ON p.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_proc'::regclass AND p.prosqlbody IS NOT NULL),
  wide(oid) AS (
    SELECT r.oid FROM reached r
    WHERE r.class = 'pg_catalog.pg_class'::regclass
      AND EXISTS (SELECT FROM parsed p WHERE p.tree ~ ':varattno 0 ')
    UNION
    SELECT named.oid FROM reached r CROSS JOIN LATERAL (
    SELECT n.class, n.oid
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language g ON g.oid = p.prolang AND g.lanname NOT IN ('internal', 'c')
    CROSS JOIN LATERAL (
      SELECT nullif(concat_ws('|',
        CASE WHEN p.prosrc ~* $$\me'$$ THEN $$(?<!\\)(\\\\)*\\(u[0-9a-f]{4}|u[0-9a-f]{8}|x[0-9a-f]{1,2}|[0-7]{1,3})$$ END,
        CASE WHEN p.prosrc ~* $$\mu&$$ THEN $$\\(\+[0-9a-f]{6}|[0-9a-f]{4})$$ END,
        CASE WHEN p.prosrc ~* $$\muescape\M$$ THEN $$\S(\+[0-9a-f]{6}|[0-9a-f]{4})$$ END), '') AS escape) AS found
    CROSS JOIN LATERAL (
      SELECT translate(lower(p.prosrc COLLATE pg_catalog."default"), $$'\"$$, '') AS text, ARRAY(
        SELECT DISTINCT lower(part.word::name::text COLLATE pg_catalog."default") FROM regexp_split_to_table(concat(p.prosrc, ' ', regexp_replace(p.prosrc, $$\\[bfnrt]$$, ' ', 'g')), $$[\x02-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+$$) AS part (word)) AS words,
      CASE WHEN p.prosrc ~* found.escape THEN ARRAY(
        SELECT DISTINCT CASE part.word WHEN chr(1) THEN '_' ELSE replace(part.word, chr(1), '%') END
        FROM regexp_split_to_table(regexp_replace(lower(p.prosrc COLLATE pg_catalog."default"), found.escape, chr(1), 'g'), $$[\x02-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+$$) AS part (word)
        WHERE strpos(part.word, chr(1)) > 0) END AS patterns
      OFFSET 0) AS body
    JOIN nameable n ON CASE
      WHEN n.is_word THEN n.name = ANY (body.words) OR n.name LIKE ANY (body.patterns)
      ELSE body.patterns IS NOT NULL OR strpos(body.text, translate(n.name, $$'\"$$, '')) > 0 END
    WHERE r.class = 'pg_catalog.pg_proc'::regclass AND p.oid = r.oid AND p.prosqlbody IS NULL
      AND p.pronamespace IS DISTINCT FROM pg_catalog.to_regnamespace('fraiseql')
      AND (NOT n.is_ours OR 'fraiseql' = ANY (body.words))) AS named (class, oid)
    WHERE named.class = 'pg_catalog.pg_class'::regclass),
  picked AS (
    SELECT ARRAY(
        SELECT d.refobjid::bigint * 65536 + d.refobjsubid
        FROM parsed p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.oid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0
        UNION SELECT a.attrelid::bigint * 65536 + a.attnum
        FROM wide w JOIN pg_catalog.pg_attribute a ON a.attrelid = w.oid AND a.attnum > 0
        UNION SELECT w.oid::bigint * 65536 FROM wide w
        ORDER BY 1) AS columns),
  marked(kind, oid) AS (
    SELECT 'label', e.oid FROM reached r JOIN pg_catalog.pg_enum e ON e.enumtypid = r.oid
    UNION ALL
    SELECT 'trigger', g.oid FROM reached r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND g.tgname ~ triggers
    UNION ALL
    SELECT 'collation', 100 WHERE EXISTS (
      SELECT FROM parsed p
      WHERE p.tree ~ $$:(sortClause|aggorder|distinctClause) \(|:inputcollid [1-9]$$)),
  behind AS MATERIALIZED (
    SELECT ARRAY(
        SELECT r.oid FROM reached r UNION SELECT m.oid FROM marked m ORDER BY 1) AS objects,
      ARRAY(
        SELECT r.oid FROM reached r WHERE r.class = 'pg_catalog.pg_class'::regclass
        UNION SELECT t.typrelid FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid
        WHERE r.class = 'pg_catalog.pg_type'::regclass AND t.typrelid <> 0
        ORDER BY 1) AS tables,
      (SELECT coalesce(jsonb_object_agg(p.kind, p.oids), '{}')
       FROM (SELECT p.kind, array_agg(p.oid ORDER BY p.oid) AS oids FROM (
           SELECT coalesce(
             CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'c' THEN 'row' WHEN 'e' THEN 'enum' END,
             CASE WHEN t.typcategory = 'A' THEN 'array' END, c.relname) AS kind, r.oid
           FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.class
           LEFT JOIN pg_catalog.pg_proc f
             ON f.oid = r.oid AND r.class = 'pg_catalog.pg_proc'::regclass
           LEFT JOIN pg_catalog.pg_type t
             ON t.oid = r.oid AND r.class = 'pg_catalog.pg_type'::regclass
           WHERE f.pronamespace IS DISTINCT FROM 'fraiseql'::regnamespace
           UNION SELECT m.kind, m.oid FROM marked m) AS p
         GROUP BY p.kind) AS p) AS by_kind)
  SELECT b.objects, p.columns, b.tables, ARRAY[(SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', c.oid, c.relname, n.nspname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN c.relowner END, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN c.reloptions END), 0)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attgenerated, a.attisdropped), 0)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) ANY (b.objects)
      AND ((a.attrelid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.+) a.attnum) OPERATOR(pg_catalog.=) ANY (p.columns)
    UNION ALL SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', c.oid, c.relnatts), 0) FROM pg_catalog.pg_class c
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (b.objects)
      AND (c.oid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.=) ANY (p.columns)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1438917673130917888) FROM pg_catalog.pg_attrdef x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 56576470318841856) FROM pg_catalog.pg_rewrite x WHERE x.ev_class OPERATOR(pg_catalog.=) ANY (b.objects) AND x.ev_type OPERATOR(pg_catalog.=) '1') AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1805037452994281472) FROM pg_catalog.pg_policy x WHERE x.polrelid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 54931600923688960) FROM pg_catalog.pg_trigger x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, ((x.inhparent::bigint OPERATOR(pg_catalog.*) 31) OPERATOR(pg_catalog.+) x.inhrelid::bigint)::bigint OPERATOR(pg_catalog.+) 737882253400473600) FROM pg_catalog.pg_inherits x WHERE x.inhparent OPERATOR(pg_catalog.=) ANY (b.objects) OR x.inhrelid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 634466587738374144) FROM pg_catalog.pg_proc x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(a.xmin::pg_catalog.text,
      (a.attrelid::bigint OPERATOR(pg_catalog.*) 65536) OPERATOR(pg_catalog.+) a.attnum)
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.typrelid AND c.relkind OPERATOR(pg_catalog.=) 'c'
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0
    WHERE t.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3711634596022976512) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects) AND x.typtype OPERATOR(pg_catalog.=) 'd'
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3585881252130979840) FROM pg_catalog.pg_constraint x WHERE x.contypid OPERATOR(pg_catalog.<>) 0 AND x.contypid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3487897173910093824) FROM pg_catalog.pg_enum x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2898378621515202560) FROM pg_catalog.pg_cast x WHERE (x.oid OPERATOR(pg_catalog.=) ANY (b.objects) OR x.castsource OPERATOR(pg_catalog.=) ANY (b.objects)) AND x.oid OPERATOR(pg_catalog.>=) 16384) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 299880801359626240) FROM pg_catalog.pg_operator x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 1052628451967631360) FROM pg_catalog.pg_amop x WHERE x.amopfamily OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashoidextended(x.oid, 0) FROM pg_catalog.pg_opclass x
    WHERE x.opcintype OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 648122522155352064) FROM pg_catalog.pg_opclass x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2255933977405685760) FROM pg_catalog.pg_amproc x WHERE x.amprocfamily OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2894468758166831104) FROM pg_catalog.pg_ts_config x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (((x.mapcfg::bigint OPERATOR(pg_catalog.*) 256 OPERATOR(pg_catalog.+) x.maptokentype)::bigint OPERATOR(pg_catalog.*) 256) OPERATOR(pg_catalog.+) x.mapseqno)::bigint OPERATOR(pg_catalog.+) 1156193651211108352) FROM pg_catalog.pg_ts_config_map x WHERE x.mapcfg OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 4375378979385769984) FROM pg_catalog.pg_ts_dict x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 836266553853870080) FROM pg_catalog.pg_ts_parser x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2164393037323567104) FROM pg_catalog.pg_ts_template x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', o.oid, pg_catalog.pg_collation_actual_version(o.oid)), 0)
    FROM pg_catalog.pg_collation o WHERE o.oid OPERATOR(pg_catalog.=) ANY (b.objects)
    UNION ALL SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', d.oid, pg_catalog.pg_database_collation_actual_version(d.oid)), 0)
    FROM pg_catalog.pg_database d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
      AND 100 OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number)),
    (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 342537454470823936) FROM pg_catalog.pg_extension x WHERE x.oid OPERATOR(pg_catalog.=) ANY (b.objects)) AS part (number))] AS parts,
    (SELECT string_agg(replace(part.rows, '@objects@',
    quote_literal(chosen.oids) || '::pg_catalog.oid[]'), ' UNION ALL ')
  FROM (VALUES ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 634466587738374144) FROM pg_catalog.pg_proc x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)$part$, '{pg_proc}'::text[]),
    ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3711634596022976512) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@) AND x.typtype OPERATOR(pg_catalog.=) 'd'
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3585881252130979840) FROM pg_catalog.pg_constraint x WHERE x.contypid OPERATOR(pg_catalog.<>) 0 AND x.contypid OPERATOR(pg_catalog.=) ANY (@objects@)$part$, '{domain}'::text[]),
    ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3487897173910093824) FROM pg_catalog.pg_enum x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)$part$, '{label}'::text[]),
    ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2898378621515202560) FROM pg_catalog.pg_cast x WHERE (x.oid OPERATOR(pg_catalog.=) ANY (@objects@) OR x.castsource OPERATOR(pg_catalog.=) ANY (@objects@)) AND x.oid OPERATOR(pg_catalog.>=) 16384$part$, '{pg_type,enum,pg_cast}'::text[]),
    ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 648122522155352064) FROM pg_catalog.pg_opclass x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2255933977405685760) FROM pg_catalog.pg_amproc x WHERE x.amprocfamily OPERATOR(pg_catalog.=) ANY (@objects@)$part$, '{pg_opclass,pg_opfamily}'::text[]),
    ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2894468758166831104) FROM pg_catalog.pg_ts_config x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (((x.mapcfg::bigint OPERATOR(pg_catalog.*) 256 OPERATOR(pg_catalog.+) x.maptokentype)::bigint OPERATOR(pg_catalog.*) 256) OPERATOR(pg_catalog.+) x.mapseqno)::bigint OPERATOR(pg_catalog.+) 1156193651211108352) FROM pg_catalog.pg_ts_config_map x WHERE x.mapcfg OPERATOR(pg_catalog.=) ANY (@objects@)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 4375378979385769984) FROM pg_catalog.pg_ts_dict x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 836266553853870080) FROM pg_catalog.pg_ts_parser x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2164393037323567104) FROM pg_catalog.pg_ts_template x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)$part$, '{pg_ts_config,pg_ts_dict,pg_ts_parser,pg_ts_template}'::text[]),
    ($part$SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 342537454470823936) FROM pg_catalog.pg_extension x WHERE x.oid OPERATOR(pg_catalog.=) ANY (@objects@)$part$, '{pg_extension}'::text[])) AS part (rows, kinds)
  CROSS JOIN LATERAL (SELECT array_agg(listed.number::oid) FROM unnest(part.kinds) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number)) AS chosen (oids)
  WHERE chosen.oids IS NOT NULL) AS prompt, (SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 634466587738374144) FROM pg_catalog.pg_proc x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_proc}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3711634596022976512) FROM pg_catalog.pg_type x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{domain}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[]) AND x.typtype OPERATOR(pg_catalog.=) 'd'
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3585881252130979840) FROM pg_catalog.pg_constraint x WHERE x.contypid OPERATOR(pg_catalog.<>) 0 AND x.contypid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{domain}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 3487897173910093824) FROM pg_catalog.pg_enum x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{label}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2898378621515202560) FROM pg_catalog.pg_cast x WHERE (x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_type,enum,pg_cast}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[]) OR x.castsource OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_type,enum,pg_cast}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])) AND x.oid OPERATOR(pg_catalog.>=) 16384
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 648122522155352064) FROM pg_catalog.pg_opclass x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_opclass,pg_opfamily}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2255933977405685760) FROM pg_catalog.pg_amproc x WHERE x.amprocfamily OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_opclass,pg_opfamily}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2894468758166831104) FROM pg_catalog.pg_ts_config x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_ts_config,pg_ts_dict,pg_ts_parser,pg_ts_template}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (((x.mapcfg::bigint OPERATOR(pg_catalog.*) 256 OPERATOR(pg_catalog.+) x.maptokentype)::bigint OPERATOR(pg_catalog.*) 256) OPERATOR(pg_catalog.+) x.mapseqno)::bigint OPERATOR(pg_catalog.+) 1156193651211108352) FROM pg_catalog.pg_ts_config_map x WHERE x.mapcfg OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_ts_config,pg_ts_dict,pg_ts_parser,pg_ts_template}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 4375378979385769984) FROM pg_catalog.pg_ts_dict x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_ts_config,pg_ts_dict,pg_ts_parser,pg_ts_template}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 836266553853870080) FROM pg_catalog.pg_ts_parser x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_ts_config,pg_ts_dict,pg_ts_parser,pg_ts_template}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 2164393037323567104) FROM pg_catalog.pg_ts_template x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_ts_config,pg_ts_dict,pg_ts_parser,pg_ts_template}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])
    UNION ALL SELECT pg_catalog.hashtextextended(x.xmin::pg_catalog.text, (x.oid)::bigint OPERATOR(pg_catalog.+) 342537454470823936) FROM pg_catalog.pg_extension x WHERE x.oid OPERATOR(pg_catalog.=) ANY ((SELECT array_agg(listed.number::oid) FROM unnest('{pg_extension}'::text[]) AS kind (name), jsonb_array_elements_text(b.by_kind -> kind.name) AS listed (number))::oid[])) AS part (number)) AS number
  INTO fql_found FROM behind b, picked p;
  IF fql_found.prompt IS NOT NULL THEN
    fql_prompt := format($digest$%s OPERATOR(pg_catalog.=) %L::bigint$digest$,
      replace($digest$(SELECT coalesce(pg_catalog.bit_xor(part.number), 0)
   FROM (@rows@) AS part (number))$digest$, '@rows@', fql_found.prompt), fql_found.number);
  END IF;
  EXECUTE format($make$
CREATE OR REPLACE FUNCTION "fraiseql".%I() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $guard$
BEGIN
  RETURN "fraiseql"."is_as_recorded"(%L, ARRAY[%s]::pg_catalog.regclass[]);
END $guard$ $make$,
    guard, subject, (SELECT string_agg(quote_literal(t::regclass) || '::pg_catalog.regclass', ', '
        ORDER BY t::regclass::text)
      FROM unnest(fql_found.tables) AS t));
  -- Whoever may not call what it calls learns nothing by it.
  EXECUTE format('GRANT EXECUTE ON FUNCTION "fraiseql".%I() TO PUBLIC', guard);
  INSERT INTO "fraiseql"."fingerprints" AS f
    (name, guard, relations, functions, triggers, objects, columns, parts, prompt)
  VALUES (subject, guard, relations, functions, triggers, fql_found.objects,
    fql_found.columns, fql_found.parts, coalesce(fql_prompt, 'true'))
  ON CONFLICT (name) DO UPDATE SET guard = excluded.guard, relations = excluded.relations,
    functions = excluded.functions, triggers = excluded.triggers, objects = excluded.objects,
    columns = excluded.columns, parts = excluded.parts, prompt = excluded.prompt;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."record_fingerprint"(text, text, text[], text[], text) FROM PUBLIC;

-- table "fraiseql"."result_epoch"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."result_epoch" (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  id uuid NOT NULL
);
COMMENT ON TABLE "fraiseql"."result_epoch" IS 'A number that is lost in a crash';
REVOKE ALL ON "fraiseql"."result_epoch" FROM PUBLIC;

-- table "fraiseql"."secret"
CREATE TABLE IF NOT EXISTS "fraiseql"."secret" (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  entries bytea NOT NULL,
  tags bytea NOT NULL
);
COMMENT ON TABLE "fraiseql"."secret" IS 'What entries in Redis and row tags are hashed with';
REVOKE ALL ON "fraiseql"."secret" FROM PUBLIC;
INSERT INTO "fraiseql"."secret" (entries, tags)
SELECT pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())), pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())) ON CONFLICT DO NOTHING;

-- function "fraiseql"."new_secret"()
CREATE OR REPLACE FUNCTION "fraiseql"."new_secret"() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  TRUNCATE "fraiseql"."secret";
  INSERT INTO "fraiseql"."secret" (entries, tags)
SELECT pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())), pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())) ON CONFLICT DO NOTHING;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."new_secret"() FROM PUBLIC;

-- function "fraiseql"."new_result_epoch"()
CREATE OR REPLACE FUNCTION "fraiseql"."new_result_epoch"() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  INSERT INTO "fraiseql"."result_epoch" (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING;
  RETURN (SELECT e.id FROM "fraiseql"."result_epoch" e);
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."new_result_epoch"() FROM PUBLIC;

-- function "fraiseql"."invalidate"(text[])
CREATE OR REPLACE FUNCTION "fraiseql"."invalidate"(VARIADIC labels text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  IF current_setting('transaction_read_only') = 'on' THEN
    RAISE read_only_sql_transaction USING
      MESSAGE = 'fraiseql.invalidate() needs a transaction that may write.',
      HINT = 'Call it in the transaction that changes what the label stands for.';
  END IF;
  INSERT INTO "fraiseql"."changes" (tag, xid, at)
  SELECT DISTINCT 'label:' || l.word, pg_current_xact_id(), clock_timestamp()
  FROM unnest(labels) AS l (word) WHERE l.word IS NOT NULL
  ON CONFLICT DO NOTHING;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."invalidate"(text[]) FROM PUBLIC;

-- table "fraiseql"."results_u0"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."results_u0" (
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
) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "fraiseql"."results_u0" ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS "results_u0_key" ON "fraiseql"."results_u0" (key, upto);
COMMENT ON TABLE "fraiseql"."results_u0" IS 'Results of queries; emptied when its turn comes';
REVOKE ALL ON "fraiseql"."results_u0" FROM PUBLIC;

-- table "fraiseql"."results_u1"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."results_u1" (
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
) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "fraiseql"."results_u1" ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS "results_u1_key" ON "fraiseql"."results_u1" (key, upto);
COMMENT ON TABLE "fraiseql"."results_u1" IS 'Results of queries; emptied when its turn comes';
REVOKE ALL ON "fraiseql"."results_u1" FROM PUBLIC;

-- table "fraiseql"."results_u2"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."results_u2" (
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
) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "fraiseql"."results_u2" ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS "results_u2_key" ON "fraiseql"."results_u2" (key, upto);
COMMENT ON TABLE "fraiseql"."results_u2" IS 'Results of queries; emptied when its turn comes';
REVOKE ALL ON "fraiseql"."results_u2" FROM PUBLIC;

-- table "fraiseql"."results_u3"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."results_u3" (
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
) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE "fraiseql"."results_u3" ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS "results_u3_key" ON "fraiseql"."results_u3" (key, upto);
COMMENT ON TABLE "fraiseql"."results_u3" IS 'Results of queries; emptied when its turn comes';
REVOKE ALL ON "fraiseql"."results_u3" FROM PUBLIC;

-- table "fraiseql"."result_ring_unlogged"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."result_ring_unlogged" (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  current integer NOT NULL DEFAULT 0,
  turns bigint NOT NULL DEFAULT 0,
  rest timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE "fraiseql"."result_ring_unlogged" IS 'Which segment of the store is written';
REVOKE ALL ON "fraiseql"."result_ring_unlogged" FROM PUBLIC;

-- function "fraiseql"."result_turn_unlogged"()
CREATE OR REPLACE FUNCTION "fraiseql"."result_turn_unlogged"()
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $fraiseql$
BEGIN
  PERFORM pg_advisory_xact_lock(4711310020);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."result_turn_unlogged"() FROM PUBLIC;

-- function "fraiseql"."result_room_unlogged"(bigint, bigint, boolean)
CREATE OR REPLACE FUNCTION "fraiseql"."result_room_unlogged"(needed bigint, most bigint,
  making boolean)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '20ms' AS $fraiseql$
DECLARE
  state "fraiseql"."result_ring_unlogged"%ROWTYPE;
  oldest integer;
  segment regclass;
BEGIN
  SELECT * INTO state FROM "fraiseql"."result_ring_unlogged";
  IF NOT FOUND THEN
    INSERT INTO "fraiseql"."result_ring_unlogged" DEFAULT VALUES RETURNING * INTO state;
  END IF;
  segment := ('"fraiseql"."results_u' || state.current || '"')::regclass;
  IF pg_total_relation_size(segment) + needed <= most / 4 THEN
    RETURN state.current;
  ELSIF NOT making OR state.rest BETWEEN clock_timestamp()
      AND clock_timestamp() + interval '1 second' THEN
    RETURN -1;
  END IF;
  oldest := (state.current + 1) % 4;
  segment := ('"fraiseql"."results_u' || oldest || '"')::regclass;
  BEGIN
    IF pg_relation_size(segment) > 0 THEN
      EXECUTE format('TRUNCATE %s', segment);
    END IF;
  EXCEPTION WHEN lock_not_available THEN
    UPDATE "fraiseql"."result_ring_unlogged" SET rest = clock_timestamp() + interval '1 second';
    RETURN -1;
  END;
  UPDATE "fraiseql"."result_ring_unlogged" SET current = oldest, turns = turns + 1;
  RETURN oldest;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."result_room_unlogged"(bigint, bigint, boolean) FROM PUBLIC;

-- function "fraiseql"."store_result_unlogged"(bytea, text, text[], pg_snapshot, bigint, double precision, real, bytea, bytea, bigint)
CREATE OR REPLACE FUNCTION "fraiseql"."store_result_unlogged"(key bytea, query text, tags text[],
  snap pg_snapshot, shape bigint, ttl double precision, cost real, body bytea, etag bytea,
  most bigint)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  needed bigint := octet_length(body) * 1.06 + pg_column_size(tags) + 24576;
  begun timestamptz := clock_timestamp() - make_interval(secs => cost / 1000);
  room integer;
BEGIN
  IF needed > most / 4 * 2 / 5 THEN
    RETURN 'too_large';
  ELSIF pg_snapshot_xmax(snap) > pg_snapshot_xmax(pg_current_snapshot()) THEN
    RETURN 'refused';
  ELSIF NOT "fraiseql"."result_turn_unlogged"() THEN
    RETURN 'full';
  END IF;
  room := "fraiseql"."result_room_unlogged"(needed, most, true);
  IF room < 0 THEN
    RETURN 'full';
  END IF;
  EXECUTE format('INSERT INTO "fraiseql"."results_u%s" (key, upto, snap, tags, shape, expires, made, cost, query, home, etag, body)
    VALUES ($1, pg_snapshot_xmax($2), $2, $3, $4, $5, $6, $7, $8, %L, $9, $10)',
    room, ('"fraiseql"."results_u' || room || '"')::regclass::oid)
  USING key, snap, tags, shape, begun + make_interval(secs => ttl), begun, cost, query, etag, body;
  RETURN 'stored';
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."store_result_unlogged"(bytea, text, text[], pg_snapshot, bigint, double precision, real, bytea, bytea, bigint) FROM PUBLIC;

-- function "fraiseql"."keep_result_unlogged"(bytea, bigint)
CREATE OR REPLACE FUNCTION "fraiseql"."keep_result_unlogged"(bytea, bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  place integer;
  needed bigint;
  room integer;
BEGIN
  IF NOT "fraiseql"."result_turn_unlogged"() THEN
    RETURN false;
  END IF;
  DELETE FROM "fraiseql"."results_u0" r WHERE r.key = $1 AND (r.home <> r.tableoid
    OR pg_snapshot_xmax(r.snap) > pg_snapshot_xmax(pg_current_snapshot()));
  DELETE FROM "fraiseql"."results_u1" r WHERE r.key = $1 AND (r.home <> r.tableoid
    OR pg_snapshot_xmax(r.snap) > pg_snapshot_xmax(pg_current_snapshot()));
  DELETE FROM "fraiseql"."results_u2" r WHERE r.key = $1 AND (r.home <> r.tableoid
    OR pg_snapshot_xmax(r.snap) > pg_snapshot_xmax(pg_current_snapshot()));
  DELETE FROM "fraiseql"."results_u3" r WHERE r.key = $1 AND (r.home <> r.tableoid
    OR pg_snapshot_xmax(r.snap) > pg_snapshot_xmax(pg_current_snapshot()));
  SELECT n.segment, octet_length(n.body) * 1.06 + pg_column_size(n.tags) + 24576 INTO place, needed FROM (SELECT * FROM ((SELECT 0 AS segment, r.tableoid AS place, r.* FROM "fraiseql"."results_u0" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1)
UNION ALL (SELECT 1 AS segment, r.tableoid AS place, r.* FROM "fraiseql"."results_u1" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1)
UNION ALL (SELECT 2 AS segment, r.tableoid AS place, r.* FROM "fraiseql"."results_u2" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1)
UNION ALL (SELECT 3 AS segment, r.tableoid AS place, r.* FROM "fraiseql"."results_u3" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1)) AS every ORDER BY upto DESC LIMIT 1) AS n;
  room := "fraiseql"."result_room_unlogged"(needed, $2, false);
  IF place IS NULL OR room < 0 OR room = place THEN
    RETURN false;
  END IF;
  EXECUTE format('INSERT INTO "fraiseql"."results_u%s" (key, upto, snap, tags, shape, expires, made, cost, query, home, etag, body)
    SELECT r.key, r.upto, r.snap, r.tags, r.shape, r.expires, r.made, r.cost, r.query, %L,
      r.etag, r.body
    FROM "fraiseql"."results_u%s" r WHERE r.key = $1 ORDER BY r.upto DESC LIMIT 1',
    room, ('"fraiseql"."results_u' || room || '"')::regclass::oid, place)
  USING $1;
  RETURN true;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."keep_result_unlogged"(bytea, bigint) FROM PUBLIC;
