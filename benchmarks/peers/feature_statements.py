"""Tuned statements of the features, as a developer writes them for Strawberry."""

USERS = """
SELECT id, first_name, last_name, country FROM tb_user
WHERE active = $1 AND id > $2 AND ($3::text IS NULL OR country = $3) ORDER BY id LIMIT $4
"""

POSTS_OF_USERS = """
SELECT post.* FROM unnest($1::int[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT id, user_id, title, views FROM tb_post
  WHERE user_id = wanted.id AND ($2::int IS NULL OR views > $2) AND ($3::int IS NULL OR views <= $3)
  ORDER BY created_at DESC, id DESC LIMIT $4
) AS post
"""

PAGE = """
SELECT id, title, views FROM tb_post WHERE id > $1 AND ($2::int IS NULL OR views > $2)
ORDER BY id LIMIT $3
"""

COUNT = "SELECT count(*) FROM tb_post WHERE $1::int IS NULL OR views > $1"

TOTALS = """
SELECT count(*), sum(views), min(views), max(views) FROM tb_post WHERE $1::int IS NULL OR views > $1
"""

INSERT = "INSERT INTO note (post_id, body, likes) VALUES ($1, $2, $3) RETURNING *"

UPDATE = "UPDATE tb_post SET title = $2 WHERE id = $1 RETURNING id, title, views"

UPDATE_MANY = """
WITH changed AS (UPDATE tb_post SET title = $2 WHERE batch = $1 RETURNING id, title, views)
SELECT * FROM changed ORDER BY id
"""
