"""SQL files: named statements with their purposes, next to their modules.

A statement begins with a line ``-- name: Purpose.``, which comments may follow, and ends with a
semicolon. Names that the statement creates or reads are written out, so that a search for a table
finds all that use it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

_HEADER: Final = re.compile(r"^-- (\w+): (.+)\n(?:-- .*\n)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement of a file.

    Attributes:
        name: Unique in its file.
        purpose: One line.
        text: The SQL, without its last semicolon.
    """

    name: str
    purpose: str
    text: str


def load_sql(module: str) -> Mapping[str, SqlStatement]:
    """Return the statements of ``module.sql`` by name.

    Args:
        module: Full name of the Python module next to the file: its ``__name__``.
    """
    package, _, name = module.rpartition(".")
    source = resources.files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return parse_sql(source)


def parse_sql(source: str) -> dict[str, SqlStatement]:
    """Return the statements of a file's text by name."""
    _, *parts = _HEADER.split(source)
    statements = [
        SqlStatement(name, purpose, text.strip().removesuffix(";"))
        for name, purpose, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]
    return {statement.name: statement for statement in statements}
