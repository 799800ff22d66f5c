"""``UNSET``: the default of an argument that tells absence from null."""

from typing import Any, Final, Self


class Unset:
    """The class of ``UNSET``, its only instance."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Return False."""
        return False

    def __repr__(self) -> str:
        """Return its name."""
        return "UNSET"

    def __copy__(self) -> Self:
        """Return itself."""
        return self

    def __deepcopy__(self, _: object) -> Self:
        """Return itself."""
        return self

    def __reduce__(self) -> str:
        """Return its name, by which pickle finds it."""
        return "UNSET"


UNSET: Final[Any] = Unset()
"""Means that the client sent no value, where None means that it sent null."""
