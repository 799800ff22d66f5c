"""Objects that parsed queries use by number, and calls without a name."""
# ruff: noqa: S608 - all SQL is written in this package

from typing import Final

_CLASS: Final = """\
CASE WHEN found.part[1] = 'relid' THEN 'pg_catalog.pg_class'::regclass
      WHEN found.part[1] ~ '^(opno|opnos|sortop|eqop)$' THEN 'pg_catalog.pg_operator'::regclass
      WHEN found.part[1] = 'opfamilies' THEN 'pg_catalog.pg_opfamily'::regclass
      WHEN found.part[1] ~* '(type|typid|typeid|types)$' THEN 'pg_catalog.pg_type'::regclass
      WHEN found.part[1] ~* '(coll|collid|collation|collations)$'
        THEN 'pg_catalog.pg_collation'::regclass
      WHEN found.part[1] ~* '(funcid|fnoid|rangefunc)$' THEN 'pg_catalog.pg_proc'::regclass END"""

NUMBERS: Final = f"""\
SELECT DISTINCT named.class::oid AS class, named.oid
  FROM trees CROSS JOIN LATERAL (
    SELECT {_CLASS}, found.part[2]::oid
    FROM regexp_matches(trees.text, $$:([A-Za-z_]+) (\\d+)$$, 'g') AS found (part)
    UNION ALL
    SELECT {_CLASS}, unnest(string_to_array(found.part[2], ' '))::oid
    FROM regexp_matches(trees.text, $$:([A-Za-z_]+) \\(o ([\\d ]+)\\)$$, 'g') AS found (part)
  ) AS named (class, oid)
  WHERE named.class IS NOT NULL"""
"""SQL of ``(class, oid)``: objects that ``trees(text)`` use by number."""

# A brace before one of these names: braces in identifiers are escaped in trees.
_READ: Final = r"\{(COERCEVIAIO|JSONEXPR) "

# Reading a text or JSON as a value of a type reads the parts of that type. A constant text search
# configuration is a dependency; any other one is looked up by name.
HANDLED: Final = f"""\
handled(kind, oid) AS (
  SELECT 'shown', a.atttypid FROM named n
  JOIN pg_catalog.pg_attribute a ON a.attrelid = n.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT CASE WHEN found.part[1] ~ '^(resulttype|typid)$' THEN
      CASE WHEN texts.text ~ $${_READ}$$ THEN 'read'
        WHEN texts.text ~ $$\\{{COERCETODOMAIN $$ THEN 'checked' ELSE 'shown' END
    ELSE 'shown' END, found.part[2]::oid
  FROM texts CROSS JOIN LATERAL regexp_matches(
    texts.text, $$:([a-z]*type|typid) (\\d+)$$, 'g') AS found (part)
  WHERE NOT (found.part[1] = 'consttype' AND found.part[2] IN ('3734', '3769'))
  UNION
  SELECT 'written', found.part[1]::oid
  FROM texts CROSS JOIN LATERAL regexp_matches(
    texts.text, $$\\{{COERCEVIAIO :arg [^}}]*?:(?:[a-z]*type|array_typeid) (\\d+)[ )}}]$$, 'g')
    AS found (part)
  UNION
  SELECT 'read', unnest(string_to_array(found.part[1], ' '))::oid
  FROM texts CROSS JOIN LATERAL regexp_matches(
    texts.text, $$:(?:func)?coltypes \\(o ([\\d ]+)\\)$$, 'g') AS found (part)
  WHERE texts.text ~ $$:funccoltypes \\(o|\\{{TABLEFUNC $$
  UNION
  SELECT h.kind, part.oid FROM handled h CROSS JOIN LATERAL (
    SELECT unnest(ARRAY[t.typelem, t.typbasetype]) FROM pg_catalog.pg_type t WHERE t.oid = h.oid
    UNION ALL
    SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE h.oid IN (g.rngtypid, g.rngmultitypid)
    UNION ALL
    SELECT a.atttypid FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
    WHERE t.oid = h.oid AND t.typtype = 'c' AND NOT a.attisdropped
    UNION ALL
    SELECT found.part[1]::oid FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL regexp_matches(
      k.conbin::text, $$:resulttype (\\d+)$$, 'g') AS found (part)
    WHERE h.kind IN ('read', 'checked') AND k.contypid = h.oid) AS part (oid)
  WHERE part.oid <> 0),
spoken AS (
  SELECT texts.text FROM texts
  UNION
  SELECT k.conbin::text FROM handled h JOIN pg_catalog.pg_constraint k ON k.contypid = h.oid
  WHERE h.kind IN ('read', 'checked'))"""
"""SQL of the types that ``texts(text)`` handle, each with its use.

Kinds are ``read``: from a text or JSON; ``written``: to a text; ``checked``: by a domain;
``shown``: anything. ``spoken(text)`` are the texts, and the constraints that are checked.
"""

# Containers are read by the functions of their elements, which are listed too.
HIDDEN: Final = """\
SELECT p.oid, p.proname::text AS name, p.provolatile::text AS volatility, h.kind = 'shown' AS shown
  FROM handled h JOIN pg_catalog.pg_type t ON t.oid = h.oid
  -- By number: PostgreSQL expects more types than there are, and would read all functions.
  CROSS JOIN LATERAL (SELECT p.* FROM pg_catalog.pg_proc p
    WHERE p.oid = CASE h.kind WHEN 'read' THEN t.typinput::oid ELSE t.typoutput::oid END
    OFFSET 0) AS p
  WHERE h.kind <> 'checked' AND p.provolatile <> 'i' AND p.oid < 16384
    AND p.proname !~ '^(array|record|range|multirange|domain)_in$'
  UNION
  SELECT 0, hidden.name, hidden.volatility, false
  FROM spoken JOIN (VALUES
    ($$:tablesample \\{$$, 'tablesample', 'v'),
    -- Where a row is stored, and which transaction wrote it: VACUUM FULL and a dump change it.
    (':varattno -1 ', 'ctid', 'v'), (':varattno -2 ', 'xmin', 'v'), (':varattno -3 ', 'cmin', 'v'),
    (':varattno -4 ', 'xmax', 'v'), (':varattno -5 ', 'cmax', 'v'),
    ($$\\{NEXTVALUEEXPR $$, 'nextval', 'v')) AS hidden (pattern, name, volatility)
    ON spoken.text ~ hidden.pattern
  UNION
  SELECT 0, CASE WHEN found.part[1]::int <= 8 THEN 'now' ELSE 'current_user' END, 's', false
  FROM spoken CROSS JOIN LATERAL regexp_matches(
    spoken.text, $$\\{SQLVALUEFUNCTION :op (\\d+)$$, 'g') AS found (part)"""
"""SQL of the built-in functions that are called without a name."""
