"""Layout of SQL statements over several lines."""

import re
from typing import Final

_PIECE: Final = re.compile(
    r"""'(?:[^']|'')*'          # a string
      | "(?:[^"]|"")*"          # a quoted name
      | IS\ (?:NOT\ )?DISTINCT\s+FROM\b
      | [()]
      | \s+(?:FROM|WHERE|ORDER\ BY|LIMIT|OFFSET)\b
      | \w+|\s+|.""",
    re.VERBOSE,
)
_INDENT: Final = "  "


def lay_out(sql: str) -> str:
    """Return ``sql`` with clauses and sub-selects on their own lines; only white space changes."""
    parts: list[str] = []
    selects = [True]
    for match in _PIECE.finditer(sql):
        piece = match.group()
        if piece == "(":
            selects.append(sql.startswith("SELECT", match.end()))
            piece += _line(selects) if selects[-1] else ""
        elif piece == ")" and len(selects) > 1:
            selects.pop()
        elif piece[0].isspace() and piece.strip() and selects[-1]:
            piece = _line(selects) + piece.strip()
        parts.append(piece)
    return "".join(parts)


def _line(selects: list[bool]) -> str:
    return "\n" + _INDENT * (sum(selects) - 1)
