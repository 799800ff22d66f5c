"""Names in functions' bodies that PostgreSQL stores as texts.

PostgreSQL records no dependency for such a body, and a procedural language may build statements
from strings. So every word in code, strings and comments counts: all objects with that name, in any
schema, count as read or called. A name that is concatenated from parts is not found.
"""
# ruff: noqa: S608 - all SQL is written in this package

from typing import Final

# Patterns are in dollar quotes: 'x' depends on standard_conforming_strings.
# ASCII without letters, digits and the underscore: a name with one of these is no word.
_BETWEEN: Final = r"[\x02-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"

# The escapes of E'd\x61ta' and of U&"d\0061ta"; UESCAPE lets any character begin the latter.
# In a name, each matches any number of characters.
_IN_STRINGS: Final = r"(?<!\\)(\\\\)*\\(u[0-9a-f]{4}|u[0-9a-f]{8}|x[0-9a-f]{1,2}|[0-7]{1,3})"
_IN_NAMES: Final = r"\\(\+[0-9a-f]{6}|[0-9a-f]{4})"
_CHOSEN: Final = r"\S(\+[0-9a-f]{6}|[0-9a-f]{4})"

_OURS: Final = "pg_catalog.to_regnamespace('fraiseql')"


def _folded(text: str) -> str:
    return f'lower({text} COLLATE pg_catalog."default")'


def _unquoted(text: str) -> str:
    """Return SQL of a text without quotes and backslashes, which strings in strings double."""
    return rf"translate({text}, $$'\"$$, '')"


def _named(catalog: str, prefix: str, condition: str = "true", join: str = "") -> str:
    """Return SQL of class, number, name and schema of the rows of a catalog."""
    return (
        f"SELECT 'pg_catalog.{catalog}'::regclass::oid, o.oid, o.{prefix}name,"
        f" o.{prefix}namespace FROM pg_catalog.{catalog} o{join} WHERE {condition}"
    )


_UNION: Final = "\n    UNION ALL "
_CATALOGS: Final = (
    _named(
        "pg_class",
        "rel",
        "o.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND o.relpersistence <> 't'",
    ),
    _named("pg_proc", "pro", f"o.pronamespace IS DISTINCT FROM {_OURS}"),
    _named(
        "pg_type",
        "typ",
        "o.typtype <> 'p' AND o.typcategory <> 'A' AND coalesce(c.relkind, 'c') = 'c'",
        " LEFT JOIN pg_catalog.pg_class c ON c.oid = o.typrelid",
    ),
    _named("pg_operator", "opr"),
    _named("pg_collation", "coll"),
    _named("pg_ts_config", "cfg"),
    _named("pg_ts_dict", "dict"),
    "SELECT 'pg_catalog.pg_cast'::regclass, o.oid, '', 0 FROM pg_catalog.pg_cast o",
)

# A value is cast without a word, as it is assigned or returned: casts count for every body.
NAMEABLE: Final = f"""\
nameable(class, oid, name, is_word, is_ours) AS MATERIALIZED (
  SELECT x.class, x.oid, {_folded("x.name::text")}, x.name <> '' AND x.name::text !~ $${_BETWEEN}$$,
    x.namespace IS NOT DISTINCT FROM {_OURS}
  FROM (
    {_UNION.join(_CATALOGS)}
  ) AS x (class, oid, name, namespace)
  WHERE x.oid >= 16384)"""
"""``nameable``: user-defined objects that a body may name, or use without a name."""


def _parts_of(text: str) -> str:
    """Return SQL of the rows ``part(word)``: the words between separators."""
    return f"regexp_split_to_table({text}, $${_BETWEEN}+$$) AS part (word)"


# A line break that is written as an escape separates words. Longer words are cut as names are.
_BROKEN: Final = r"concat(p.prosrc, ' ', regexp_replace(p.prosrc, $$\\[bfnrt]$$, ' ', 'g'))"
_WORDS: Final = f"""\
ARRAY(
        SELECT DISTINCT {_folded("part.word::name::text")} FROM {_parts_of(_BROKEN)})"""

# The prefix of an escape is no separator. A single escape matches one character.
_PATTERNS: Final = f"""\
ARRAY(
        SELECT DISTINCT CASE part.word WHEN chr(1) THEN '_' ELSE replace(part.word, chr(1), '%') END
        FROM {_parts_of(f"regexp_replace({_folded('p.prosrc')}, found.escape, chr(1), 'g')")}
        WHERE strpos(part.word, chr(1)) > 0)"""

# The text of a C function is a symbol of its library. Our functions call only our functions.
NAMED_IN_BODY: Final = rf"""SELECT n.class, n.oid
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language g ON g.oid = p.prolang AND g.lanname NOT IN ('internal', 'c')
    CROSS JOIN LATERAL (
      SELECT nullif(concat_ws('|',
        CASE WHEN p.prosrc ~* $$\me'$$ THEN $${_IN_STRINGS}$$ END,
        CASE WHEN p.prosrc ~* $$\mu&$$ THEN $${_IN_NAMES}$$ END,
        CASE WHEN p.prosrc ~* $$\muescape\M$$ THEN $${_CHOSEN}$$ END), '') AS escape) AS found
    CROSS JOIN LATERAL (
      SELECT {_unquoted(_folded("p.prosrc"))} AS text, {_WORDS} AS words,
      CASE WHEN p.prosrc ~* found.escape THEN {_PATTERNS} END AS patterns
      OFFSET 0) AS body
    JOIN nameable n ON CASE
      WHEN n.is_word THEN n.name = ANY (body.words) OR n.name LIKE ANY (body.patterns)
      ELSE body.patterns IS NOT NULL OR strpos(body.text, {_unquoted("n.name")}) > 0 END
    WHERE r.class = 'pg_catalog.pg_proc'::regclass AND p.oid = r.oid AND p.prosqlbody IS NULL
      AND p.pronamespace IS DISTINCT FROM {_OURS}
      AND (NOT n.is_ours OR 'fraiseql' = ANY (body.words))"""
"""``class`` and ``oid`` of objects named in the body of function ``r``; needs ``nameable``."""
