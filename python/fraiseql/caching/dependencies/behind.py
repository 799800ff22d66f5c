"""SQL of everything that an answer or a document is computed from."""
# ruff: noqa: S608 - all SQL is written in this package

from collections.abc import Iterable
from typing import Final

from fraiseql.caching.dependencies.parts import Part, digest

PARSED: Final = """\
parsed(class, oid, tree) AS (
  SELECT 'pg_catalog.pg_rewrite'::regclass::oid, w.oid, w.ev_action::text
  FROM reached r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
  JOIN pg_catalog.pg_class c ON c.oid = w.ev_class AND c.relkind = 'v'
  WHERE r.class = 'pg_catalog.pg_class'::regclass
  UNION ALL
  SELECT 'pg_catalog.pg_policy'::regclass, p.oid, p.polqual::text
  FROM reached r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass AND p.polcmd IN ('r', '*')
  UNION ALL
  SELECT r.class, r.oid, d.adbin::text
  FROM reached r JOIN pg_catalog.pg_attrdef d ON d.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_attrdef'::regclass
  UNION ALL
  SELECT r.class, r.oid, p.prosqlbody::text
  FROM reached r JOIN pg_catalog.pg_proc p ON p.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_proc'::regclass AND p.prosqlbody IS NOT NULL)"""
"""``parsed(class, oid, tree)``: reached views, policies, generated columns and function bodies."""


def behind(left_out: str = "0") -> str:
    """Return ``behind``, one row of ``objects``, ``tables`` and ``by_kind``.

    It comes after ``REACHED`` and ``marked(kind, oid)``, which are additional objects.
    ``tables`` are the relations whose changes make PostgreSQL plan a statement again; ``by_kind``
    is JSON with the numbers of the objects of each kind in ``Part.prompt``.

    Args:
        left_out: SQL of the number of a schema whose functions have no kind.
    """
    return f"""\
  behind AS MATERIALIZED (
    SELECT ARRAY(
        SELECT r.oid FROM reached r UNION SELECT m.oid FROM marked m ORDER BY 1) AS objects,
      ARRAY(
        SELECT r.oid FROM reached r WHERE r.class = 'pg_catalog.pg_class'::regclass
        UNION SELECT t.typrelid FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid
        WHERE r.class = 'pg_catalog.pg_type'::regclass AND t.typrelid <> 0
        ORDER BY 1) AS tables,
      (SELECT coalesce(jsonb_object_agg(p.kind, p.oids), '{{}}')
       FROM (SELECT p.kind, array_agg(p.oid ORDER BY p.oid) AS oids FROM (
           SELECT coalesce(
             CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'c' THEN 'row' WHEN 'e' THEN 'enum' END,
             CASE WHEN t.typcategory = 'A' THEN 'array' END, c.relname) AS kind, r.oid
           FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.class
           LEFT JOIN pg_catalog.pg_proc f
             ON f.oid = r.oid AND r.class = 'pg_catalog.pg_proc'::regclass
           LEFT JOIN pg_catalog.pg_type t
             ON t.oid = r.oid AND r.class = 'pg_catalog.pg_type'::regclass
           WHERE f.pronamespace IS DISTINCT FROM {left_out}
           UNION SELECT m.kind, m.oid FROM marked m) AS p
         GROUP BY p.kind) AS p) AS by_kind)"""


def prompt_rows(parts: Iterable[Part], by_kind: str) -> str:
    """Return SQL of the text of a query for the numbers that are read each time.

    Args:
        parts: Parts; those without ``prompt`` are skipped.
        by_kind: SQL of the ``jsonb`` of ``behind``; missing kinds are skipped.
    """
    listed = ",\n    ".join(
        f"($part${part.rows.format(objects='@objects@')}$part$, {_kinds(part)})"
        for part in parts
        if part.prompt
    )
    return f"""\
(SELECT string_agg(replace(part.rows, '@objects@',
    quote_literal(chosen.oids) || '::pg_catalog.oid[]'), ' UNION ALL ')
  FROM (VALUES {listed}) AS part (rows, kinds)
  CROSS JOIN LATERAL ({_chosen("part.kinds", by_kind)}) AS chosen (oids)
  WHERE chosen.oids IS NOT NULL)"""


def prompt_number(parts: Iterable[Part], by_kind: str) -> str:
    """Return SQL of the present ``digest`` of the rows of ``prompt_rows``."""
    rows = [
        part.rows.format(objects=f"({_chosen(_kinds(part), by_kind)})::oid[]")
        for part in parts
        if part.prompt
    ]
    return digest("\n    UNION ALL ".join(rows))


def _kinds(part: Part) -> str:
    return f"'{{{','.join(part.prompt)}}}'::text[]"


def _chosen(kinds: str, by_kind: str) -> str:
    return (
        f"SELECT array_agg(listed.number::oid) FROM unnest({kinds}) AS kind (name),"
        f" jsonb_array_elements_text({by_kind} -> kind.name) AS listed (number)"
    )
