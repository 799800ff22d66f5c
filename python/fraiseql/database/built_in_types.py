"""Built-in types of PostgreSQL, as the driver has read them."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

_FIRST_OTHER: Final = 10_000
"""PostgreSQL's own types and their arrays have smaller numbers, the same in every database."""

_MOST: Final = 256
"""Sets of types; applications ask for a few."""

Version = tuple[Any, ...]


class _NoStatement(NamedTuple):
    """The driver asks the statement that read types for a name, if it stays prepared."""

    name: str = "none"


class BuiltInTypes:
    """Descriptions of built-in types by the server's version.

    The driver asks on each new connection, for an array of integers too. The query takes ten
    milliseconds of the server, more than the whole rest of connecting.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._types: dict[tuple[Version, frozenset[int]], Any] = {}

    def get(self, version: Version, numbers: Collection[int]) -> tuple[Any, _NoStatement] | None:
        """Return the rows of an earlier query for these types, or None."""
        types = self._types.get((version, frozenset(numbers)))
        return None if types is None else (types, _NoStatement())

    def put(self, version: Version, numbers: Collection[int], types: Any) -> None:
        """Keep the rows of a query that asked only for built-in types."""
        if all(number < _FIRST_OTHER for number in numbers) and len(self._types) < _MOST:
            self._types[version, frozenset(numbers)] = types


BUILT_IN: Final = BuiltInTypes()
"""Of this process: they are the same on all connections to servers of one version."""
