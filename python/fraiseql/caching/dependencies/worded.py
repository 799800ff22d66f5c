"""Calls of PostgreSQL's own functions in bodies that it stores as texts."""
# ruff: noqa: S608 - all SQL is written in this package

from typing import Final

# A comment may precede the parenthesis. Only SQL keywords call without one.
_CALLED: Final = r"([a-z_][a-z0-9_]*)\"?\s*(?:\(|/\*|--)"
_BARE: Final = (
    r"\m(current_(?:date|time|timestamp)|localtime(?:stamp)?"
    r"|current_(?:user|role|catalog|schema)|session_user|system_user)\M"
)
_MOMENT: Final = r"'\s*(now|today|tomorrow|yesterday)\M"
_ESCAPED: Final = r"\mu&[\"']"

WORDED: Final = rf"""bodies AS (
  SELECT p.oid, lower(p.prosrc) AS text, g.lanname = 'internal' AS internal
  FROM reached r JOIN pg_catalog.pg_proc p ON p.oid = r.oid
  JOIN pg_catalog.pg_language g ON g.oid = p.prolang AND g.lanname <> 'c'
  WHERE r.class = 'pg_catalog.pg_proc'::regclass AND p.oid >= 16384 AND p.prosqlbody IS NULL
    AND p.pronamespace IS DISTINCT FROM pg_catalog.to_regnamespace('fraiseql')),
worded AS (
  SELECT p.proname::text AS name, p.provolatile::text AS volatility
  FROM bodies b CROSS JOIN LATERAL regexp_matches(b.text, $re${_CALLED}$re$, 'g') AS found (part)
  JOIN pg_catalog.pg_proc p ON p.proname = found.part[1]::name
    AND p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile <> 'i'
  WHERE NOT b.internal
  UNION
  SELECT p.proname::text, p.provolatile::text
  FROM bodies b JOIN pg_catalog.pg_proc p
    ON lower(p.prosrc) = b.text AND p.oid < 16384 AND p.provolatile <> 'i'
  WHERE b.internal
  UNION
  SELECT CASE WHEN found.part[1] ~ '(date|time|timestamp)$' THEN 'now' ELSE 'current_user' END, 's'
  FROM bodies b CROSS JOIN LATERAL regexp_matches(b.text, $re${_BARE}$re$, 'g') AS found (part)
  UNION
  SELECT 'now', 's' FROM bodies b WHERE b.text ~ $re${_MOMENT}$re$
  UNION
  SELECT 'U&', 's' FROM bodies b WHERE b.text ~ $re${_ESCAPED}$re$)"""
"""SQL of ``worded(name, volatility)``: built-in functions that bodies of ``reached`` call.

Every word in code, strings and comments counts. A name that is concatenated from parts is not
found, nor a call inside a C library.
"""
