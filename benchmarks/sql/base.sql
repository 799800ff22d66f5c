-- Base tables. Every value is computed from a row's number, so that each run makes the same data.
-- $users, $posts, $comments are counts; $active = 9/10 of the users; $discussed = comments / 5 posts.

-- step: the numbers that decide each value
CREATE FUNCTION draw(n bigint, seed bigint, choices integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((n * 2654435761 + seed * 40503) % 1000003 * 69069 % 2147483647 % choices)::integer;

-- step: sentences
CREATE TABLE sentence (number integer PRIMARY KEY, text text NOT NULL);
INSERT INTO sentence
SELECT n, initcap(split_part(words, ' ', 1)) || ' ' || substr(words, strpos(words, ' ') + 1)
  || (ARRAY['.', '!', '?', ' — “yes”.', ' "so it is".', ' (naïve).'])[1 + n % 6]
FROM (
  SELECT n, string_agg((ARRAY[
    'sea','wind','harbour','night','lamp','letter','stone','river','window','garden','winter','road',
    'café','bridge','market','paper','silver','morning','island','tower','copper','field','rain','table'
  ])[1 + draw(n * 31 + i * 1009, 7, 24)], ' ' ORDER BY i) AS words
  FROM generate_series(0, 996) AS n, generate_series(1, 6) AS i
  GROUP BY n
) AS made;

-- step: users
CREATE TABLE tb_user (
  id integer NOT NULL, first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL,
  country text NOT NULL, active boolean NOT NULL, bio text, created_at timestamptz NOT NULL
);
INSERT INTO tb_user
SELECT n,
  (ARRAY['Ada','Björn','Chiara','Dmitri','Élodie','Farid','Grace','Hiro'])[1 + draw(n, 1, 8)],
  (ARRAY['Okafor','Lindqvist','Moreau','Tanaka','Silva','Novák','Haddad','O''Brien'])[1 + draw(n, 2, 8)],
  'user' || n || '@example.org',
  (ARRAY['DE','FR','JP','BR','NG','SE','CZ','US','IN','CA'])[1 + draw(n, 3, 10)],
  n % 10 <> 0,
  CASE WHEN n % 7 <> 0 THEN a.text || ' ' || b.text END,
  timestamptz '2015-01-01 00:00:00+00' + n * interval '37 minutes'
FROM generate_series(1, $users) AS n
JOIN sentence AS a ON a.number = draw(n, 4, 997)
JOIN sentence AS b ON b.number = draw(n, 5, 997)
ORDER BY n;

-- step: posts (an active user has 11, a user whose number ends in 0 has one)
CREATE TABLE tb_post (
  id integer NOT NULL, user_id integer NOT NULL, title text NOT NULL, body text NOT NULL,
  views integer NOT NULL, created_at timestamptz NOT NULL
);
INSERT INTO tb_post
SELECT n,
  CASE WHEN n <= 11 * $active THEN (n - 1) % $active / 9 * 10 + (n - 1) % $active % 9 + 1
       ELSE (n - 11 * $active) * 10 END,
  a.text, concat_ws(' ', b.text, c.text, a.text, c.text, b.text), draw(n, 8, 100000),
  timestamptz '2019-01-01 00:00:00+00' + n * interval '3 minutes'
FROM generate_series(1, $posts) AS n
JOIN sentence AS a ON a.number = draw(n, 9, 997)
JOIN sentence AS b ON b.number = draw(n, 10, 997)
JOIN sentence AS c ON c.number = draw(n, 11, 997)
ORDER BY n;

-- step: comments (the first posts have five each)
CREATE TABLE tb_comment (
  id integer NOT NULL, post_id integer NOT NULL, user_id integer NOT NULL, body text NOT NULL,
  likes integer NOT NULL, created_at timestamptz NOT NULL
);
INSERT INTO tb_comment
SELECT n, (n - 1) % $discussed + 1, draw(n, 12, $users) + 1, a.text || ' ' || b.text, draw(n, 13, 500),
  timestamptz '2021-01-01 00:00:00+00' + n * interval '1 minute'
FROM generate_series(1, $comments) AS n
JOIN sentence AS a ON a.number = draw(n, 14, 997)
JOIN sentence AS b ON b.number = draw(n, 15, 997)
ORDER BY n;

-- step: keys and indexes
ALTER TABLE tb_user ADD PRIMARY KEY (id);
ALTER TABLE tb_post ADD PRIMARY KEY (id);
ALTER TABLE tb_comment ADD PRIMARY KEY (id);
CREATE INDEX ON tb_post (user_id, created_at DESC, id DESC);
CREATE INDEX ON tb_comment (post_id, created_at DESC, id DESC);
DROP FUNCTION draw;
DROP TABLE sentence;
