"""Stand-ins for values of a request, which note what is read of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

Path = tuple[str, ...]

_OPERATORS: Final = """
    lt le gt ge eq ne hash str repr bytes format bool len iter next reversed
    contains call await aiter anext enter exit aenter aexit int float complex index
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod and rand
    or ror xor rxor neg pos abs invert setitem delitem fspath
"""


class Notes(Protocol):
    """Where reads are noted."""

    def note(self, path: Path) -> None:
        """Note that a value was read as a whole."""

    def absent(self, path: Path) -> None:
        """Note that a value was looked for and is not there."""

    def seen(self, path: Path, value: Any) -> Any:
        """Return what a reader of ``path`` is given."""


class StandIn:
    """Stands for an object: gives its attributes, and notes which.

    Args:
        value: The object.
        path: Where it is in ``info.context``.
        notes: Where reads are noted.
    """

    __slots__ = ("_notes", "_path", "_value")

    def __init__(self, value: Any, path: Path, notes: Notes) -> None:
        object.__setattr__(self, "_value", value)
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_notes", notes)

    @property
    def __class__(self) -> Any:
        """The object's class, for ``isinstance``."""
        return type(self._value)

    @__class__.setter
    def __class__(self, value: Any) -> None:
        self._value.__class__ = value

    def __getattr__(self, name: str) -> Any:
        path = (*self._path, name)
        if isinstance(self._value, Mapping):
            # The key has a mapping's items, not its methods.
            self._notes.note(self._path)
            return getattr(self._value, name)
        try:
            value = getattr(self._value, name)
        except AttributeError:
            self._notes.absent(path)
            raise
        return self._notes.seen(path, value)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._value, name, value)

    def __getitem__(self, name: Any) -> Any:
        self._notes.note(self._path)
        return self._value[name]


def _operator(name: str) -> Callable[..., Any]:
    def read(self: Any, *args: Any) -> Any:
        self._notes.note(self._path)
        if name == "__bool__":
            return bool(self._value)
        if name == "__iter__":
            return iter(self._value)
        return getattr(self._value, name)(*args)

    return read


for _name in _OPERATORS.split():
    setattr(StandIn, f"__{_name}__", _operator(f"__{_name}__"))


class StandInMapping(StandIn):
    """Stands for a mapping: gives its items, and notes which."""

    __slots__ = ()

    def __getitem__(self, name: Any) -> Any:
        path = self._item(name)
        try:
            value = self._value[name]
        except KeyError:
            self._notes.absent(path)
            raise
        return self._notes.seen(path, value)

    def __contains__(self, name: Any) -> bool:
        return self.get(name, self) is not self

    def get(self, name: Any, default: Any = None) -> Any:
        """Return an item, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def _item(self, name: Any) -> Path:
        return (*self._path, name) if isinstance(name, str) else self._path


class WatchedDict(dict[str, Any]):
    """A dict that says which of its items are read.

    It is a copy; ``_read`` is given the name of each item that is read, or looked for.
    """

    def _read(self, name: Any, value: Any, *, there: bool) -> Any:
        raise NotImplementedError

    def _read_all(self) -> None:
        raise NotImplementedError

    def __getitem__(self, name: Any) -> Any:
        """Return an item."""
        there = super().__contains__(name)
        value = self._read(name, super().get(name), there=there)
        return value if there else super().__getitem__(name)

    def get(self, name: Any, default: Any = None) -> Any:
        """Return an item, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        """Whether an item is there."""
        there = super().__contains__(name)
        self._read(name, super().get(name), there=there)  # type: ignore[call-overload]
        return there

    def setdefault(self, name: Any, default: Any = None) -> Any:
        """Return an item; the default becomes one where there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: Any, *default: Any) -> Any:
        """Remove an item."""
        self._read_all()
        return super().pop(name, *default)

    def popitem(self) -> tuple[str, Any]:
        """Remove the last item."""
        self._read_all()
        return super().popitem()

    def __reversed__(self) -> Iterator[str]:
        """Yield all names, the last one first."""
        self._read_all()
        return super().__reversed__()

    def __repr__(self) -> str:
        """Return a text with all items."""
        self._read_all()
        return super().__repr__()

    def __iter__(self) -> Iterator[str]:
        """Yield all names."""
        self._read_all()
        return super().__iter__()

    def __len__(self) -> int:
        """Return how many items there are."""
        self._read_all()
        return super().__len__()

    def keys(self) -> Any:
        """Return all names."""
        self._read_all()
        return super().keys()

    def values(self) -> Any:
        """Return all values."""
        self._read_all()
        return super().values()

    def items(self) -> Any:
        """Return all items."""
        self._read_all()
        return super().items()

    def copy(self) -> dict[str, Any]:
        """Return a dict of its own."""
        return dict(self.items())

    def __eq__(self, other: object) -> bool:
        """Whether another one has the same items."""
        self._read_all()
        return super().__eq__(other)

    def __or__(self, other: Any) -> Any:
        """Return a dict with the items of both."""
        return self.copy() | other

    __hash__ = None
