"""GraphQL names of Python names, and suggestions for mistyped names."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_SUGGESTION: Final = re.compile(r" Did you mean '[^']*'\?")


def to_camel(name: str) -> str:
    """Turn a Python name into its GraphQL name.

    Leading and trailing underscores stay, every other ``_x`` becomes ``X``. A part that does not
    start with a letter keeps its underscore, so that no two Python names share one GraphQL name:
    ``a_1`` stays ``a_1`` while ``first_name`` becomes ``firstName``.

    Example:
        >>> to_camel("first_name"), to_camel("_id"), to_camel("line_2")
        ('firstName', '_id', 'line_2')
    """
    stripped = name.strip("_")
    if not stripped:
        return name
    start = name.index(stripped)
    head, *rest = stripped.split("_")
    camel = head + "".join(
        part[0].upper() + part[1:] if part[:1].islower() else "_" + part for part in rest
    )
    return name[:start] + camel + name[start + len(stripped) :]


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the closest of ``names``, or None."""
    matches = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return matches[0] if matches else None


def without_suggestion(message: str) -> str:
    """Return a message without its ``suggestion``."""
    return _SUGGESTION.sub("", message)


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest name, or an empty string."""
    near = nearest(name, names)
    return f" Did you mean {near!r}?" if near else ""
