"""Functions of the database as mutations."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, get_args, get_origin

from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.schema.definitions import MISSING, ArgumentDefinition, QueryDefinition
from fraiseql.schema.info import CONTEXT_KEY, Info
from fraiseql.schema.mutations import Isolation, write_options
from fraiseql.schema.options import check_options
from fraiseql.schema.requirements import Check, read_requirement
from fraiseql.schema.unset import UNSET


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """Call of a function of the database.

    Attributes:
        name: Its name, with its schema or without.
        returned: Declared class of its rows, or a hint of its value.
        many: Whether it returns a list.
        json: Arguments that are JSON.
    """

    name: str
    returned: Any
    many: bool
    json: frozenset[str] = frozenset()

    @property
    def returns_json(self) -> bool:
        """Whether its value, or each of them, may be any JSON."""
        return _is_json(self.returned)

    async def __call__(self, info: Info, **arguments: Any) -> Any:
        """Call the function, and return its documents or values."""
        return await info.context[CONTEXT_KEY].writer.call(self, info.context, arguments)


def function(
    name: str,
    args: Mapping[str, Any] | None = None,
    /,
    *,
    returns: Any,
    sql: str | None = None,
    description: str | None = None,
    deprecation: str | None = None,
    requires: Check | None = None,
    hide: bool = False,
    retry: bool = False,
    isolation: Isolation | None = None,
    errors: str = "response",
) -> QueryDefinition:
    """Declare a mutation that calls a function of the database, in a transaction.

    Args:
        name: Name of the field, in snake_case.
        args: Its arguments: the names of the function's parameters, with their hints. An argument
            that may be null may also be left out: the function then has its default.
        returns: A declared class, whose rows the function returns, all of them or their keys; a
            scalar; or a list of one of them.
        sql: Name of the function, with its schema if it is not on the search path; ``name`` when
            left out.
        description: Text for the schema.
        deprecation: Why not to use it any more.
        requires: Function of the request's context: whether it may use the field.
        hide: Whether requests that may not use it do not see it in the schema.
        retry: As for ``mutation``.
        isolation: As for ``mutation``.
        errors: As for ``mutation``.

    Raises:
        DeclarationError: An option has the wrong form.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="orders")
        ... class Order:
        ...     id: int
        >>> fraiseql.function("pay", {"order_id": int}, returns=Order, sql="billing.pay").name
        'pay'
    """
    label = f"function({name!r})"
    check_options(label, {"name": name, "description": description, "deprecation": deprecation})
    if args is not None and not isinstance(args, Mapping):
        raise DeclarationError(
            f"{label} has args={args!r}.", hint='Write {"order_id": int}: names with their hints.'
        )
    many = get_origin(returns) is list
    row = get_args(returns)[0] if many else returns
    return QueryDefinition(
        name=name,
        graphql_name=to_camel(name),
        annotation=Optional[returns],  # noqa: UP045 - the hint is a value
        arguments=tuple(_argument(key, hint) for key, hint in (args or {}).items()),
        description=description,
        deprecation=deprecation,
        function=SqlFunction(sql or name, row, many, _json_arguments(args or {})),
        write=write_options(label, retry, isolation, errors),
        requirement=read_requirement(label, requires, hide),
    )


def _json_arguments(args: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the arguments that may be any JSON."""
    return frozenset(name for name, hint in args.items() if _is_json(hint))


def _is_json(hint: Any) -> bool:
    hints = [part for part in get_args(hint) if part is not types.NoneType]
    optional = type(None) in get_args(hint) and len(hints) == 1
    plain = hints[0] if optional else hint
    return plain in (dict, Any) or get_origin(plain) is dict


def _argument(name: str, hint: Any) -> ArgumentDefinition:
    optional = type(None) in get_args(hint) or hint is types.NoneType
    return ArgumentDefinition(name, to_camel(name), hint, UNSET if optional else MISSING)
