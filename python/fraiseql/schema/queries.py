"""Root fields of Python resolvers, and types of their arguments."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar, overload

from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.schema.cache import Cache, checked_cache
from fraiseql.schema.definitions import ATTRIBUTE, QueryDefinition
from fraiseql.schema.functions import docs_of, read_parameters, return_hint
from fraiseql.schema.options import check_options
from fraiseql.schema.requirements import Check, read_requirement

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class Where(dict[str, Any], Generic[T]):
    """The hint of a filter argument: ``where: fraiseql.Where[User] | None = None``.

    The resolver receives a plain dict as ``Repository.find`` takes it:
    ``{"first_name": {"icontains": "ada"}, "or": [{"active": True}, {"id": {"in": [1, 2]}}]}``.
    """


class OrderBy(list[str], Generic[T]):
    """The hint of an order argument: ``order_by: fraiseql.OrderBy[User] | None = None``.

    The resolver receives a plain list as ``Repository.find`` takes it: ``["-created_at", "id"]``.
    """


@overload
def query(function: F, /) -> F: ...


@overload
def query(
    *,
    name: str | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    cache: Cache | None = None,
    requires: Check | None = None,
    hide: bool = False,
) -> Callable[[F], F]: ...


def query(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    cache: Cache | None = None,
    requires: Check | None = None,
    hide: bool = False,
) -> Any:
    """Make a function, sync or async, a field of the root type; it stays callable as it is.

    Args:
        function: The resolver, when used without parentheses. A first parameter ``info`` receives
            the request; the others are the field's arguments.
        name: GraphQL name; the function's in camelCase when left out.
        description: The docstring when left out.
        deprecation: Why not to use the field any more.
        cache: ``fraiseql.Cache(…)`` caches its answers; its ``tags`` name the relations it reads.
        requires: Function of the request's context: whether it may use the field.
        hide: Whether requests that may not use it do not see it in the schema.

    Raises:
        DeclarationError: A hint is missing, or ``cache`` is not a ``Cache``.

    Example:
        >>> import fraiseql
        >>> @fraiseql.query
        ... def greeting(name: str = "you") -> str:
        ...     return f"Hello {name}"
        >>> greeting("Ada")
        'Hello Ada'
    """
    texts = {"name": name, "description": description, "deprecation": deprecation}
    check_options("@fraiseql.query", texts)

    def decorate(target: Any) -> Any:
        definition = function_definition("query", target, name, description, deprecation)
        checked = checked_cache(f"Query {definition.name}", cache)
        required = read_requirement(f"Query {definition.name}", requires, hide)
        setattr(target, ATTRIBUTE, replace(definition, cache=checked, requirement=required))
        return target

    return decorate if function is None else decorate(function)


def function_definition(
    kind: str, function: Any, name: str | None, description: str | None, deprecation: str | None
) -> QueryDefinition:
    """Return the definition of a function under ``@fraiseql.query`` or ``@fraiseql.mutation``.

    Args:
        kind: Name of the decorator.
        function: The function.
        name: GraphQL name.
        description: Text for the schema.
        deprecation: Why not to use the field any more.

    Raises:
        DeclarationError: It is not a function, or a hint is missing.
    """
    if not callable(function) or isinstance(function, type):
        raise DeclarationError(
            f"@fraiseql.{kind} decorates {function!r}, which is not a function.",
            hint="Write it above a def or async def.",
        )
    own = getattr(function, "__name__", type(function).__name__)
    label = f"{kind.capitalize()} {own}"
    docs = docs_of(function)
    arguments, takes_info = read_parameters(function, label, docs, skip=0)
    return QueryDefinition(
        name=own,
        graphql_name=name or to_camel(own),
        annotation=return_hint(function, label),
        arguments=arguments,
        description=description or docs.description,
        deprecation=deprecation,
        function=function,
        takes_info=takes_info,
    )
