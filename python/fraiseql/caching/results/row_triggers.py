"""Row triggers, which log the values of a column in changed rows."""
# ruff: noqa: S608 - identifiers are quoted from the catalog

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.row_tags import (
    EVENTS,
    PLAIN,
    RowTag,
    trigger_prefix,
)
from fraiseql.caching.results.sql.objects import SECRET
from fraiseql.catalog.picture import quote
from fraiseql.expressions import literal

MOST_KEYS: Final = 1_000
"""Values that one statement logs one by one; beyond that, the whole column is logged."""

_SEEN: Final = {
    "INSERT": "REFERENCING NEW TABLE AS fql_new ",
    "DELETE": "REFERENCING OLD TABLE AS fql_old ",
    "UPDATE": "REFERENCING OLD TABLE AS fql_old NEW TABLE AS fql_new ",
    "TRUNCATE": "",
}


def row_trigger_objects(row: RowTag) -> Iterator[DatabaseObject]:
    """Yield the function for one column of one table, and its trigger for each event."""
    table = row.relation.sql
    prefix = trigger_prefix(table, row.column)
    function = f'"fraiseql".{quote(prefix + "rows")}()'
    yield DatabaseObject(
        "function",
        function,
        (_body(function, row), f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
        (f"DROP FUNCTION IF EXISTS {function}",),
        needs=(LOG, SECRET),
        replaces=True,
    )
    for event in EVENTS:
        name = f"{prefix}{event.lower()}"
        create = (
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table}"
            f" {_SEEN[event]}FOR EACH STATEMENT EXECUTE FUNCTION {function}"
        )
        yield DatabaseObject(
            "trigger",
            f"{name} ON {table}",
            (create, f"ALTER TABLE ONLY {table} ENABLE ALWAYS TRIGGER {name}"),
            (f"DROP TRIGGER IF EXISTS {name} ON {table}",),
            needs=(function,),
            lock=f"SHARE ROW EXCLUSIVE on {table} until commit; waits for its writers",
            replaces=True,
        )


def _body(function: str, row: RowTag) -> str:
    column = quote(row.column)
    values = {
        "INSERT": f"SELECT n.{column} AS v FROM fql_new n",
        "DELETE": f"SELECT o.{column} AS v FROM fql_old o",
        "UPDATE": f"SELECT n.{column} AS v FROM fql_new n"
        f" UNION ALL SELECT o.{column} FROM fql_old o",
    }
    branches = "\n  ".join(
        f"{'IF' if event == 'INSERT' else 'ELSIF'} TG_OP = '{event}' THEN\n"
        f"    SELECT array_agg(k.v::text) INTO fql_keys FROM (\n"
        f"      SELECT DISTINCT c.v FROM ({text}) AS c WHERE c.v IS NOT NULL\n"
        f"      LIMIT {MOST_KEYS + 1}) AS k;"
        for event, text in values.items()
    )
    whole = f"TG_RELID || {literal(f':{row.column}')}"
    return f"""\
CREATE OR REPLACE FUNCTION {function} RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_keys text[];
BEGIN
  {branches}
  END IF;
  IF TG_OP = 'TRUNCATE' OR cardinality(fql_keys) > {MOST_KEYS} THEN
    INSERT INTO {LOG} (tag, xid, at)
    VALUES ({whole}, pg_current_xact_id(), clock_timestamp()) ON CONFLICT DO NOTHING;
  ELSIF fql_keys IS NOT NULL THEN
    INSERT INTO {LOG} (tag, xid, at)
    -- Read once, and only for a value that needs it; without a secret the column counts.
    SELECT coalesce({whole} || '=' || CASE WHEN k.v ~ '^{PLAIN}$' THEN k.v
        ELSE '#' || left(encode(sha256((SELECT s.tags FROM {SECRET} s)
          || convert_to(k.v, 'UTF8')), 'hex'), 32) END, {whole}),
      pg_current_xact_id(), clock_timestamp()
    FROM unnest(fql_keys) AS k (v) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $fraiseql$"""
