"""``connection``: root fields whose pages are found by cursors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fraiseql.schema.cache import Cache
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.requirements import Check
from fraiseql.schema.sql_queries import list_query


def connection(
    name: str,
    of: Any,
    /,
    *,
    by: str | Sequence[str] = (),
    where: Mapping[str, Any] | None = None,
    order_by: str | Sequence[str] = (),
    default_limit: int | None = None,
    max_limit: int | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    cache: Cache | None = None,
    requires: Check | None = None,
    hide: bool = False,
    aggregates: bool = False,
) -> QueryDefinition:
    """Declare a root field that answers one page of a list, found by a cursor, by SQL alone.

    It is a connection as Relay specifies it, with the fields ``edges``, ``nodes``, ``pageInfo`` and
    ``totalCount``. It takes ``where``, ``orderBy``, ``first``, ``after``, ``last``, ``before`` and
    the arguments of ``by``. A cursor contains the values that its row is ordered by, so that an
    index finds the page, however many rows precede it.

    Args:
        name: Name of the field, in snake_case.
        of: A declared type, interface or union with ``sql_source``, whose rows have a key.
        by: As for ``find``.
        where: As for ``find``.
        order_by: As for ``find``. A request that may not read one of these fields, or the key,
            may not use the connection: cursors contain their values.
        default_limit: Rows when the client sends neither ``first`` nor ``last``; the setting when
            left out.
        max_limit: Most rows that a client can ask for; the setting when left out.
        description: Text for the schema.
        deprecation: Why not to use it any more.
        cache: ``fraiseql.Cache(…)`` caches its answers; None does not.
        requires: Function of the request's context: whether it may use the field.
        hide: As for ``find``.
        aggregates: Whether connections of this type, also embedded ones, have the field
            ``aggregate``: count, sums and others of all rows, whatever the page.

    Raises:
        DeclarationError: As for ``find``, or ``aggregates`` for an interface or union.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="users")
        ... class User:
        ...     id: int
        >>> fraiseql.connection("users", User, order_by="-id").connected
        True
    """
    query = list_query(
        "connection",
        name,
        of,
        by=by,
        where=where,
        order_by=order_by,
        default_limit=default_limit,
        max_limit=max_limit,
        description=description,
        deprecation=deprecation,
        cache=cache,
        requires=requires,
        hide=hide,
    )
    return replace(query, aggregates=aggregates)
