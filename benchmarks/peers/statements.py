"""Tuned statements of the peers with data loaders."""

USERS_BY_ID = """
SELECT id, first_name, last_name, email, country, active, bio, created_at
FROM tb_user WHERE id = ANY($1::int[])
"""

LATEST_POSTS_OF_USERS = """
SELECT post.* FROM unnest($1::int[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT id, user_id, title, body, views, created_at FROM tb_post
  WHERE user_id = wanted.id ORDER BY created_at DESC, id DESC LIMIT 10
) AS post
"""

COMMENTS_OF_POSTS = """
SELECT comment.* FROM unnest($1::int[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT id, post_id, body, likes, created_at FROM tb_comment
  WHERE post_id = wanted.id ORDER BY created_at DESC, id DESC LIMIT 5
) AS comment
"""

USERS = """
SELECT id, first_name, last_name, email, country, active, bio, created_at
FROM tb_user WHERE active = $1 AND id > $2 ORDER BY id LIMIT $3
"""

POSTS = """
SELECT id, user_id, title, body, views, created_at
FROM tb_post WHERE id > $1 ORDER BY id LIMIT $2
"""

USER_DOCUMENT = "SELECT data::text FROM tv_user WHERE id = $1"

USER_DOCUMENTS = """
SELECT data::text FROM tv_user
WHERE (data->>'active')::boolean = $1 AND id > $2 ORDER BY id LIMIT $3
"""

POST_DOCUMENTS = "SELECT data::text FROM tv_post WHERE id > $1 ORDER BY id LIMIT $2"
