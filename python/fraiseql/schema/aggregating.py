"""``aggregate``: root fields that answer aggregates of groups of rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fraiseql.schema.cache import Cache
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.requirements import Check
from fraiseql.schema.sql_queries import list_query


def aggregate(
    name: str,
    of: Any,
    /,
    *,
    where: Mapping[str, Any] | None = None,
    default_limit: int | None = None,
    max_limit: int | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    cache: Cache | None = None,
    requires: Check | None = None,
    hide: bool = False,
) -> QueryDefinition:
    """Declare a root field that answers aggregates of groups of rows, by SQL alone.

    It takes ``where``, ``groupBy``, ``having``, ``orderBy``, ``limit`` and ``offset``. Without
    ``groupBy``, all rows are one group. Sums and averages of integers and decimals are exact.

    Args:
        name: Name of the field, in snake_case.
        of: A declared type with ``sql_source``.
        where: As for ``find``.
        default_limit: Groups when the client sends no limit; the setting when left out.
        max_limit: Most groups that a client can ask for; the setting when left out.
        description: Text for the schema.
        deprecation: Why not to use it any more.
        cache: ``fraiseql.Cache(…)`` caches its answers; None does not.
        requires: Function of the request's context: whether it may use the field.
        hide: As for ``find``.

    Raises:
        DeclarationError: As for ``find``.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="sales")
        ... class Sale:
        ...     country: str
        ...     amount: int
        >>> fraiseql.aggregate("sale_totals", Sale).aggregated
        True
    """
    query = list_query(
        "aggregate",
        name,
        of,
        by=(),
        where=where,
        order_by=(),
        default_limit=default_limit,
        max_limit=max_limit,
        description=description,
        deprecation=deprecation,
        cache=cache,
        requires=requires,
        hide=hide,
    )
    return replace(query, aggregated=True)
