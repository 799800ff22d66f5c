"""Reads of a request by Python functions, and whether a cache key has them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fraiseql.database import Database, Identity
from fraiseql.schema import Info
from fraiseql.serving.execution.reading import CONTEXT_KEY
from fraiseql.serving.execution.stand_ins import Path, StandIn, StandInMapping, WatchedDict

_PLAIN: Final = (type(None), bool, int, float, str)
_REQUEST: Final = "request"
"""Each client has another one: the parts of it that are read are noted, not the whole."""


class ContextReads:
    """Notes what the Python functions of one computation read of its request.

    Args:
        vary: Names of what is in the key, as ``Cache.vary``.
        shared: Names of entries that are the same for every client, as ``Cache.shared``.
        variables: Names of the variables that are in the key.
        identity: Role and session variables, which are in the key.

    Attributes:
        unvaried: What was read and is not in the key.
        looked_into: Whether a function was given a stand-in for an object.
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
        """Return a context that notes what is read of it."""
        self._covered |= {(name,) for name in _in_the_key(context, self._identity)}
        return WatchedContext(context, self)

    def variables(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return variables that note which of them are read."""
        return _WatchedVariables(values, self)

    def note(self, path: Path) -> None:
        """Note that a value was read as a whole."""
        if not self._covers(path):
            self.unvaried[".".join(path) or "info.context"] = None

    def absent(self, path: Path) -> None:
        """Note that a value was looked for and is not there."""
        # How far a path of vary leads is in the key.
        if path not in self._prefixes:
            self.note(path)

    def written(self, name: str) -> None:
        """Note that a function made an entry of its own."""
        self._covered.add((name,))

    def variable(self, name: Any) -> None:
        """Note that a variable was read; None for all of them."""
        if name not in self._variables:
            self.unvaried["info.variables" if name is None else f"info.variables[{name!r}]"] = None

    def seen(self, path: Path, value: Any) -> Any:
        """Return what a reader of ``path`` is given."""
        if self._covers(path):
            return value
        prefix = path in self._prefixes
        if (prefix or path[0] == _REQUEST) and not isinstance(value, _PLAIN):
            self.looked_into = True
            kind = StandInMapping if isinstance(value, Mapping) else StandIn
            return kind(value, path, self)
        if not prefix:
            self.note(path)
        return value

    def _covers(self, path: Path) -> bool:
        covered = self._covered
        return any(path[:size] in covered for size in range(1, len(path) + 1))


def _in_the_key(context: Mapping[str, Any], identity: Identity) -> Iterator[str]:
    """Yield the names of entries that are in the key, or the framework's own."""
    yield from (CONTEXT_KEY, "role")
    db = context.get("db")
    if type(db) is Database and db.identity == identity:
        yield "db"
    session = context.get("session")
    if session is None or all(isinstance(value, str) for value in session.values()):
        yield "session"


class WatchedContext(WatchedDict):
    """``info.context`` of a computation whose answer may be stored.

    Args:
        context: The request's; what is written goes there too.
        reads: Notes what is read.
    """

    def __init__(self, context: dict[str, Any], reads: ContextReads) -> None:
        super().__init__(context)
        self._context = context
        self._reads = reads

    def __setitem__(self, name: str, value: Any) -> None:
        """Make an entry, for other functions of the request too."""
        self._reads.written(name)
        self._context[name] = value
        super().__setitem__(name, value)

    def update(self, *others: Any, **more: Any) -> None:
        """Make entries."""
        for name, value in dict(*others, **more).items():
            self[name] = value

    def _read(self, name: Any, value: Any, *, there: bool) -> Any:
        if there:
            return self._reads.seen((str(name),), value)
        self._reads.absent((str(name),))
        return None

    def _read_all(self) -> None:
        self._reads.note(())


class _WatchedVariables(WatchedDict):
    """``info.variables`` of a computation whose answer may be stored."""

    def __init__(self, values: Mapping[str, Any], reads: ContextReads) -> None:
        super().__init__(values)
        self._reads = reads

    def _read(self, name: Any, value: Any, *, there: bool) -> Any:
        del there
        self._reads.variable(name)
        return value

    def _read_all(self) -> None:
        self._reads.variable(None)


class WatchedInfo(Info):
    """An ``info`` that notes what is read of it."""

    __slots__ = ("_reads",)

    _reads: ContextReads

    @classmethod
    def noting(cls, reads: ContextReads) -> Callable[..., Info]:
        """Return what makes one."""

        def make(**values: Any) -> Info:
            info = cls(**values)
            info._reads = reads
            return info

        return make

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute."""
        # Neither is in the key: the same field is asked for under many names.
        if name in ("path", "operation_name"):
            object.__getattribute__(self, "_reads").unvaried[f"info.{name}"] = None
        return object.__getattribute__(self, name)
