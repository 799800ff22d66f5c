"""Operators of one field's filter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fraiseql.errors import DeclarationError
from fraiseql.naming import suggestion
from fraiseql.operators import FILTER_OPERATORS

ColumnKind = Literal["range", "inet", "ltree"]
"""Kinds of columns with operators of their own."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which operators clients compare a field by: ``fraiseql.field(filter=Filter(…))``.

    Attributes:
        operators: Names of operators, as in Python; None for all that the type has.
        regex: Whether ``regex`` is one of them. A pattern of a client can take long: only
            ``statement_timeout`` ends it.
        search: A text search configuration, such as ``"english"``, with which ``search`` finds
            words; None for no search. The column may be a text or a ``tsvector``.
        indexed: Whether the filter is removed at the start if no index begins with the column.
        column: ``range``, ``inet`` or ``ltree``, for a field of texts in a column of such a type:
            its operators replace those of texts.
        path: Whether JSON has ``path``, a jsonpath of the client. It may contain regular
            expressions: only ``statement_timeout`` ends it.
    """

    operators: Sequence[str] | None = None
    regex: bool = False
    search: str | None = None
    indexed: bool = False
    column: ColumnKind | None = None
    path: bool = False

    def has(self, option: str) -> bool:
        """Whether an operator that needs an option is one of them.

        Args:
            option: ``regex``, ``search`` or ``path``.
        """
        return bool(getattr(self, option))

    def named(self) -> frozenset[str] | None:
        """Return the names of the operators with those of the options; None for all."""
        if self.operators is None:
            return None
        options = [option for option in ("regex", "search") if self.has(option)]
        return frozenset([*self.operators, *options])


FilterOption = Literal["all", "indexed"] | Sequence[str] | Filter | None
"""Forms of the option ``filter``."""


def read_filter(label: str, value: Any) -> Filter | None:
    """Read the option ``filter``: ``"all"``, ``"indexed"``, names of operators or a ``Filter``.

    Raises:
        DeclarationError: It is something else, or names no operator.
    """
    if value is None or value == "all":
        return None
    if value == "indexed":
        return Filter(indexed=True)
    if not isinstance(value, Filter):
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise _refused(label, value)
        value = Filter(tuple(value))
    if value.operators is not None:
        _check_names(label, value.operators)
    if not (value.search is None or (isinstance(value.search, str) and value.search)):
        raise _refused(label, value)
    if not (value.column is None or value.column in get_args(ColumnKind)):
        raise _refused(label, value)
    names = None if value.operators is None else tuple(value.operators)
    options = (bool(value.indexed), value.column, bool(value.path))
    return Filter(names, bool(value.regex), value.search, *options)


def _check_names(label: str, names: Any) -> None:
    if isinstance(names, str):
        raise _refused(label, names)
    for name in names:
        if name not in FILTER_OPERATORS:
            raise DeclarationError(
                f"{label} has filter= with {name!r}, which is no operator."
                f"{suggestion(str(name), FILTER_OPERATORS)}",
                hint=f"Operators: {', '.join(FILTER_OPERATORS)}.",
            )


def _refused(label: str, value: Any) -> DeclarationError:
    return DeclarationError(
        f"{label} has filter={value!r}.",
        hint='Write "all", "indexed", names of operators in a list, or fraiseql.Filter(…).',
    )
