"""Tracking of request data that Python functions read, for cache keys."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fraiseql.database import Database, Identity
from fraiseql.schema import Info
from fraiseql.schema.info import CONTEXT_KEY
from fraiseql.serving.execution.tracking_proxies import (
    Path,
    TrackingDict,
    TrackingMapping,
    TrackingProxy,
)

_PLAIN: Final = (type(None), bool, int, float, str)
_REQUEST: Final = "request"
"""Differs for each client: reads of its parts are tracked, not of the whole."""


class ContextReads:
    """Tracks reads of the request by the Python functions of a computation.

    Args:
        vary: Names of entries in the key, as ``Cache.vary``.
        shared: Names of entries that are equal for all clients, as ``Cache.shared``.
        variables: Names of variables in the key.
        identity: Role and session variables, which are in the key.

    Attributes:
        unvaried: Names of data that was read and is not in the key.
        looked_into: Whether a function received a proxy of an object.
    """

    __slots__ = ("_covered", "_identity", "_prefixes", "_variables", "looked_into", "unvaried")

    def __init__(
        self,
        vary: tuple[str, ...],
        shared: tuple[str, ...],
        variables: tuple[str, ...],
        identity: Identity,
    ) -> None:
        self.unvaried: dict[str, None] = {}
        self.looked_into = False
        self._identity = identity
        self._covered: set[Path] = {tuple(name.split(".")) for name in (*vary, *shared)}
        self._prefixes = {path[:size] for path in self._covered for size in range(1, len(path))}
        self._variables = frozenset(variables)

    def context(self, context: dict[str, Any]) -> dict[str, Any]:
        """Return a context that tracks reads."""
        self._covered |= {(name,) for name in _in_the_key(context, self._identity)}
        return TrackingContext(context, self)

    def variables(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return variables that track reads."""
        return _TrackingVariables(values, self)

    def note(self, path: Path) -> None:
        """Record a read of a whole value."""
        if not self._covers(path):
            self.unvaried[".".join(path) or "info.context"] = None

    def absent(self, path: Path) -> None:
        """Record a read of a missing value."""
        # The key has the existing part of a path of vary.
        if path not in self._prefixes:
            self.note(path)

    def written(self, name: str) -> None:
        """Record an entry that a function wrote."""
        self._covered.add((name,))

    def variable(self, name: Any) -> None:
        """Record a read of a variable; None for all variables."""
        if name not in self._variables:
            self.unvaried["info.variables" if name is None else f"info.variables[{name!r}]"] = None

    def seen(self, path: Path, value: Any) -> Any:
        """Return the value of ``path`` for a reader."""
        if self._covers(path):
            return value
        prefix = path in self._prefixes
        if (prefix or path[0] == _REQUEST) and not isinstance(value, _PLAIN):
            self.looked_into = True
            kind = TrackingMapping if isinstance(value, Mapping) else TrackingProxy
            return kind(value, path, self)
        if not prefix:
            self.note(path)
        return value

    def _covers(self, path: Path) -> bool:
        covered = self._covered
        return any(path[:size] in covered for size in range(1, len(path) + 1))


def _in_the_key(context: Mapping[str, Any], identity: Identity) -> Iterator[str]:
    """Yield the names of entries in the key, and of the framework's entries."""
    yield from (CONTEXT_KEY, "role")
    db = context.get("db")
    if type(db) is Database and db.identity == identity:
        yield "db"
    session = context.get("session")
    if session is None or all(isinstance(value, str) for value in session.values()):
        yield "session"


class TrackingContext(TrackingDict):
    """``info.context`` of a computation whose result may be stored.

    Args:
        context: Context of the request; writes go there too.
        reads: Tracks reads.
    """

    def __init__(self, context: dict[str, Any], reads: ContextReads) -> None:
        super().__init__(context)
        self._context = context
        self._reads = reads

    def __setitem__(self, name: str, value: Any) -> None:
        """Set an entry, also for other functions of the request."""
        self._reads.written(name)
        self._context[name] = value
        super().__setitem__(name, value)

    def update(self, *others: Any, **more: Any) -> None:
        """Set entries."""
        for name, value in dict(*others, **more).items():
            self[name] = value

    def _read(self, name: Any, value: Any, *, exists: bool) -> Any:
        if exists:
            return self._reads.seen((str(name),), value)
        self._reads.absent((str(name),))
        return None

    def _read_all(self) -> None:
        self._reads.note(())


class _TrackingVariables(TrackingDict):
    """``info.variables`` of a computation whose result may be stored."""

    def __init__(self, values: Mapping[str, Any], reads: ContextReads) -> None:
        super().__init__(values)
        self._reads = reads

    def _read(self, name: Any, value: Any, *, exists: bool) -> Any:
        del exists
        self._reads.variable(name)
        return value

    def _read_all(self) -> None:
        self._reads.variable(None)


class TrackingInfo(Info):
    """An ``info`` that tracks reads."""

    __slots__ = ("_reads",)

    _reads: ContextReads

    @classmethod
    def tracking(cls, reads: ContextReads) -> Callable[..., Info]:
        """Return a factory of tracking infos."""

        def make(**values: Any) -> Info:
            info = cls(**values)
            info._reads = reads
            return info

        return make

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute."""
        # Neither is in the key, since a field may have any alias.
        if name in ("path", "operation_name"):
            object.__getattribute__(self, "_reads").unvaried[f"info.{name}"] = None
        return object.__getattribute__(self, name)
