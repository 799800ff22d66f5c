"""Signature of a variable: keys, nulls and lists of its value, without the scalars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NULL: Final = "0"
_GIVEN: Final = "1"
_LIST: Final = "l"
_BY_VALUE: Final = frozenset({"is_null"})
"""Operators whose value is part of the signature: ``IS NULL`` and ``IS NOT NULL``
are two statements."""


@dataclass(frozen=True, slots=True)
class ValueRef:
    """A place in the values of a request: a variable's or argument's name, and a path into it."""

    name: str
    path: tuple[str | int, ...] = ()

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return what stands at this place."""
        found = values[self.name]
        for step in self.path:
            found = found[step]
        return found

    def __str__(self) -> str:
        """Return ``$where.name.eq``: how plans print it."""
        return "$" + ".".join([self.name, *map(str, self.path)])


class Repeated(dict[str, Any]):
    """An item of a filter that repeats the one before it: no condition that somebody asked for."""


def is_structural(value: list[Any]) -> bool:
    """Whether a list holds objects or lists, and not only the values of one parameter.

    An empty list may be either, so it is part of the signature.
    """
    return not value or any(isinstance(item, dict | list) for item in value)


def _is_by_value(key: Any, value: Any) -> bool:
    # A field may have the name of the operator: then its comparisons are a dict.
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
    return _GIVEN


def abstract(value: Any, name: str, path: tuple[str | int, ...] = ()) -> Any:
    """Return ``value`` with a ``ValueRef`` in place of every scalar and every list of scalars.

    Values of the same signature give the same outcome, so one plan serves them all.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        places = {
            key: item if _is_by_value(key, item) else abstract(item, name, (*path, key))
            for key, item in value.items()
        }
        return Repeated(places) if isinstance(value, Repeated) else places
    if isinstance(value, list) and is_structural(value):
        return [abstract(item, name, (*path, index)) for index, item in enumerate(value)]
    return ListValueRef(name, path) if isinstance(value, list) else ValueRef(name, path)


class ListValueRef(ValueRef):
    """A place that holds a list of scalars, one or more."""

    __slots__ = ()
