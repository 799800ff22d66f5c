"""Scalars that are used unchanged when they have the right Python type."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from graphql import Undefined

_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1


def _int(value: Any) -> Any:
    fits = type(value) is int and _INT_MIN <= value <= _INT_MAX
    return value if fits else Undefined


def _float(value: Any) -> Any:
    return value if type(value) is float and isfinite(value) else Undefined


def _of_type(kind: type) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is kind else Undefined


PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Int": _int,
    "String": _of_type(str),
    "Boolean": _of_type(bool),
    "ID": _of_type(str),
    "Float": _float,
}
"""Coercers of GraphQL's own scalars, by name; Undefined from one means "ask graphql-core"."""
