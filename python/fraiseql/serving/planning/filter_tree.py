"""Tree of a filter's comparisons."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from fraiseql.catalog import Column, Relation
from fraiseql.serving.planning.fields import (
    FieldAccess,
)

Leaf = Any
"""A ``ValueRef`` into the values of a request, or a constant."""


Quantifier = Literal["some", "every", "none"]
"""How many of the related rows must match."""


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Comparison of a row's value with a request's."""

    access: FieldAccess
    operator: str
    value: Leaf


@dataclass(frozen=True, slots=True)
class NullTest:
    """``IS NULL`` or, negated, ``IS NOT NULL``."""

    access: FieldAccess
    negated: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions joined by AND or OR; an empty AND is true, an empty OR is false."""

    joiner: Literal["and", "or"]
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """True where ``part`` is not true: unknown counts as false."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """Test of the rows of another relation that belong to a row.

    ``some``: at least one is matched; ``none``: none is; ``every``: ``part`` is true for each of
    them, also where there are none.

    Attributes:
        relation: The other relation.
        join: Pairs of a column of it and of the row's own.
        condition: The developer's SQL predicate over its columns.
        quantifier: How many must match.
        part: What they must match.
    """

    relation: Relation
    join: tuple[tuple[Column, Column], ...]
    condition: str | None
    quantifier: Quantifier
    part: "Filter"


Filter = FieldComparison | NullTest | Group | Negation | RelatedRows


def comparisons(part: Filter) -> Iterator[FieldComparison | NullTest]:
    """Yield the comparisons of the rows themselves, without those of related rows."""
    for each in _parts(part, related=False):
        if isinstance(each, FieldComparison | NullTest):
            yield each


def related_rows(part: Filter) -> Iterator[RelatedRows]:
    """Yield the tests of related rows, with those inside of them."""
    for each in _parts(part, related=True):
        if isinstance(each, RelatedRows):
            yield each


def _parts(part: Filter, *, related: bool) -> Iterator[Filter]:
    yield part
    inner: tuple[Filter, ...] = ()
    if isinstance(part, Group):
        inner = part.parts
    elif isinstance(part, Negation) or (related and isinstance(part, RelatedRows)):
        inner = (part.part,)
    for each in inner:
        yield from _parts(each, related=related)
