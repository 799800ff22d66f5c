"""Mutations: functions that write, each in a transaction."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Literal, TypeVar, get_args, overload

from fraiseql.errors import DeclarationError
from fraiseql.schema.definitions import ATTRIBUTE, WriteOptions
from fraiseql.schema.options import check_options
from fraiseql.schema.queries import function_definition
from fraiseql.schema.requirements import Check, read_requirement

F = TypeVar("F", bound=Callable[..., Any])

Isolation = Literal["read committed", "repeatable read", "serializable"]
ErrorForm = Literal["response", "union"]
LEVELS: Final = ("", *[level.upper() for level in get_args(Isolation)])
"""Isolation levels in SQL, the weakest first; empty for the default of the database."""


@overload
def mutation(function: F, /) -> F: ...
@overload
def mutation(
    *,
    name: str | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    requires: Check | None = None,
    hide: bool = False,
    retry: bool = False,
    isolation: Isolation | None = None,
    errors: ErrorForm = "response",
) -> Callable[[F], F]: ...
def mutation(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    requires: Check | None = None,
    hide: bool = False,
    retry: bool = False,
    isolation: Isolation | None = None,
    errors: ErrorForm = "response",
) -> Any:
    """Make a function, sync or async, a mutation; it stays callable as it is.

    It runs in one read-write transaction: ``info.context["db"]`` and every ``Repository`` on it are
    on its connection. The answer is read in the transaction, and sent after its commit. If the
    function raises an exception, or the commit fails, nothing is written and the field is an error.

    Args:
        function: The function, when used without parentheses. A first parameter ``info`` receives
            the request; the others are the field's arguments.
        name: GraphQL name; the function's in camelCase when left out.
        description: The docstring when left out.
        deprecation: Why not to use the field any more.
        requires: Function of the request's context: whether it may use the field.
        hide: Whether requests that may not use it do not see it in the schema.
        retry: Whether it runs again, in a new transaction, after a deadlock or a conflict with
            another transaction, at most three times. Its effects outside of the database
            then happen again too.
        isolation: Isolation level of the transaction; that of the database when left out.
        errors: ``union`` makes errors that the client causes data: the field is a union of the
            returned type and ``WriteRefused``. Otherwise they are errors of the response.

    Raises:
        DeclarationError: A hint is missing, or an option has the wrong form.

    Example:
        >>> import fraiseql
        >>> @fraiseql.mutation
        ... async def rename(info: fraiseql.Info, id: int, name: str) -> bool:
        ...     db = info.context["db"]
        ...     done = await db.execute("UPDATE users SET name = $2 WHERE id = $1", id, name)
        ...     return done == "UPDATE 1"
    """
    texts = {"name": name, "description": description, "deprecation": deprecation}
    check_options("@fraiseql.mutation", texts)
    options = write_options("@fraiseql.mutation", retry, isolation, errors)

    def decorate(target: Any) -> Any:
        definition = function_definition("mutation", target, name, description, deprecation)
        required = read_requirement(f"Mutation {definition.name}", requires, hide)
        setattr(target, ATTRIBUTE, replace(definition, write=options, requirement=required))
        return target

    return decorate if function is None else decorate(function)


def write_options(label: str, retry: object, isolation: object, errors: object) -> WriteOptions:
    """Return the options of a mutation.

    Args:
        label: The declaration, for errors.
        retry: Whether it runs again after a conflict.
        isolation: Its isolation level, or None.
        errors: ``response`` or ``union``.

    Raises:
        DeclarationError: One has the wrong form.
    """
    if not isinstance(retry, bool):
        raise DeclarationError(
            f"{label} has retry={retry!r}.", hint="Write retry=True or leave it out."
        )
    if isolation is not None and isolation not in get_args(Isolation):
        levels = ", ".join(map(repr, get_args(Isolation)))
        raise DeclarationError(
            f"{label} has isolation={isolation!r}.", hint=f"Write one of: {levels}."
        )
    if errors not in get_args(ErrorForm):
        raise DeclarationError(
            f"{label} has errors={errors!r}.", hint="Write errors='union' or leave it out."
        )
    return WriteOptions(
        None if isolation is None else str(isolation).upper(), retry, union=errors == "union"
    )
