"""Cache keys: a 32-byte hash of everything but the data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import orjson

from fraiseql.results import CacheableField, FieldRequest
from fraiseql.values import ExactFloat

_FORMAT: Final = "1"
"""Version of the key's content: after a change, older entries are not found."""

_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class UncacheableValue(Exception):  # noqa: N818 - no error: the answer is computed
    """The value has no canonical JSON form.

    Args:
        name: Name of the value.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Keys:
    """Builds the keys of one field.

    Args:
        namespace: Key of the ``CacheNamespace``.
        field: The field.
        sessions: Whether session variables are part of the key.
        meaning: Definitions of the names in predicates.
    """

    __slots__ = ("_head", "_sessions", "_variables", "_vary")

    def __init__(
        self, namespace: str, field: CacheableField, *, sessions: bool, meaning: Sequence[str] = ()
    ) -> None:
        cache, text = field.cache, field.text
        declared = [cache.ttl, cache.stale, list(cache.vary), list(cache.tags), cache.code_version]
        name = field.definition.graphql_name
        head = json.dumps([_FORMAT, namespace, name, declared, sessions, *meaning])
        self._head = sha256(f"{len(head)}:{len(text)}:{head}".encode() + text)
        self._variables = field.variables
        self._sessions = sessions
        self._vary = tuple((name, tuple(name.split("."))) for name in cache.vary)

    def key(self, request: FieldRequest) -> bytes:
        """Return the key of one request.

        Raises:
            UncacheableValue: A variable, or a value of ``vary``, has no canonical JSON form.
        """
        sent, identity = request.variables, request.identity
        variables = {name: sent[name] for name in self._variables if name in sent}
        session = identity.variables if self._sessions else ()
        values = [identity.role is None, identity.role or "", session, variables]
        varied = [_resolve(path, request.context) for _, path in self._vary]
        digest = self._head.copy()
        try:
            digest.update(_text(values))
            if varied:
                digest.update(canonical(varied))
        except (TypeError, ValueError, RecursionError):
            by_name = zip((name for name, _ in self._vary), varied, strict=True)
            raise UncacheableValue(_uncacheable([*variables.items(), *by_name])) from None
        return digest.digest()


def _text(values: list[Any]) -> bytes:
    """Return ``canonical(values)``, or an equivalent that is faster to compute."""
    try:
        text = orjson.dumps(values, option=_OPTIONS)
    except TypeError:
        return canonical(values)
    # orjson writes NaN and infinities as null too.
    return canonical(values) if b"null" in text else text


def canonical(value: Any) -> bytes:
    """Return JSON text that differs for different values.

    Raises:
        TypeError, ValueError: The value has no canonical JSON form.
    """
    digits: list[str] = []
    _check(value, digits)
    # Digits that floats cannot hold follow the text, in the same order.
    return "\n".join([_ENCODER.encode(value), *digits]).encode()


def _check(value: Any, digits: list[str]) -> None:
    """Refuse keys that are not strings, and collect digits of numbers that JSON would round.

    As keys, JSON does not distinguish 1 from "1".

    Raises:
        TypeError: A key is not a string.
    """
    if isinstance(value, ExactFloat):
        digits.append(value.text)
    elif isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a key that is not a string")
        value = [value[name] for name in sorted(value)]
    if isinstance(value, list | tuple):
        for item in value:
            _check(item, digits)


def _resolve(path: tuple[str, ...], context: Mapping[str, Any]) -> list[Any]:
    """Return the value of a path in the context, in a list; where the path ends early, how far.

    A missing user and a user without a plan are different for a resolver, and for the key.
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


def _uncacheable(pairs: Iterable[tuple[str, Any]]) -> str:
    for name, value in pairs:
        try:
            canonical(value)
        except (TypeError, ValueError, RecursionError):
            return name
    return "a value"
