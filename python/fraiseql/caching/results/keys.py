"""Keys: everything that an answer depends on besides the data, hashed into 32 bytes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import orjson

from fraiseql.results import Ask, Part
from fraiseql.values import ExactFloat

_FORMAT: Final = "1"
"""Version of what a key says: with another one, entries of before are not found."""


_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class NoKey(Exception):  # noqa: N818 - no error: a word that something is not kept
    """A value cannot be written in one way only.

    Args:
        what: Which value.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Keys:
    """Makes the keys of one part.

    Args:
        place: Which database of which cluster, and by whom it is read.
        part: What is asked.
        sessions: Whether session variables count.
        meaning: What names in predicates mean, of somebody's own.
    """

    __slots__ = ("_begun", "_sessions", "_variables", "_vary")

    def __init__(
        self, place: str, part: Part, *, sessions: bool, meaning: Sequence[str] = ()
    ) -> None:
        cache = part.cache
        kept = [cache.ttl, cache.stale, list(cache.vary), list(cache.tags), cache.code_version]
        name = part.definition.graphql_name
        head = json.dumps([_FORMAT, place, name, kept, sessions, *meaning])
        text = part.text
        self._begun = sha256(f"{len(head)}:{len(text)}:{head}".encode() + text)
        self._variables = part.variables
        self._sessions = sessions
        self._vary = tuple((name, tuple(name.split("."))) for name in cache.vary)

    def key(self, ask: Ask) -> bytes:
        """Return the key of what one request asks.

        Raises:
            NoKey: A variable, or a value of ``vary``, is nothing that JSON can say.
        """
        sent, identity = ask.variables, ask.identity
        variables = {name: sent[name] for name in self._variables if name in sent}
        session = identity.variables if self._sessions else ()
        said = [identity.role is None, identity.role or "", session, variables]
        varied = [_found(path, ask.context) for _, path in self._vary]
        digest = self._begun.copy()
        try:
            digest.update(_text(said))
            if varied:
                digest.update(canonical(varied))
        except (TypeError, ValueError, RecursionError):
            named = zip((name for name, _ in self._vary), varied, strict=True)
            raise NoKey(_unsayable([*variables.items(), *named])) from None
        return digest.digest()


def _text(said: list[Any]) -> bytes:
    """Return what ``canonical`` does, or sooner a text that is as good."""
    try:
        text = orjson.dumps(said, option=_OPTIONS)
    except TypeError:
        return canonical(said)
    # A number that is none would be null too.
    return canonical(said) if b"null" in text else text


def canonical(value: Any) -> bytes:
    """Return JSON text that is the same for the same value only.

    Raises:
        TypeError, ValueError: It is nothing that JSON can say.
    """
    digits: list[str] = []
    _check(value, digits)
    # What floats do not hold follows the text, in the text's order.
    return "\n".join([_ENCODER.encode(value), *digits]).encode()


def _check(value: Any, digits: list[str]) -> None:
    """Refuse names that are no texts, and add the digits of numbers that JSON would round.

    JSON would write 1 and "1" in one way, as names.

    Raises:
        TypeError: There is such a name.
    """
    if isinstance(value, ExactFloat):
        digits.append(value.text)
    elif isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a name that is no text")
        value = [value[name] for name in sorted(value)]
    if isinstance(value, list | tuple):
        for one in value:
            _check(one, digits)


def _found(path: tuple[str, ...], context: Mapping[str, Any]) -> list[Any]:
    """Return the value of a path in the context, in a list; how far it leads where it ends early.

    A function sees whether there is no user, or a user without a plan.
    """
    value: Any = context
    for depth, name in enumerate(path):
        if isinstance(value, Mapping):
            if name not in value:
                return _ended(depth, value)
            value = value[name]
        elif hasattr(value, name):
            value = getattr(value, name)
        else:
            return _ended(depth, value)
    return [value]


def _ended(depth: int, value: Any) -> list[Any]:
    if isinstance(value, bool | int | float | str | None):
        return [depth, "value", value]
    return [depth, "type", type(value).__qualname__]


def _unsayable(pairs: Iterable[tuple[str, Any]]) -> str:
    for name, value in pairs:
        try:
            canonical(value)
        except (TypeError, ValueError, RecursionError):
            return name
    return "a value"
