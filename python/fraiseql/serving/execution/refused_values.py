"""Search for the value that PostgreSQL has refused, after its error."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from fraiseql.errors import FraiseQLError, InputError, sqlstate_of
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.statements import PreparedQuery, binder
from fraiseql.serving.planning.cursors import blamed
from fraiseql.serving.sql import Parameter, converter

Read = Callable[[str, Sequence[Any]], Awaitable[object]]

_USE: Final = re.compile(
    r"(?:OPERATOR\(pg_catalog\.(?P<operator>~~?\*?)\) )?\$(?P<number>\d+)"
    r'(?P<casts>(?:::(?:double precision|(?:"(?:[^"]|"")+"|\w+)(?:\.(?:"(?:[^"]|"")+"|\w+))?)'
    r"(?:\[\])*)+)"
)
"""A parameter with its casts, and the operator of a pattern before it."""

_REFUSED: Final = ("22", "42601")
"""SQLSTATEs of texts that a type or a grammar refuses."""

_MOST_PROBES: Final = 40


async def with_refused_value(
    error: FraiseQLError, query: PreparedQuery, values: Mapping[str, Any], read: Read
) -> FraiseQLError:
    """Return an error of a statement, of the one value that PostgreSQL refuses alone.

    Each value is cast apart, by a statement of its own on another connection. If none is refused,
    or one more error occurs, the error is returned as it is.

    Args:
        error: The error.
        query: The statement.
        values: Values of the request.
        read: Runs a statement under the request's identity: a type may call functions.
    """
    if not isinstance(error, InputError):
        return error
    if not sqlstate_of(error):
        return _not_bound(error, query, values)
    if not sqlstate_of(error).startswith(_REFUSED):
        return error
    for parameter, sql, value in _probes(query, values):
        try:
            await read(sql, [value])
        except FraiseQLError as refused:
            if not sqlstate_of(refused).startswith(_REFUSED):
                return error
            return _placed(error, parameter)
    return error


def _not_bound(error: InputError, query: PreparedQuery, values: Mapping[str, Any]) -> FraiseQLError:
    """Return an error of the binding of values, with the place of the value."""
    for parameter in query.parameters:
        if _is_sent(parameter.source, values):
            try:
                binder(parameter, converter(parameter))(values)
            except InputError as found:
                return _at(found, parameter)
    return error


def _probes(
    query: PreparedQuery, values: Mapping[str, Any]
) -> Iterator[tuple[Parameter, str, Any]]:
    """Yield each value of the request with a statement that only reads it."""
    seen: set[tuple[str, str, str]] = set()
    for use in _USE.finditer(query.text):
        key = (use["number"], use["casts"], use["operator"] or "")
        parameter = query.parameters[int(use["number"]) - 1]
        if key in seen or len(seen) >= _MOST_PROBES or not _is_sent(parameter.source, values):
            continue
        seen.add(key)
        value = f"$1{use['casts']}"
        # Most patterns match themselves, so that all of their letters are read.
        sql = f"{value} OPERATOR(pg_catalog.{key[2]}) {value}" if key[2] else value
        yield parameter, f"SELECT {sql}", binder(parameter, converter(parameter))(values)


def _is_sent(source: Any, values: Mapping[str, Any]) -> bool:
    """Return whether a client has sent a value; others are of the server."""
    return not isinstance(source, ValueRef) or source.name in values


def _placed(error: InputError, parameter: Parameter) -> FraiseQLError:
    if parameter.cursor is not None:
        found = blamed(error)
    else:
        whose = f": that for {parameter.name}." if parameter.name else "."
        found = InputError(error.message.removesuffix(".") + whose, hint=error.hint)
        found.__cause__, found.relation = error.__cause__, error.relation
    return _at(found, parameter)


def _at(error: FraiseQLError, parameter: Parameter) -> FraiseQLError:
    """Return an error with the place of a parameter's value."""
    source = parameter.source
    if isinstance(error, InputError):
        if isinstance(source, ValueRef):
            error.variable = (source.name, *source.path)
        else:
            error.constant = source
    return error
