-- Ready-made documents: what a projection of each type holds.

-- step: tv_user (a user with the last 10 posts)
CREATE TABLE tv_user AS
SELECT u.id, jsonb_build_object(
  'id', u.id, 'first_name', u.first_name, 'last_name', u.last_name, 'email', u.email,
  'country', u.country, 'active', u.active, 'bio', u.bio, 'created_at', u.created_at,
  'posts', coalesce(p.posts, '[]')
) AS data
FROM tb_user AS u
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
    'id', id, 'title', title, 'views', views, 'created_at', created_at
  ) ORDER BY created_at DESC, id DESC) AS posts
  FROM (
    SELECT * FROM tb_post WHERE user_id = u.id ORDER BY created_at DESC, id DESC LIMIT 10
  ) AS latest
) AS p ON true
ORDER BY u.id;

-- step: tv_post (a post with its author and five comments)
CREATE TABLE tv_post AS
SELECT p.id, jsonb_build_object(
  'id', p.id, 'title', p.title, 'body', p.body, 'views', p.views, 'created_at', p.created_at,
  'author', jsonb_build_object(
    'id', u.id, 'first_name', u.first_name, 'last_name', u.last_name, 'email', u.email,
    'country', u.country, 'active', u.active, 'bio', u.bio, 'created_at', u.created_at
  ),
  'comments', coalesce(c.comments, '[]')
) AS data
FROM tb_post AS p
JOIN tb_user AS u ON u.id = p.user_id
LEFT JOIN (
  SELECT post_id, jsonb_agg(jsonb_build_object(
    'id', id, 'user_id', user_id, 'body', body, 'likes', likes, 'created_at', created_at
  ) ORDER BY created_at DESC, id DESC) AS comments
  FROM tb_comment
  GROUP BY post_id
) AS c ON c.post_id = p.id
ORDER BY p.id;

-- step: keys of the documents
ALTER TABLE tv_user ADD PRIMARY KEY (id);
ALTER TABLE tv_post ADD PRIMARY KEY (id);
ALTER TABLE tv_user ALTER COLUMN data SET NOT NULL;
ALTER TABLE tv_post ALTER COLUMN data SET NOT NULL;
