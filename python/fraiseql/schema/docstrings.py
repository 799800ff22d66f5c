"""Descriptions from Google-style docstrings."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_NAMED: Final = frozenset({"Args", "Arguments", "Attributes", "Parameters"})
_LEFT_OUT: Final = frozenset(
    {"Returns", "Return", "Raises", "Yields", "Example", "Examples", "Todo", "See Also"}
)
_SECTION: Final = re.compile(r"([A-Z][A-Za-z ]*):\s*$")
_ENTRY: Final = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Docs:
    """Parts of a docstring.

    Attributes:
        description: The text without the sections that GraphQL has no place for.
        entries: ``Args:`` or ``Attributes:``, by name.
    """

    description: str | None = None
    entries: Mapping[str, str] = field(default_factory=dict)


def read_docstring(text: str | None) -> Docs:
    r"""Read a docstring.

    Args:
        text: As written, indentation included; None gives empty docs.

    Example:
        >>> docs = read_docstring("Find a user.\n\n    Args:\n        id: Its key.\n    ")
        >>> docs.description, dict(docs.entries)
        ('Find a user.', {'id': 'Its key.'})
    """
    if not text or not text.strip():
        return Docs()
    prose: list[str] = []
    sections: list[list[str]] = []
    target = prose
    for line in inspect.cleandoc(text).splitlines():
        heading = _SECTION.match(line)
        if heading and heading[1] in _NAMED | _LEFT_OUT:
            target = []
            if heading[1] in _NAMED:
                sections.append(target)
        elif line and not line[0].isspace() and target is not prose:
            target = prose
            target.append(line)
        else:
            target.append(line)
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(prose)).strip()
    entries = {name: words for lines in sections for name, words in _entries(lines)}
    return Docs(description or None, entries)


def _entries(lines: list[str]) -> list[tuple[str, str]]:
    """Split a section into its entries; deeper lines continue the entry above them."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return []
    indent = min(len(line) - len(line.lstrip()) for line in filled)
    entries: list[tuple[str, list[str]]] = []
    for line in filled:
        entry = _ENTRY.match(line[indent:])
        if entry and not line[indent].isspace():
            entries.append((entry[1], [entry[2]]))
        elif entries:
            entries[-1][1].append(line.strip())
    return [(name, " ".join(words).strip()) for name, words in entries]
