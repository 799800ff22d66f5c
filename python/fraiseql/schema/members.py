"""``field`` and ``embed``, the values of fields in declared classes."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from fraiseql.errors import DeclarationError
from fraiseql.schema.definitions import ATTRIBUTE, MISSING, EmbedDefinition
from fraiseql.schema.filter_options import Filter, FilterOption, read_filter
from fraiseql.schema.options import check_options, names_of
from fraiseql.schema.requirements import Check, Requires, read_requirement

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMark:
    """Options of ``field(...)``; on a function it makes a computed field."""

    name: str | None = None
    description: str | None = None
    deprecation: str | None = None
    needs: tuple[str, ...] | None = None
    batch: bool = False
    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    column: str | None = None
    private: bool = False
    requires: Requires | None = None
    filter: Filter | None = None

    def __call__(self, function: F) -> F:
        """Mark a method as a computed field, and return it unchanged."""
        if self.default is not MISSING or self.default_factory is not None:
            raise DeclarationError(
                f"Computed field {_plain(function).__qualname__} has a default.",
                hint="Leave out default: the function gives the value.",
            )
        if self.column is not None:
            raise DeclarationError(
                f"Computed field {_plain(function).__qualname__} has column={self.column!r}.",
                hint="Leave it out: a computed field is read from no column.",
            )
        if self.filter is not None:
            raise DeclarationError(
                f"Computed field {_plain(function).__qualname__} has filter={self.filter!r}.",
                hint="Leave it out: no statement compares the value of a computed field.",
            )
        if self.private:
            raise DeclarationError(
                f"Computed field {_plain(function).__qualname__} has private=True.",
                hint="Leave it out: no statement compares the value of a computed field.",
            )
        setattr(_plain(function), ATTRIBUTE, self)
        return function

    def stored(self) -> Any:
        """Return the dataclass field of a mark that is not on a function."""
        options: dict[str, Any] = {"metadata": {ATTRIBUTE: self}}
        if self.default is not MISSING:
            options["default"] = self.default
        if self.default_factory is not None:
            options["default_factory"] = self.default_factory
        return dataclasses.field(**options)


def _plain(function: Any) -> Any:
    """Return the function inside of a staticmethod."""
    return function.__func__ if isinstance(function, staticmethod) else function


def mark_of(member: object) -> FieldMark | None:
    """Return the mark of a computed field, or None for any other class member."""
    mark = getattr(_plain(member), ATTRIBUTE, None)
    return mark if isinstance(mark, FieldMark) else None


def function_of(member: object) -> Callable[..., Any]:
    """Return the function of a computed field."""
    function: Callable[..., Any] = _plain(member)
    return function


@overload
def field(function: F, /) -> F: ...
@overload
def field(
    *,
    needs: Sequence[str],
    batch: bool = ...,
    name: str | None = ...,
    description: str | None = ...,
    deprecation: str | None = ...,
    requires: Check | None = ...,
    hide: bool = ...,
) -> Callable[[F], F]: ...
@overload
def field(
    *,
    batch: bool,
    name: str | None = ...,
    description: str | None = ...,
    deprecation: str | None = ...,
    requires: Check | None = ...,
    hide: bool = ...,
) -> Callable[[F], F]: ...
@overload
def field(
    *,
    default: Any = ...,
    default_factory: Callable[[], Any] = ...,
    column: str | None = ...,
    private: bool = ...,
    filter: FilterOption = ...,
    name: str | None = ...,
    description: str | None = ...,
    deprecation: str | None = ...,
    requires: Check | None = ...,
    hide: bool = ...,
) -> Any: ...
def field(function: Any = None, /, **options: Any) -> Any:
    """Describe a stored field, or make a method a computed field.

    Args:
        function: The method, when used as ``@fraiseql.field`` without parentheses.
        **options: ``name`` (GraphQL name), ``description``, ``deprecation`` (reason), ``requires``
            (function of the context: whether a request may use the field), ``hide`` (whether other
            requests do not see it in the schema); for stored fields
            ``default`` or ``default_factory``, ``column`` (the column that it is read from, if its
            name differs) and ``private`` (the trace stores no value that is compared with it, nor
            one of an argument of its name) and ``filter`` (operators that clients compare it by:
            ``"all"``, ``"indexed"`` for those columns only that an index begins with, a list of
            names, or ``fraiseql.Filter``); for computed fields ``needs`` (fields of the parent
            that the function reads; all stored leaf fields when left out) and ``batch`` (the
            function takes all parents at once and returns a list of the same length).

    Raises:
        DeclarationError: The options do not go together.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type
        ... class User:
        ...     first_name: str = fraiseql.field(description="As on the passport.")
        ...
        ...     @fraiseql.field(needs=["first_name"])
        ...     def greeting(self) -> str:
        ...         return f"Hello {self.first_name}"
        >>> User(first_name="Ada").greeting()
        'Hello Ada'
    """
    check_options("fraiseql.field", options)
    requires, hide = options.pop("requires", None), options.pop("hide", False)
    options["requires"] = read_requirement("fraiseql.field", requires, hide)
    options["filter"] = read_filter("fraiseql.field", options.get("filter"))
    if "needs" in options:
        options["needs"] = names_of("needs", options["needs"])
    try:
        mark = FieldMark(**options)
    except TypeError as error:
        raise DeclarationError(
            f"fraiseql.field has no such option: {error}.",
            hint="Options: name, description, deprecation, default, column, private,"
            " default_factory, filter, needs, batch, requires, hide.",
        ) from error
    if function is None:
        return mark
    return mark(function)


def embed(
    relation: str,
    *,
    on: str | Sequence[str] = (),
    via: str | Sequence[str] = (),
    where: str | None = None,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    max_items: int | None = None,
    parent_key: str | Sequence[str] = (),
    target_key: str | Sequence[str] = (),
    requires: Check | None = None,
    hide: bool = False,
    connection: bool = False,
) -> Any:
    """Embed rows of another relation: a list (``on``) or one object (``via``).

    An object is ``User | None``; ``User`` where the columns of ``via`` are NOT NULL and a foreign
    key, so that the row always exists.

    Args:
        relation: The child table of a list, the parent table of an object.
        on: Column of the child that holds this row's key.
        via: Own column that holds the other row's key.
        where: SQL predicate over the columns of a list's relation, written by the developer.
        order_by: Columns, ``-`` in front for descending; ties are broken by the key.
        limit: Most rows of the list; further rows are left out.
        max_items: Most rows of a list without ``limit``; more are the error ``LIST_TOO_LONG``. The
            setting ``max_embed_items`` when left out.
        parent_key: Column of this row that ``on`` points to; the key when left out.
        target_key: Column of the other row that ``via`` points to; its key when left out.
        requires: Function of the request's context: whether it may use the field.
        hide: Whether requests that may not use it do not see it in the schema.
        connection: Whether the list is a connection, with cursors and totals as
            ``fraiseql.connection`` has; ``limit`` is then its default page, ``max_items`` the most
            rows of one. It is always read live.

    Returns:
        A default for the field: the constructor takes it as an empty list or None.

    Raises:
        DeclarationError: Both or neither of ``on`` and ``via``; both of ``limit`` and
            ``max_items``, or one below 1.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type
        ... class Post:
        ...     title: str
        >>> @fraiseql.type(sql_source="tb_user")
        ... class User:
        ...     id: int
        ...     posts: list[Post] = fraiseql.embed("tb_post", on="user_id", order_by="-id")
        >>> User(id=1).posts
        []
    """
    definition = EmbedDefinition(
        relation,
        on=names_of("on", on),
        via=names_of("via", via),
        where=where,
        order_by=names_of("order_by", order_by),
        limit=limit,
        max_items=max_items,
        parent_key=names_of("parent_key", parent_key),
        target_key=names_of("target_key", target_key),
        requirement=read_requirement(f"fraiseql.embed({relation!r})", requires, hide),
        connection=connection,
    )
    _check_embed(definition)
    if definition.via:
        return dataclasses.field(default=None, metadata={ATTRIBUTE: definition})
    return dataclasses.field(default_factory=list, metadata={ATTRIBUTE: definition})


def _check_embed(embed: EmbedDefinition) -> None:
    where = f"fraiseql.embed({embed.relation!r})"
    if embed.where is not None and not isinstance(embed.where, str):
        raise DeclarationError(
            f"{where} has where={embed.where!r}, which is no text.",
            hint='Write SQL over the columns of the relation: where="NOT hidden".',
        )
    if not isinstance(embed.relation, str) or not embed.relation:
        raise DeclarationError(f"{where} names no relation.", hint='Write embed("tb_post", …).')
    if bool(embed.on) == bool(embed.via):
        raise DeclarationError(
            f"{where} has {'both on and via' if embed.on else 'neither on nor via'}.",
            hint="Write on=<column of the child> for a list, or via=<own column> for one object.",
        )
    for name in ("limit", "max_items"):
        _check_count(where, name, getattr(embed, name))
    if embed.connection and embed.via:
        raise DeclarationError(
            f"{where} has via and connection; via embeds one object.",
            hint="Leave out connection, or embed a list with on=.",
        )
    if embed.limit and embed.max_items and not embed.connection:
        raise DeclarationError(
            f"{where} has both limit and max_items.",
            hint="limit= leaves rows out, max_items= makes more rows an error: write one of them.",
        )
    for name in ("where", "order_by", "limit", "max_items"):
        if embed.via and getattr(embed, name):
            raise DeclarationError(
                f"{where} has via and {name}; via embeds one object.",
                hint=f"Leave out {name}, or embed a list with on=.",
            )


def _check_count(where: str, name: str, count: Any) -> None:
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise DeclarationError(
            f"{where} has {name}={count!r}.", hint="Write a whole number of 1 or more."
        )
