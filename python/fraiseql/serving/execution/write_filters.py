"""Checks of the filters of writes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fraiseql.database import WriteTransaction
from fraiseql.errors import FraiseQLError, InputError
from fraiseql.serving.execution.statements import of_syntax

_COMBINING: Final = frozenset({"and", "or", "not"})


def check_not_empty(where: Any, path: tuple[str | int, ...] = ("where",)) -> None:
    """Refuse a filter with an empty part, which would match more rows than it seems to.

    Args:
        where: A filter by Python names.
        path: Its place in the input.

    Raises:
        InputError: The filter or a part of it is empty or null.
    """
    if not isinstance(where, Mapping) or not where:
        raise _empty(path)
    for name, part in where.items():
        below = (*path, name)
        if name in _COMBINING and isinstance(part, list):
            if not part:  # an empty `or` matches no row, but every row in a `not`
                raise _empty(below)
            for place, item in enumerate(part):
                check_not_empty(item, (*below, place))
        elif name in _COMBINING or part is None:
            check_not_empty(part, below)
        elif isinstance(part, Mapping):
            _check_operators(part, below)


def _check_operators(part: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
    """Refuse an empty comparison; the filter of related rows may be nested."""
    if not part:
        raise _empty(path)
    for name, value in part.items():
        if isinstance(value, Mapping):
            check_not_empty(value, (*path, name))


def _empty(path: tuple[str | int, ...]) -> InputError:
    return InputError(
        "The filter of a write is empty: it would match every row.",
        hint="Send a condition, or all: true to write every row.",
        code="WHERE_EMPTY",
        path=path,
    )


async def filtered_rows(
    db: WriteTransaction, sql: str, args: Sequence[Any], *, parsed: bool
) -> Sequence[Any]:
    """Return the rows of a filter.

    Args:
        db: The transaction.
        sql: The query.
        args: Its parameters.
        parsed: Whether PostgreSQL parses one of them by a grammar.

    Raises:
        FraiseQLError: The query failed; ``InputError`` for a value that it cannot use.
    """
    try:
        return await db.fetch(sql, *args)
    except FraiseQLError as error:
        blamed = of_syntax(error) if parsed else error
        if blamed is error:
            raise
        raise blamed from error.__cause__
