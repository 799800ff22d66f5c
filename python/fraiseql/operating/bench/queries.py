"""Statements of the bench."""

from collections.abc import Mapping
from typing import Final

DASHBOARD: Final = """\
SELECT (SELECT count(*) FROM fraiseql_bench.users) AS total_users,
  (SELECT count(*) FROM fraiseql_bench.posts) AS total_posts,
  (SELECT count(*) FROM fraiseql_bench.posts WHERE created_at > now() - interval '24 hours')
    AS posts_today,
  (SELECT avg(length(content)) FROM fraiseql_bench.posts) AS avg_post_length,
  (SELECT jsonb_agg(t) FROM (
    SELECT u.id, u.first_name, count(p.id) AS post_count FROM fraiseql_bench.users u
    JOIN fraiseql_bench.posts p ON p.user_id = u.id GROUP BY u.id, u.first_name
    ORDER BY count(p.id) DESC, u.id LIMIT 10) t) AS top_users"""

READS: Final[Mapping[str, str]] = {
    "live_lookup": """\
SELECT jsonb_build_object('id', u.id, 'first_name', u.first_name, 'last_name', u.last_name,
  'email', u.email, 'user_posts', (
    SELECT jsonb_agg(jsonb_build_object('id', p.id, 'post_title', p.title)) FROM (
      SELECT p.id, p.title FROM fraiseql_bench.posts p WHERE p.user_id = u.id LIMIT 10) p))
FROM fraiseql_bench.users u WHERE u.id = $1""",
    "stored_lookup": "SELECT data FROM fraiseql_bench.documents WHERE id = $1",
    "hot_lookup": "SELECT data FROM fraiseql_bench.documents WHERE id = $1",
    "full_index_lookup": "SELECT data FROM fraiseql_bench.indexed WHERE full_id = $1 AND active",
    "partial_index_lookup": (
        "SELECT data FROM fraiseql_bench.indexed WHERE partial_id = $1 AND active"
    ),
    "gin_list": (
        "SELECT data FROM fraiseql_bench.documents"
        " WHERE data @> jsonb_build_object('last_name', 'Last ' || $1::int) LIMIT 20"
    ),
    "plain_list": (
        "SELECT data FROM fraiseql_bench.plain"
        " WHERE data @> jsonb_build_object('last_name', 'Last ' || $1::int) LIMIT 20"
    ),
    "stored_list": "SELECT data FROM fraiseql_bench.documents WHERE id > $1 ORDER BY id LIMIT 20",
    "indexed_analytics": (
        "SELECT count(*), avg(length(content)) FROM fraiseql_bench.posts"
        " WHERE user_id BETWEEN $1 AND $1 + 100"
    ),
}
"""Statements with the key of a user, by the name of their figure."""

WRITE: Final = """\
INSERT INTO fraiseql_bench.{table} (key, result, expires_at)
VALUES ('k' || $1::int, jsonb_build_object('rows', repeat('x', 1000)), now() + interval '5 minutes')
ON CONFLICT (key) DO UPDATE SET result = excluded.result, expires_at = excluded.expires_at"""

HIT: Final = (
    "SELECT result FROM fraiseql_bench.{table} WHERE key = 'k' || $1::int AND expires_at > now()"
)

COUNTED: Final = (
    "UPDATE fraiseql_bench.unlogged SET hit_count = hit_count + 1"
    " WHERE key = 'k' || $1::int AND expires_at > now() RETURNING result"
)

REFUSALS: Final[Mapping[str, str]] = {
    "generated_subquery": (
        "CREATE TABLE fraiseql_bench.generated (id int PRIMARY KEY, data jsonb GENERATED ALWAYS AS"
        " (jsonb_build_object('id', id, 'posts', (SELECT jsonb_agg(p.id) FROM fraiseql_bench.posts"
        " p WHERE p.user_id = id LIMIT 10))) STORED)"
    ),
    "now_predicate": (
        "CREATE INDEX ON fraiseql_bench.posts (id) WHERE created_at > now() - interval '30 days'"
    ),
    "expression_index_refresh": "REFRESH MATERIALIZED VIEW CONCURRENTLY fraiseql_bench.dashboard",
}
"""Statements as they are printed, by the name of their figure."""
