"""Calls that a parsed query makes without naming a function."""

from typing import Final

_TIMES: Final = "1082|1083|1114|1184|1266"
"""Numbers of date, time, timestamp, timestamptz and timetz."""

_NAMES_OF_CATALOG: Final = "24|2202|2203|2204|2205|2206|4089|4096|4191"
"""Numbers of the types whose text is a name in the catalog, but those of text search."""

_TYPED: Final = "vartype|consttype|paramtype|funcresulttype|opresulttype|resulttype"

HIDDEN: Final = f"""\
(VALUES
  -- A brace before a name of ours: in names, which the trees have too, braces are escaped.
  -- A text that becomes a moment may be 'now' or 'today'.
  ('\\{{COERCEVIAIO .*:resulttype ({_TIMES}) ', 'timestamptz_in', 's'),
  (':funccoltypes \\(o[^)]*\\y({_TIMES})\\y', 'timestamptz_in', 's'),
  -- Names of relations, roles, functions and types change without a write.
  (':({_TYPED}) ({_NAMES_OF_CATALOG}) ', 'regclassout', 's'),
  (':tablesample \\{{', 'tablesample', 'v'),
  -- Where a row is stored, and which transaction wrote it: VACUUM FULL and a dump change it.
  (':varattno -[1-5] ', 'ctid', 'v'),
  ('\\{{NEXTVALUEEXPR ', 'nextval', 'v')
) AS hidden (pattern, name, volatility)"""
"""SQL of a table of patterns of parsed queries, and the built-in call that each stands for."""
