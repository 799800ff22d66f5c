"""Signature of a variable: its value's structure without the scalars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NULL: Final = "0"
_PRESENT: Final = "1"
_LIST: Final = "l"
_BY_VALUE: Final = frozenset({"is_null"})
"""Operators whose value is part of the signature: ``IS NULL`` and ``IS NOT NULL``
are two statements."""


@dataclass(frozen=True, slots=True)
class ValueRef:
    """A reference into a request's values: a variable or argument, and a path into it."""

    name: str
    path: tuple[str | int, ...] = ()

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return the value at this path."""
        value = values[self.name]
        for step in self.path:
            value = value[step]
        return value

    def __str__(self) -> str:
        """Return it as plans print it, like ``$where.name.eq``."""
        return "$" + ".".join([self.name, *map(str, self.path)])


class Repeated(dict[str, Any]):
    """An item of a filter that repeats the previous one as padding."""


def is_structural(value: list[Any]) -> bool:
    """Whether a list contains objects or lists, not only values of one parameter.

    An empty list may be either, so it is part of the signature.
    """
    return not value or any(isinstance(item, dict | list) for item in value)


def _is_by_value(key: Any, value: Any) -> bool:
    # A field may have the operator's name: then its comparisons are a dict.
    return key in _BY_VALUE and not isinstance(value, dict | list)


def variable_signature(value: Any) -> Any:
    """Return the signature of a value: its keys, nulls and lists, never a scalar."""
    if value is None:
        return _NULL
    if isinstance(value, dict):
        return tuple(
            [
                (key, item if _is_by_value(key, item) else variable_signature(item))
                for key, item in value.items()
            ]
        )
    if isinstance(value, list):
        return (
            (_LIST, *[variable_signature(item) for item in value])
            if is_structural(value)
            else _LIST
        )
    return _PRESENT


def references(value: Any, name: str, path: tuple[str | int, ...] = ()) -> Any:
    """Return ``value`` with a ``ValueRef`` in place of every scalar and every list of scalars.

    Values of the same signature give the same outcome, so one plan serves them all.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        parts = {
            key: item if _is_by_value(key, item) else references(item, name, (*path, key))
            for key, item in value.items()
        }
        return Repeated(parts) if isinstance(value, Repeated) else parts
    if isinstance(value, list) and is_structural(value):
        return [references(item, name, (*path, index)) for index, item in enumerate(value)]
    return ListValueRef(name, path) if isinstance(value, list) else ValueRef(name, path)


class ListValueRef(ValueRef):
    """A reference to a list of one or more scalars."""

    __slots__ = ()
