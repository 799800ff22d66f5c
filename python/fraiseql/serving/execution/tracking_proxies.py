"""Proxies of request data that track reads."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

Path = tuple[str, ...]

_OPERATORS: Final = """
    lt le gt ge eq ne hash str repr bytes format bool len iter next reversed
    contains call await aiter anext enter exit aenter aexit int float complex index
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod and rand
    or ror xor rxor neg pos abs invert setitem delitem fspath
"""

_WHOLE: Final = """
    __eq__ __ne__ __iter__ __len__ __repr__ __reversed__ keys values items pop popitem
"""
"""Methods of a dict that read all of its items."""


class Notes(Protocol):
    """Receives reads."""

    def note(self, path: Path) -> None:
        """Record a read of a whole value."""

    def absent(self, path: Path) -> None:
        """Record a read of a missing value."""

    def seen(self, path: Path, value: Any) -> Any:
        """Return the value of ``path`` for a reader."""


class TrackingProxy:
    """Proxy of an object that tracks reads of its attributes.

    Args:
        value: The object.
        path: Its path in ``info.context``.
        notes: Receives reads.
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
            # A cache key has the items of a mapping, not its methods.
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
    setattr(TrackingProxy, f"__{_name}__", _operator(f"__{_name}__"))


class TrackingMapping(TrackingProxy):
    """Proxy of a mapping that tracks reads of its items."""

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


class TrackingDict(dict[str, Any]):
    """A copy of a dict that tracks reads; ``_read`` receives the name of each item that is read."""

    def _read(self, name: Any, value: Any, *, exists: bool) -> Any:
        raise NotImplementedError

    def _read_all(self) -> None:
        raise NotImplementedError

    def __getitem__(self, name: Any) -> Any:
        """Return an item."""
        exists = super().__contains__(name)
        value = self._read(name, super().get(name), exists=exists)
        return value if exists else super().__getitem__(name)

    def get(self, name: Any, default: Any = None) -> Any:
        """Return an item, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        """Return whether an item exists."""
        exists = super().__contains__(name)
        self._read(name, super().get(name), exists=exists)  # type: ignore[call-overload]
        return exists

    def setdefault(self, name: Any, default: Any = None) -> Any:
        """Return an item; set the default if it is missing."""
        if name not in self:
            self[name] = default
        return self[name]

    def copy(self) -> dict[str, Any]:
        """Return a plain copy."""
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        """Return a dict with the items of both."""
        return self.copy() | other

    __hash__ = None


def _reading_all(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    def read_all(self: TrackingDict, *args: Any) -> Any:
        self._read_all()
        return method(self, *args)

    return read_all


for _name in _WHOLE.split():
    setattr(TrackingDict, _name, _reading_all(_name))
