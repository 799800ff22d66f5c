"""Tables, roles and questions of the upheaval, each with the SQL that answers it."""

from dataclasses import dataclass

LOGIN, REQUEST, AUDITORS, OWNER = "fqu_app", "fqu_request", "fqu_auditors", "fqu_owner"
ROLES = (LOGIN, REQUEST, AUDITORS, OWNER)

TABLES = """
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TABLE item (
  id int PRIMARY KEY, owner text NOT NULL, price int NOT NULL, mood mood NOT NULL,
  gross int GENERATED ALWAYS AS (price * 2) STORED);
INSERT INTO item SELECT n, 'w' || n, n, 'calm' FROM generate_series(1, 6) n;
CREATE TABLE entry (
  zone int NOT NULL, id int NOT NULL, item_id int NOT NULL, amount int NOT NULL,
  PRIMARY KEY (zone, id)) PARTITION BY LIST (zone);
CREATE TABLE entry_0 PARTITION OF entry FOR VALUES IN (0);
CREATE TABLE entry_1 PARTITION OF entry FOR VALUES IN (1);
INSERT INTO entry SELECT n % 2, n, n % 6 + 1, n FROM generate_series(1, 12) n;
CREATE TABLE note (id int PRIMARY KEY, level int NOT NULL, text text NOT NULL);
INSERT INTO note SELECT n, n % 2, 'note ' || n FROM generate_series(1, 6) n;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON note USING (level = 0);
CREATE POLICY audited ON note TO fqu_auditors USING (true);
CREATE FUNCTION inner_label(int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'a' || $1 $$;
CREATE FUNCTION label(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN RETURN 'b' || public.inner_label($1); END $$;
CREATE FUNCTION inner_worth(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 > 2 $$;
CREATE FUNCTION worth(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN RETURN public.inner_worth($1); END $$;
CREATE VIEW v_labelled AS
  SELECT id, owner, gross, label(price) AS label, mood::text AS mood FROM item;
CREATE VIEW v_total AS
  SELECT item_id AS id, sum(amount)::int AS total, count(*)::int AS entries FROM entry GROUP BY 1;
CREATE VIEW v_flag AS
  SELECT 1 AS id, coalesce(nullif(current_setting('app.f', true), ''), '-') AS flag,
    (date '2026-02-01')::text AS day, (SELECT count(*)::int FROM item) AS items;
CREATE VIEW v_note AS SELECT id, text FROM note;
ALTER VIEW v_note OWNER TO fqu_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A root field with its selection, and SQL that gives its value as JSON.

    Attributes:
        name: Name of the root field.
        selection: Its selection set.
        sql: The value, as a text of JSON.
        settings: Whether settings that connections begin with decide it.
    """

    name: str
    selection: str
    sql: str
    settings: bool = False


def _rows(columns: str, relation: str) -> str:
    return (
        f"SELECT coalesce(json_agg(row_to_json(q) ORDER BY q.id), '[]')::text"
        f" FROM (SELECT {columns} FROM public.{relation}) q"
    )


_STORED = """SELECT coalesce(json_agg(row_to_json(q) ORDER BY q.id), '[]')::text FROM (
  SELECT i.id, i.owner, i.gross, i.mood::text AS mood,
  (SELECT coalesce(json_agg(json_build_object(
      'zone', e.zone, 'id', e.id, 'amount', e.amount) ORDER BY e.zone, e.id), '[]')
    FROM public.entry e WHERE e.item_id = i.id AND public.worth(e.amount)) AS entries
  FROM public.item i) q"""

QUESTIONS = (
    Question("stored", "{ id owner gross mood entries { zone id amount } }", _STORED),
    Question("items", "{ id owner gross label mood }", _rows("*", "v_labelled")),
    Question("lasting", "{ id owner gross label mood }", _rows("*", "v_labelled")),
    Question("totals", "{ id total entries }", _rows("*", "v_total")),
    Question("notes", "{ id text }", _rows("id, text", "note")),
    Question("ownersNotes", "{ id text }", _rows("*", "v_note")),
    Question("flags", "{ id flag day items }", _rows("*", "v_flag"), settings=True),
    Question("scaled", "", "SELECT (count(*) * {factor})::text FROM public.item"),
)
