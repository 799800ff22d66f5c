"""Root fields that SQL alone answers: ``find``, ``find_one`` and ``page``."""

from collections.abc import Mapping, Sequence
from typing import Any

from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.schema.by_key import read_keys
from fraiseql.schema.cache import Cache, checked_cache
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.options import check_options, fixed_filter, names_of
from fraiseql.schema.requirements import Check, read_requirement


def find_one(
    name: str,
    of: Any,
    /,
    *,
    by: str | Sequence[str] | None = (),
    keys: Sequence[str | Sequence[str]] = (),
    where: Mapping[str, Any] | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    cache: Cache | None = None,
    requires: Check | None = None,
    hide: bool = False,
) -> QueryDefinition:
    """Declare a root field that answers one object, or null, by SQL alone.

    Args:
        name: Name of the field, in snake_case.
        of: A declared type or interface with ``sql_source``.
        by: The required arguments, fields compared for equality; None for a relation of one row,
            such as a dashboard.
        keys: Unique keys, instead of ``by``: the argument ``by`` takes exactly one of them. A key
            of several fields is a tuple.
        where: A filter that is always added, as for ``find``.
        description: Text for the schema.
        deprecation: Why not to use it any more.
        cache: ``fraiseql.Cache(…)`` caches its answers; None does not.
        requires: Function of the request's context: whether it may use the field.
        hide: Whether requests that may not use it do not see it in the schema.

    Raises:
        DeclarationError: Neither or both of ``by`` and ``keys`` name fields, ``where`` is not a
            mapping, or ``cache`` is not a ``Cache``.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="users")
        ... class User:
        ...     id: int
        >>> fraiseql.find_one("user", User, by="id").graphql_name
        'user'
    """
    _check_name("find_one", name)
    texts = {"description": description, "deprecation": deprecation}
    check_options(f"find_one({name!r})", texts)
    columns = () if by is None else names_of("by", by)
    unique = read_keys(f"find_one({name!r})", keys, by)
    if not columns and not unique and by is not None:
        raise DeclarationError(
            f"find_one({name!r}) has an empty by.",
            hint='Name the fields that pick one row: by="id"; by=None where there is but one.',
        )
    return QueryDefinition(
        name=name,
        graphql_name=to_camel(name),
        annotation=of,
        description=description,
        deprecation=deprecation,
        takes_info=False,
        by=columns,
        keys=unique,
        where=fixed_filter(f"find_one({name!r})", where),
        cache=checked_cache(f"find_one({name!r})", cache),
        requirement=read_requirement(f"find_one({name!r})", requires, hide),
    )


def find(
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
) -> QueryDefinition:
    """Declare a root field that answers a list by SQL alone.

    It takes ``where``, ``orderBy``, ``limit`` and ``offset``, and an optional equality argument for
    every field of ``by``.

    Args:
        name: Name of the field, in snake_case.
        of: A declared type, interface or union with ``sql_source``.
        by: Fields with an argument of their own.
        where: A filter added to the client's: field or column →
            constant (None: is null), list, or comparison such as ``{"gte": 18}``; ``and``, ``or``
            and ``not`` as in ``Repository.find``.
        order_by: Order when the client sends none; ``-`` in front for descending.
        default_limit: Rows when the client sends no limit; the setting when left out.
        max_limit: Most rows that a client can ask for; the setting when left out.
        description: Text for the schema.
        deprecation: Why not to use it any more.
        cache: ``fraiseql.Cache(…)`` caches its answers; None does not.
        requires: Function of the request's context: whether it may use the field.
        hide: Whether requests that may not use it do not see it in the schema.

    Raises:
        DeclarationError: A limit is below 1, the default is above the maximum, ``where`` is not a
            mapping, or ``cache`` is not a ``Cache``.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="users")
        ... class User:
        ...     id: int
        ...     country: str
        >>> fraiseql.find("users", User, by="country", order_by="-id", max_limit=50).many
        True
    """
    return list_query(
        "find",
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


def page(
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
) -> QueryDefinition:
    """Declare a root field that answers one page of a list by SQL alone.

    Its type has the fields ``items``, ``totalCount``, the number of rows of all pages, and
    ``hasNextPage``. It takes the arguments of ``find``. Only the fields that are selected are read:
    with ``totalCount`` alone, no row is. All of them are of one moment.

    Args:
        name: Name of the field, in snake_case.
        of: A declared type, interface or union with ``sql_source``.
        by: As for ``find``.
        where: As for ``find``.
        order_by: As for ``find``.
        default_limit: As for ``find``.
        max_limit: As for ``find``.
        description: Text for the schema.
        deprecation: Why not to use it any more.
        cache: ``fraiseql.Cache(…)`` caches its answers; None does not.
        requires: Function of the request's context: whether it may use the field.
        hide: As for ``find``.

    Raises:
        DeclarationError: As for ``find``.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="users")
        ... class User:
        ...     id: int
        >>> fraiseql.page("users", User, order_by="-id").paged
        True
    """
    return list_query(
        "page",
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


def list_query(
    function: str,
    name: str,
    of: Any,
    *,
    by: str | Sequence[str],
    where: Mapping[str, Any] | None,
    order_by: str | Sequence[str],
    default_limit: int | None,
    max_limit: int | None,
    description: str | None,
    deprecation: str | None,
    cache: Cache | None,
    requires: Check | None,
    hide: bool,
) -> QueryDefinition:
    """Return the definition that ``find``, ``page`` and ``connection`` make of their arguments."""
    _check_name(function, name)
    label = f"{function}({name!r})"
    check_options(label, {"description": description, "deprecation": deprecation})
    _check_limits(label, default_limit, max_limit)
    return QueryDefinition(
        name=name,
        graphql_name=to_camel(name),
        annotation=of,
        description=description,
        deprecation=deprecation,
        takes_info=False,
        by=names_of("by", by),
        where=fixed_filter(label, where),
        many=True,
        order_by=names_of("order_by", order_by),
        default_limit=default_limit,
        max_limit=max_limit,
        cache=checked_cache(label, cache),
        requirement=read_requirement(label, requires, hide),
        paged=function == "page",
        connected=function == "connection",
    )


def _check_name(function: str, name: object) -> None:
    if not isinstance(name, str):
        raise DeclarationError(
            f"{function} has {name!r} as its name.",
            hint=f'Write fraiseql.{function}("users", User, …).',
        )


def _check_limits(label: str, default_limit: int | None, max_limit: int | None) -> None:
    for option, limit in (("default_limit", default_limit), ("max_limit", max_limit)):
        whole = isinstance(limit, int) and not isinstance(limit, bool)
        if limit is not None and not (whole and limit >= 1):
            raise DeclarationError(
                f"{label} has {option}={limit!r}.", hint="Write a whole number of 1 or more."
            )
    if default_limit is not None and max_limit is not None and default_limit > max_limit:
        raise DeclarationError(
            f"{label} has default_limit={default_limit}, above max_limit={max_limit}.",
            hint="Lower default_limit or raise max_limit.",
        )
