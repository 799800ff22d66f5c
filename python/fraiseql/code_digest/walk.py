"""Walk of all references of code, in a stable order."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import CodeType
from typing import Any, Final

from fraiseql.code_digest.ownership import Ownership

_MOST_OBJECTS: Final = 50_000
"""Most objects of a walk: larger data are not constants of code."""

_MOST_APART: Final = 10_000
"""The same for a value that is written by itself."""

_MOST_LEVELS: Final = 3
"""Most levels of values that are written by themselves: a set can contain itself indirectly."""

_PLAIN: Final = (type(None), bool, bytes, float, complex, type(...), type(NotImplemented))


@dataclass(frozen=True, slots=True)
class CodeDigest:
    """Result of a walk.

    Attributes:
        digest: Digest of the code and of the values that it refers to, in hexadecimal digits.
        unseen: Descriptions of objects that could not be read.
    """

    digest: str
    unseen: tuple[str, ...]


class Walk:
    """Writes values into a digest: plain ones at once, others by number, in the order first met.

    Numbers replace objects, so that cycles end and recursion stays shallow.

    Args:
        ownership: Finds the code to read.
        describe: Writes the parts of a numbered object.
        level: Number of enclosing walks.
        copied: Whether it walks a copy of another package's object.
    """

    def __init__(
        self,
        ownership: Ownership,
        describe: "Callable[[Walk, Any], None]",
        *,
        level: int = 0,
        copied: bool = False,
    ) -> None:
        self.ownership = ownership
        self.copied = copied
        self._level = level
        self._most = _MOST_APART if level else _MOST_OBJECTS
        self.unseen: dict[str, None] = {}
        self._describe = describe
        self._hash = sha256()
        # Holds objects during the walk, so that no other gets the same address.
        self._numbers: dict[int, tuple[int, Any]] = {}
        self._waiting: deque[Any] = deque()

    def finish(self) -> CodeDigest:
        """Describe all collected objects, and return the digest."""
        while self._waiting:
            value = self._waiting.popleft()
            if len(self._numbers) > self._most:
                self.unseen[f"what more than {self._most:,} objects hold"] = None
                break
            self.word("describe", type(value).__name__)
            try:
                self._describe(self, value)
            except Exception:  # noqa: BLE001 - code of any package may run when it is looked at
                self.unseen[f"a value of {type(value).__qualname__}"] = None
        return CodeDigest(self._hash.hexdigest(), tuple(self.unseen))

    def word(self, *words: str) -> None:
        """Write words, unambiguously separated."""
        for word in words:
            data = word.encode("utf-8", "surrogatepass")
            self._hash.update(b"%d:%b" % (len(data), data))

    def all(self, values: Iterable[Any]) -> None:
        """Write values in their order."""
        values = list(values)
        self.word("all", str(len(values)))
        for value in values:
            self.put(value)

    def pairs(self, values: Mapping[Any, Any]) -> None:
        """Write keys and values in their order, which code can depend on."""
        self.all([part for pair in list(values.items()) for part in pair])

    def unordered(self, values: Iterable[Any]) -> None:
        """Write values whose order differs between processes."""
        digests = [self.apart(value) for value in values]
        self.word("set", *sorted(each.digest for each in digests))
        for each in digests:
            self.unseen |= dict.fromkeys(each.unseen)

    def apart(self, value: Any, *, copied: bool = False) -> CodeDigest:
        """Return the digest of a value by itself."""
        if self._level == _MOST_LEVELS:
            return CodeDigest(type(value).__qualname__, ("sets within sets",))
        level, copied = self._level + 1, copied or self.copied
        walk = Walk(self.ownership, self._describe, level=level, copied=copied)
        walk.put(value)
        return walk.finish()

    def put(self, value: Any) -> None:
        """Write one value."""
        kind = type(value)
        if kind is int:
            self.word("int", f"{value:x}")
        elif kind is str:
            self.word("str", self.ownership.relative(value))
        elif kind in _PLAIN:
            self.word(kind.__name__, repr(value))
        elif kind is tuple:
            # By value: whether two equal constants are one object is up to the compiler.
            self.word("tuple")
            self.all(value)
        elif kind is frozenset:
            self.unordered(value)
        elif kind is CodeType:
            self._code(value)
        else:
            self._numbered(value)

    def foreign(self, value: Any, module: Any) -> None:
        """Write an object of another package: its name and the package's version."""
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "")
        self.word("foreign", str(module), str(name), self.ownership.version(module))

    def _numbered(self, value: Any) -> None:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = (len(self._numbers), value)
            self._waiting.append(value)
        self.word("object", str(number[0]))

    def _code(self, code: CodeType) -> None:
        counts = (
            code.co_argcount,
            code.co_posonlyargcount,
            code.co_kwonlyargcount,
            code.co_flags,
        )
        self.word("code", code.co_name, repr(counts))
        self.put(code.co_code)
        self.put(code.co_exceptiontable)
        for names in (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars):
            self.word(str(len(names)), *names)
        self.all(code.co_consts)
