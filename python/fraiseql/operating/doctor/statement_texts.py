"""Texts of statements without values."""

import re
from typing import Final

_PIECES: Final = re.compile(
    r"""--[^\n]* | /\*.*?(?:\*/|\Z)
      | (?P<name>"[^"]*")
      | \b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)
      | '(?:[^']|'')*(?:'|\Z)
      | (?<![\w$])\$(?P<tag>[^\W\d]\w*|)\$.*?(?:\$(?P=tag)\$|\Z)""",
    re.VERBOSE | re.DOTALL,
)


def without_texts(sql: str) -> str:
    """Return a statement in one line without comments and texts.

    PostgreSQL puts parameters in place of the values of queries, not of other statements, such as
    the password of ``ALTER ROLE``.
    """

    def shown(match: re.Match[str]) -> str:
        piece = match[0]
        return match["name"] or (" " if piece.startswith(("--", "/*")) else "'…'")

    return " ".join(_PIECES.sub(shown, sql).split())
