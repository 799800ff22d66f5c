-- What the measured features write, and rows to update by the thousand.

-- step: notes, and batches of posts
CREATE TABLE note (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, post_id integer NOT NULL, body text NOT NULL,
  likes integer NOT NULL
);
ALTER TABLE tb_post ADD COLUMN batch integer;
UPDATE tb_post SET batch = (id - 1) / 1000;
ALTER TABLE tb_post ALTER COLUMN batch SET NOT NULL;
CREATE INDEX ON tb_post (batch);
-- Totals and aggregates are of a range of it, as a team that counts them would have.
CREATE INDEX ON tb_post (views);
-- PostGraphile finds lists by it.
ALTER TABLE tb_post ADD FOREIGN KEY (user_id) REFERENCES tb_user;
