"""Conditions of the rows after a cursor, in forms that indexes serve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fraiseql.expressions import infix, ordered_type
from fraiseql.serving.planning.cursors import CursorReader, is_nullable
from fraiseql.serving.planning.reads import OrderTerm
from fraiseql.serving.sql.conditions import ConditionWriter
from fraiseql.serving.sql.index_hints import Nullness
from fraiseql.serving.sql.parameters import CursorPart, Parameter
from fraiseql.sql_names import CATALOG, op, ty


@dataclass(frozen=True, slots=True)
class Key:
    """One term of an order, next to the value in a cursor.

    Attributes:
        term: The term.
        left: SQL of a row's value.
        right: SQL of the cursor's value.
        nullness: Whether that is null.
    """

    term: OrderTerm
    left: str
    right: str
    nullness: Nullness

    @property
    def nulls_last(self) -> bool:
        """Whether nulls come after all values."""
        own = "first" if self.term.descending else "last"
        return (self.term.nulls or own) == "last"

    @property
    def nullable(self) -> bool:
        """Whether a row's value may be null."""
        return is_nullable(self.term)

    def compared(self, sign: str) -> str:
        """Return the comparison of a row's value with the cursor's."""
        return f"{self.left} {infix(self.term.access, sign)} {self.right}"

    @property
    def sign(self) -> str:
        """The operator that is true for values after the cursor's."""
        return "<" if self.term.descending else ">"


def cursor_keys(
    writer: ConditionWriter,
    terms: Sequence[OrderTerm],
    source: object,
    name: str,
    left: Callable[[OrderTerm], str],
) -> list[Key]:
    """Return the terms of an order next to a cursor's values, which become parameters.

    Args:
        writer: Collects the parameters.
        terms: The order.
        source: The cursor: a ``ValueRef`` or a text.
        name: Name of the argument.
        left: Returns the SQL of a row's value.
    """
    reader, keys = CursorReader(terms, name), []
    for place, term in enumerate(terms):
        parameter = Parameter(
            source, "text", name=term.access.name, cursor=CursorPart(reader, place)
        )
        nullness: Nullness = "value"
        if is_nullable(term):
            nullness = writer.nullness(term.access, parameter)
        right = f"NULL::{ty('text')}"
        if nullness != "null":
            writer.parameters.append(parameter)
            right = f"${len(writer.parameters)}::{ty('text')}"
        right = f"{right}::{ordered_type(term.access)}"
        keys.append(Key(term, left(term), right, nullness))
    return keys


def turned(keys: Sequence[Key], terms: Sequence[OrderTerm]) -> list[Key]:
    """Return the same keys in the order from the other end."""
    return [replace(key, term=term) for key, term in zip(keys, terms, strict=True)]


def branches(keys: Sequence[Key], *, inclusive: bool = False) -> list[str]:
    """Return conditions that together choose the rows after a cursor.

    No row fulfils two of them, and rows of the first come before those of the next. Each is served
    by a range of an index over the order.

    Args:
        keys: The order, and the cursor's values.
        inclusive: Whether the cursor's own row is chosen too.
    """
    first, *rest = keys
    if _is_row(keys):
        return [_row(keys, inclusive=inclusive)]
    if first.nullness == "":
        return [_after(keys, inclusive=inclusive)]
    if first.nullness == "value":
        found = [_bounded(first, rest, inclusive=inclusive)]
        return [*found, f"{first.left} IS NULL"] if first.nullable and first.nulls_last else found
    found = []
    if rest:
        found = [f"{first.left} IS NULL AND ({_after(rest, inclusive=inclusive)})"]
    elif inclusive:
        found = [f"{first.left} IS NULL"]
    return found if first.nulls_last else [*found, f"{first.left} IS NOT NULL"]


def _bounded(first: Key, rest: Sequence[Key], *, inclusive: bool) -> str:
    """Return a range of the first key, and within its first value of the others."""
    if not rest:
        return first.compared(f"{first.sign}=" if inclusive else first.sign)
    within = f"{first.compared(first.sign)} OR {_after(rest, inclusive=inclusive)}"
    return f"{first.compared(f'{first.sign}=')} AND ({within})"


def _is_row(keys: Sequence[Key]) -> bool:
    """Whether a comparison of rows orders them: without nulls, in one direction."""
    return all(
        not key.nullable
        and key.term.descending == keys[0].term.descending
        and key.term.access.column.operators == CATALOG
        for key in keys
    )


def _row(keys: Sequence[Key], *, inclusive: bool) -> str:
    sign = keys[0].sign + ("=" if inclusive else "")
    if len(keys) == 1:
        return keys[0].compared(sign)
    left, right = (", ".join(side) for side in zip(*((k.left, k.right) for k in keys), strict=True))
    return f"ROW({left}) {op(sign)} ROW({right})"


def _after(keys: Sequence[Key], *, inclusive: bool) -> str:
    """Return the condition in one expression, for a cursor with or without nulls."""
    if _is_row(keys):
        return _row(keys, inclusive=inclusive)
    first, *rest = keys
    parts = [_behind(first)]
    if rest:
        parts.append(f"({_equal(first)} AND ({_after(rest, inclusive=inclusive)}))")
    elif inclusive:
        parts.append(_equal(first))
    return " OR ".join(part for part in parts if part) or "false"


def _behind(key: Key) -> str:
    """Return the condition that a row's value is after the cursor's."""
    greater, is_null = key.compared(key.sign), f"{key.left} IS NULL"
    if key.nullness == "null":
        return "" if key.nulls_last else f"{key.left} IS NOT NULL"
    if not key.nullable or (key.nullness == "value" and not key.nulls_last):
        return greater
    if key.nullness == "value":
        return f"{greater} OR {is_null}"
    if key.nulls_last:
        return f"{greater} OR ({is_null} AND {key.right} IS NOT NULL)"
    return f"{greater} OR ({key.left} IS NOT NULL AND {key.right} IS NULL)"


def _equal(key: Key) -> str:
    if key.nullness == "null":
        return f"{key.left} IS NULL"
    equal = key.compared("=")
    if key.nullness == "value":
        return equal
    return f"({equal} OR ({key.left} IS NULL AND {key.right} IS NULL))"
