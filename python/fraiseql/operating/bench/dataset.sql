-- drop: Remove the data of the bench, also of one that was killed.
DROP SCHEMA IF EXISTS fraiseql_bench CASCADE;

-- schema: Create the schema.
CREATE SCHEMA fraiseql_bench;

-- users: Create the users, of which a tenth is active.
CREATE TABLE fraiseql_bench.users AS
SELECT g AS id, 'First ' || g AS first_name, 'Last ' || g AS last_name, g || '@example.org' AS email,
  g % 10 = 0 AS active, now() - g * interval '1 minute' AS created_at
FROM generate_series(1, $1::int) AS g;

-- users_key: Add the key of the users.
ALTER TABLE fraiseql_bench.users ADD PRIMARY KEY (id);

-- posts: Create ten posts of each user.
CREATE TABLE fraiseql_bench.posts AS
SELECT g AS id, g % $1::int + 1 AS user_id, 'Title ' || g AS title, repeat('text ', 20) AS content,
  now() - g * interval '10 seconds' AS created_at
FROM generate_series(1, $1::int * 10) AS g;

-- posts_key: Add the key of the posts.
ALTER TABLE fraiseql_bench.posts ADD PRIMARY KEY (id);

-- posts_index: Index their users.
CREATE INDEX ON fraiseql_bench.posts (user_id);

-- documents: Store the document of each user.
CREATE TABLE fraiseql_bench.documents AS
SELECT u.id, u.active, jsonb_build_object('id', u.id, 'first_name', u.first_name,
  'last_name', u.last_name, 'email', u.email, 'user_posts', (
    SELECT jsonb_agg(jsonb_build_object('id', p.id, 'post_title', p.title)) FROM (
      SELECT p.id, p.title FROM fraiseql_bench.posts p WHERE p.user_id = u.id LIMIT 10) p))
  AS data
FROM fraiseql_bench.users u;

-- documents_key: Add the key of the documents.
ALTER TABLE fraiseql_bench.documents ADD PRIMARY KEY (id);

-- gin: Index them.
CREATE INDEX ON fraiseql_bench.documents USING gin (data jsonb_path_ops);

-- plain: The same documents without the index.
CREATE TABLE fraiseql_bench.plain AS SELECT * FROM fraiseql_bench.documents;

-- indexed: The same users twice, for a full and a partial index.
CREATE TABLE fraiseql_bench.indexed AS SELECT id AS full_id, id AS partial_id, active, data
FROM fraiseql_bench.documents;

-- full_index: Index all of them.
CREATE INDEX full_index ON fraiseql_bench.indexed (full_id);

-- partial_index: Index the active ones.
CREATE INDEX partial_index ON fraiseql_bench.indexed (partial_id) WHERE active;

-- view: Store the dashboard.
CREATE MATERIALIZED VIEW fraiseql_bench.dashboard AS {dashboard};

-- view_index: Give it the index of the claim.
CREATE UNIQUE INDEX ON fraiseql_bench.dashboard ((1));

-- unlogged: Create an unlogged cache.
CREATE UNLOGGED TABLE fraiseql_bench.unlogged (key text PRIMARY KEY, result jsonb NOT NULL,
  expires_at timestamptz NOT NULL, hit_count int NOT NULL DEFAULT 0);

-- logged: Create a logged one.
CREATE TABLE fraiseql_bench.logged (key text PRIMARY KEY, result jsonb NOT NULL,
  expires_at timestamptz NOT NULL, hit_count int NOT NULL DEFAULT 0);

-- analyze: Collect statistics.
ANALYZE;

-- buffers: Add the extension that empties the cache.
CREATE EXTENSION pg_buffercache SCHEMA fraiseql_bench;

-- evict: Empty the cache of PostgreSQL, from version 18 on.
SELECT count(*) FROM fraiseql_bench.pg_buffercache_evict_all();

-- sizes: Sizes of the two indexes.
SELECT pg_relation_size('fraiseql_bench.full_index')::float8
  / pg_relation_size('fraiseql_bench.partial_index') AS ratio;
