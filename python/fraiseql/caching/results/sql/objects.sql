-- result_epoch: Table of a number that a crash empties.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."result_epoch" (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  id uuid NOT NULL
);

-- secret: Table of the secrets; logged, so that it survives a crash and a standby has it.
CREATE TABLE IF NOT EXISTS "fraiseql"."secret" (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  entries bytea NOT NULL,
  tags bytea NOT NULL
);

-- create_secret: Insert random secrets; three UUIDs have 366 bits from the server's strong random source.
INSERT INTO "fraiseql"."secret" (entries, tags)
SELECT pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())), pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
  OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid())) ON CONFLICT DO NOTHING;

-- new_secret: Replace the secrets; TRUNCATE waits for writers that use the old ones, and changes every fingerprint.
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

-- new_result_epoch: Return the epoch, and begin one where a crash emptied the table.
CREATE OR REPLACE FUNCTION "fraiseql"."new_result_epoch"() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  INSERT INTO "fraiseql"."result_epoch" (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING;
  RETURN (SELECT e.id FROM "fraiseql"."result_epoch" e);
END $fraiseql$;

-- invalidate: Log labels as written in the current transaction.
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
