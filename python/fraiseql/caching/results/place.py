"""Place: in which database, as whom, and under which settings the application reads.

Session variables of a request are in the key by themselves; this is what a connection begins with,
by PostgreSQL's configuration, ``ALTER DATABASE … SET`` and ``ALTER ROLE … SET``.
"""
# ruff: noqa: S608 - names are constants

from typing import Any, Final

from fraiseql.caching.changes.state import CLUSTER
from fraiseql.database import Pool

_SETTINGS: Final = (
    "array_nulls",
    "default_text_search_config",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "quote_all_identifiers",
    "row_security",
    "search_path",
    "timezone_abbreviations",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
)
"""Settings that functions of PostgreSQL read without being told; others are the same everywhere,
since connections set them as they begin."""

# The values that hold on the connection: one that began before a change has those of before.
_PLACE: Final = f"""
WITH names AS (
  SELECT unnest($1::text[]) AS name
  UNION SELECT split_part(one, '=', 1) FROM pg_catalog.pg_db_role_setting s,
    unnest(s.setconfig) AS one
  WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d
    WHERE d.datname = current_database()))
    AND s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = session_user)))
SELECT {CLUSTER} || '/' || current_user || '/' || pg_catalog.hashtextextended(
  (SELECT string_agg(concat_ws('=', n.name, current_setting(n.name, true)), ';' ORDER BY n.name)
   FROM names n), 0) AS place
"""


async def load_place(pool: Pool) -> str:
    """Return what tells the place from any other.

    Args:
        pool: The application's own connections.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    rows: Any = await pool.fetch_bytes(_PLACE, [_SETTINGS])
    return str(rows[0]["place"])
