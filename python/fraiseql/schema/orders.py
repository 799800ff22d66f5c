"""Terms of orders: a field, its direction, and the place of nulls."""

from dataclasses import dataclass
from typing import Final, Literal

Nulls = Literal["", "first", "last"]
"""Where rows with null are; empty for PostgreSQL's own place."""

_PLACES: Final[tuple[Nulls, ...]] = ("first", "last")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order.

    Attributes:
        name: Name of the field.
        descending: Whether the greatest value is first.
        nulls: Where rows with null are, if not where PostgreSQL has them: last in an ascending
            order, first in a descending one.
    """

    name: str
    descending: bool
    nulls: Nulls


def parse_term(text: str) -> Term:
    """Read a term such as ``name``, ``-name`` or ``-name nulls last``."""
    name, descending = text.removeprefix("-"), text.startswith("-")
    for place in _PLACES:
        bare = name.removesuffix(f" nulls {place}")
        if bare != name:
            own = "first" if descending else "last"
            return Term(bare, descending, "" if place == own else place)
    return Term(name, descending, "")


def with_direction(name: str, direction: str) -> str:
    """Return the term of a field in a direction such as ``-`` or ``- nulls last``."""
    sign = "-" if direction.startswith("-") else ""
    return f"{sign}{name}{direction.removeprefix('-')}"


def below(name: str, text: str) -> str:
    """Return a term of the rows that an embed reads as a term of the outer row."""
    term = parse_term(text)
    place = f" nulls {term.nulls}" if term.nulls else ""
    return with_direction(f"{name}.{term.name}", ("-" if term.descending else "") + place)
