"""A schema of partitioned tables, its projections, and an oracle without views.

Accounts and entries are partitioned, one partition of entries again; partitions have columns in
another order and dropped ones; triggers of the user's own change rows, drop them and write others.
"""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from fraiseql.caching.strategies.projection import EmbedSpec, Join, ProjectionSpec, Qualified
from tests.integration.caching.projection.installation import repair
from tests.integration.caching.projection.schemas import Case, Documents, Rows, table

SHOWN = 4
"""Entries that an account's document holds."""

TABLES = """
CREATE SCHEMA app;
CREATE TABLE app.kinds (id int PRIMARY KEY, label text);
CREATE TABLE app.accounts (id int PRIMARY KEY, name text, hidden int) PARTITION BY RANGE (id);
CREATE TABLE app.accounts_low PARTITION OF app.accounts FOR VALUES FROM (MINVALUE) TO (6);
CREATE TABLE app.accounts_mid (gone text, hidden int, name text, id int NOT NULL);
ALTER TABLE app.accounts_mid DROP COLUMN gone;
ALTER TABLE app.accounts ATTACH PARTITION app.accounts_mid FOR VALUES FROM (6) TO (12);
CREATE TABLE app.accounts_rest PARTITION OF app.accounts DEFAULT;
CREATE TABLE app.entries (
  id int, zone text, account_id int REFERENCES app.accounts ON DELETE CASCADE ON UPDATE CASCADE,
  kind_id int REFERENCES app.kinds ON DELETE SET NULL ON UPDATE CASCADE, note text,
  size int GENERATED ALWAYS AS (length(note)) STORED, PRIMARY KEY (id, zone)
) PARTITION BY LIST (zone);
CREATE TABLE app.entries_a PARTITION OF app.entries FOR VALUES IN ('a');
CREATE TABLE app.entries_b PARTITION OF app.entries FOR VALUES IN ('b') PARTITION BY HASH (id);
CREATE TABLE app.entries_b0 PARTITION OF app.entries_b FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.entries_b1 PARTITION OF app.entries_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.entries_rest (note text, old date, kind_id int, zone text NOT NULL,
  size int GENERATED ALWAYS AS (length(note)) STORED, account_id int, id int NOT NULL);
ALTER TABLE app.entries_rest DROP COLUMN old;
ALTER TABLE app.entries ATTACH PARTITION app.entries_rest DEFAULT;
CREATE INDEX ON app.entries (account_id);
CREATE INDEX ON app.entries (kind_id);
CREATE VIEW app.seen_entries AS SELECT id, zone, account_id, note FROM app.entries;
CREATE FUNCTION app.before_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.note LIKE '%99' THEN RETURN NULL; END IF;
  IF NEW.note LIKE '%7' THEN NEW.note := NEW.note || '!'; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER before_entry BEFORE INSERT OR UPDATE ON app.entries
  FOR EACH ROW EXECUTE FUNCTION app.before_entry();
CREATE FUNCTION app.after_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE app.entries SET note = 'first' WHERE account_id = NEW.id AND id < 5;
  UPDATE app.accounts SET name = 'again' WHERE id = NEW.id + 1 AND name = 'w';
  RETURN NULL; END $$;
CREATE TRIGGER after_account AFTER INSERT OR UPDATE OF id ON app.accounts
  FOR EACH ROW EXECUTE FUNCTION app.after_account();
"""

_KINDS = table("kinds", "id integer")
_ACCOUNTS = table(
    "accounts", "id integer", partitions=("accounts_low", "accounts_mid", "accounts_rest")
)
_ENTRIES = table(
    "entries",
    "id integer",
    "zone text",
    partitions=("entries_a", "entries_b", "entries_rest", "entries_b0", "entries_b1"),
)
_KIND_EDGE = EmbedSpec("kind", _KINDS, (Join("id", "kind_id", "integer"),), False, ("label",))

ACCOUNT = ProjectionSpec(
    owner="Account",
    table=Qualified("app", "tv_account"),
    view=Qualified("app", "v_account"),
    view_sql=f"""
SELECT a.id, jsonb_build_object('name', a.name, 'entries', coalesce(e.list, '[]')) AS data
FROM app.accounts a CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('id', i.id, 'zone', i.zone, 'note', i.note, 'size', i.size,
      'kind', k.label) ORDER BY i.id, i.zone) AS list
  FROM (SELECT * FROM app.entries e WHERE e.account_id = a.id ORDER BY e.id, e.zone LIMIT {SHOWN}) i
  LEFT JOIN app.kinds k ON k.id = i.kind_id) e""",
    root=_ACCOUNTS,
    columns=("id", "name"),
    embeds=(
        EmbedSpec(
            "entries",
            _ENTRIES,
            (Join("account_id", "id", "integer"),),
            True,
            ("id", "zone", "note", "size", "kind_id"),
            (_KIND_EDGE,),
        ),
    ),
)

ENTRY = ProjectionSpec(
    owner="Entry",
    table=Qualified("app", "tv_entry"),
    view=Qualified("app", "v_entry"),
    view_sql="SELECT e.id, e.zone, jsonb_build_object('note', e.note, 'size', e.size,"
    " 'account', a.name, 'kind', k.label) AS data FROM app.entries e"
    " LEFT JOIN app.accounts a ON a.id = e.account_id LEFT JOIN app.kinds k ON k.id = e.kind_id",
    root=_ENTRIES,
    columns=("note", "size", "account_id", "kind_id"),
    embeds=(
        EmbedSpec("account", _ACCOUNTS, (Join("id", "account_id", "integer"),), False, ("name",)),
        _KIND_EDGE,
    ),
    text=True,
)


def account_documents(rows: Rows) -> Documents:
    """Compute accounts' documents from base rows alone."""
    labels = {row["id"]: row["label"] for row in rows["kinds"]}
    entries = defaultdict(list)
    for row in sorted(rows["entries"], key=lambda row: (row["id"], row["zone"])):
        shown: dict[str, Any] = {name: row[name] for name in ("id", "zone", "note", "size")}
        entries[row["account_id"]].append({**shown, "kind": labels.get(row["kind_id"])})
    return {
        (row["id"],): {"name": row["name"], "entries": entries[row["id"]][:SHOWN]}
        for row in rows["accounts"]
    }


def entry_documents(rows: Rows) -> Documents:
    """Compute entries' documents from base rows alone."""
    labels = {row["id"]: row["label"] for row in rows["kinds"]}
    names = {row["id"]: row["name"] for row in rows["accounts"]}
    return {
        (row["id"], row["zone"]): {
            "note": row["note"],
            "size": row["size"],
            "account": names.get(row["account_id"]),
            "kind": labels.get(row["kind_id"]),
        }
        for row in rows["entries"]
    }


PARTED = Case(
    "parted",
    TABLES,
    ("kinds", "accounts", "entries"),
    (ACCOUNT, ENTRY),
    (account_documents, entry_documents),
)

MENDED = "; ".join(repair(replace(spec)) for spec in PARTED.specs)
"""What a partition that comes or goes with rows calls for."""

PARTITIONS = (
    f"""ALTER TABLE app.entries DETACH PARTITION app.entries_a;
    UPDATE app.entries_a SET note = note || '-' WHERE id % 2 = 0; DELETE FROM app.entries_a
    WHERE id % 5 = 0; ALTER TABLE app.entries ATTACH PARTITION app.entries_a FOR VALUES IN ('a');
    {MENDED}""",
    f"""ALTER TABLE app.entries_b DETACH PARTITION app.entries_b1; DELETE FROM app.entries_b1;
    ALTER TABLE app.entries_b ATTACH PARTITION app.entries_b1
      FOR VALUES WITH (MODULUS 2, REMAINDER 1); {MENDED}""",
    "CREATE TABLE IF NOT EXISTS app.entries_n PARTITION OF app.entries FOR VALUES IN ('n')",
    f"DROP TABLE IF EXISTS app.entries_n; {MENDED}",
)
"""Changes of partitions, some with rows, each in one transaction with what makes up for it."""
