"""A schema that shadows PostgreSQL's own names, and the parse trees that tell what was found."""

import re
from pathlib import Path
from typing import Any

import asyncpg

PATH = "hostile, public, pg_catalog"

# Each has the very types of PostgreSQL's own, so that it is found for a name without a schema, and
# fails whatever it is given. Ordered-set aggregates and functions of types' texts, of which the
# framework calls none, are left out.
_SHADOWS = r"""
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
DO $$
DECLARE
  f record;
BEGIN
  FOR f IN
    SELECT p.proname, p.prorettype::regtype AS result,
      pg_get_function_arguments(p.oid) AS arguments, CASE WHEN p.proretset THEN 'SETOF' END AS many
    FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384
      AND NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype <> 'internal'::regtype
      AND p.proname !~ '(_in|_out|_recv|_send)$'
      AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid = p.oid AND a.aggkind <> 'n')
  LOOP
    EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS %s %s LANGUAGE internal AS ''shell_in''',
      f.proname, regexp_replace(f.arguments, ' DEFAULT [^,]*', '', 'g'), f.many, f.result);
  END LOOP;
  FOR f IN
    SELECT o.oprname, 'LEFTARG = ' || nullif(o.oprleft, 0)::regtype || ',' AS left,
      o.oprright::regtype AS right, p.proname
    FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
    WHERE o.oprnamespace = 'pg_catalog'::regnamespace
  LOOP
    EXECUTE format('CREATE OPERATOR hostile.%s (%s RIGHTARG = %s, FUNCTION = hostile.%I)',
      f.oprname, f.left, f.right, f.proname);
  END LOOP;
  FOR f IN
    SELECT t.typname FROM pg_type t
    WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typelem = 0
  LOOP
    EXECUTE format('CREATE DOMAIN hostile.%1$I AS pg_catalog.%1$I'
      ' CHECK (hostile.version() IS NULL)', f.typname);
  END LOOP;
  FOR f IN
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
  LOOP
    EXECUTE format('CREATE VIEW hostile.%I AS SELECT hostile.version() AS shadow', f.relname);
  END LOOP;
END $$;
"""

_NUMBERS = """
SELECT 'function' AS kind, oid::text, proname::text AS name FROM pg_proc
WHERE pronamespace = 'hostile'::regnamespace
UNION ALL SELECT 'operator', oid::text, oprname FROM pg_operator
WHERE oprnamespace = 'hostile'::regnamespace
UNION ALL SELECT 'type', oid::text, typname FROM pg_type
WHERE typnamespace = 'hostile'::regnamespace
UNION ALL SELECT 'relation', oid::text, relname FROM pg_class
WHERE relnamespace = 'hostile'::regnamespace
"""
_FOUND = {
    "function": re.compile(r":(?:funcid|opfuncid|aggfnoid|winfnoid)\s+(\d+)"),
    "operator": re.compile(r":opno\s+(\d+)"),
    "type": re.compile(r":(?:consttype|resulttype|paramtype|vartype)\s+(\d+)"),
    "relation": re.compile(r":relid\s+(\d+)"),
}

Shadows = dict[tuple[str, str], str]
"""Kind and number of each shadow, and its name."""


async def make_shadows(url: str) -> Shadows:
    """Make the schema, and have every connection find it first and log what it parses."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_SHADOWS)
        rows: list[Any] = await connection.fetch(_NUMBERS)
        name = await connection.fetchval("SELECT current_database()")
        settings = ("debug_print_parse = on", "debug_pretty_print = off", f"search_path = {PATH}")
        for setting in settings:
            await connection.execute(f"ALTER DATABASE {name} SET {setting}")
    finally:
        await connection.close()
    return {(row["kind"], row["oid"]): row["name"] for row in rows}


def trees_of(log: Path, start: int) -> list[str]:
    """Return the parse trees that the server logged beyond ``start``."""
    text = log.read_bytes()[start:].decode(errors="replace")
    entries = re.split(r"(?m)^(?=\d{4}-\d\d-\d\d )", text)
    return [entry for entry in entries if re.search(r"DETAIL:\s+\(?\{QUERY", entry[:200])]


def used(shadows: Shadows, trees: list[str]) -> set[tuple[str, str]]:
    """Return kind and name of each shadow that a statement refers to, whether it runs or not."""
    joined = "\n".join(trees)
    return {
        (kind, shadows[kind, number])
        for kind, pattern in _FOUND.items()
        for number in set(pattern.findall(joined))
        if (kind, number) in shadows
    }


def called(trees: list[str]) -> set[str]:
    """Return the numbers of all functions and operators that statements refer to."""
    joined = "\n".join(trees)
    return {n for kind in ("function", "operator") for n in _FOUND[kind].findall(joined)}
