-- Events of the last two years: 5 in 100 are active and not deleted; $events of them.
CREATE TABLE tb_event (
  id integer PRIMARY KEY, active boolean NOT NULL, deleted_at timestamptz, kind text NOT NULL,
  title text NOT NULL, created_at timestamptz NOT NULL, data jsonb NOT NULL
);
INSERT INTO tb_event
SELECT n, n % 10 = 0, CASE WHEN n % 20 = 0 THEN now() END, (ARRAY['call', 'mail', 'visit'])[1 + n % 3],
  'A title of six or seven words', now() - n * (interval '730 days' / $events),
  jsonb_build_object('number', (n * 7919::bigint) % ($events / 20), 'note', repeat('words ', 10),
    'tags', jsonb_build_array('t' || n % 50, 'u' || n % 7), 'place', jsonb_build_object('x', n, 'y', n % 100))
FROM generate_series(1, $events) AS n;
