"""Predicates of partial indexes: comparisons with constants, joined by AND."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from fraiseql.operators import SIGNS

_OPERATORS: Final = {sign: name for name, sign in SIGNS.items()}
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>->>|<=|>=|[=<>()])"
    r'|"(?P<quoted>[^"]+)"|(?P<word>[A-Za-z_]\w*)|(?P<other>\S))'
)
_KEY_IN_PARENTHESES: Final = re.compile(r"""\(\s*((?:"[^"]+"|\w+)\s*->>\s*'[^']*')\s*\)""")
_LATEST: Final = re.compile(
    r"(?i)^\W*(\w+)\s*>=?\s*(?:now\(\)|current_timestamp|current_date)\s*-\s*interval\s*'([^']+)'"
)
_OF_TIME: Final = frozenset(
    {
        "age",
        "clock_timestamp",
        "current_date",
        "current_role",
        "current_setting",
        "current_time",
        "current_timestamp",
        "current_user",
        "gen_random_uuid",
        "localtime",
        "localtimestamp",
        "now",
        "random",
        "session_user",
        "statement_timestamp",
        "timeofday",
        "transaction_timestamp",
        "user",
    }
)


@dataclass(frozen=True, slots=True)
class IndexCondition:
    """A comparison in a predicate.

    Attributes:
        name: Field or column.
        operator: One of ``SIGNS``, ``null`` or ``not_null``.
        value: The constant; None for the tests of null.
    """

    name: str
    operator: str
    value: Any = None


class UnprovenError(ValueError):
    """The predicate is no conjunction of comparisons with constants."""


def changing(where: Any) -> list[str]:
    """Return the words of a text that name a clock, the session or chance.

    They only select the message: anything but comparisons with constants is refused.
    """
    if not isinstance(where, str):
        return []
    words = (match["word"] for match in _TOKEN.finditer(where) if match["word"])
    return list(dict.fromkeys(word.lower() for word in words if word.lower() in _OF_TIME))


def latest(where: str) -> tuple[str, str] | None:
    """Return column and window of a predicate that selects the latest rows."""
    match = _LATEST.match(where)
    return (match[1], match[2]) if match else None


def conditions(where: Any) -> list[IndexCondition]:
    """Return the comparisons of a ``where``.

    Args:
        where: Field → constant, None for null, or a mapping of one of ``SIGNS``; or the same as
            SQL text.

    Raises:
        UnprovenError: It is anything else.
    """
    if where is None:
        return []
    if isinstance(where, str):
        return _Text(where).conditions()
    pairs = where.items() if isinstance(where, Mapping) else where
    return [condition for name, value in pairs for condition in _of_field(name, value)]


def _of_field(name: str, value: Any) -> Iterator[IndexCondition]:
    if value is None:
        yield IndexCondition(name, "null")
    elif isinstance(value, Mapping):
        for operator, constant in value.items():
            yield _of_operator(name, operator, constant)
    elif isinstance(value, list | tuple | set | frozenset):
        raise UnprovenError(f"{name} is compared with several values")
    else:
        yield IndexCondition(name, "eq", value)


def _of_operator(name: str, operator: str, value: Any) -> IndexCondition:
    if operator == "is_null" and isinstance(value, bool):
        return IndexCondition(name, "null" if value else "not_null")
    if operator in SIGNS and value is not None and not isinstance(value, list | tuple | Mapping):
        return IndexCondition(name, operator, value)
    raise UnprovenError(f"{operator!r} of {name} is not a supported comparison")


class _Text:
    """Parser of the SQL text of a predicate."""

    def __init__(self, text: str) -> None:
        bare = _KEY_IN_PARENTHESES.sub(r"\1", text)
        matches = _TOKEN.finditer(bare)
        self._tokens = [(match.lastgroup or "", match[0].strip()) for match in matches]
        self._position = 0

    def conditions(self) -> list[IndexCondition]:
        parsed = self._all()
        if self._position < len(self._tokens):
            raise UnprovenError(f"expected AND or the end, got {self._next()!r}")
        return parsed

    def _all(self) -> list[IndexCondition]:
        parsed = self._term()
        while self._accept("and"):
            parsed += self._term()
        return parsed

    def _term(self) -> list[IndexCondition]:
        if self._accept("("):
            parsed = self._all()
            if not self._accept(")"):
                raise UnprovenError("only comparisons joined by AND are supported")
            return parsed
        if self._accept("not"):
            return [IndexCondition(self._name(), "eq", value=False)]
        return [self._comparison(self._name())]

    def _comparison(self, name: str) -> IndexCondition:
        if self._accept("is"):
            return self._test(name)
        kind, token = self._peek()
        if kind != "sign" or token not in _OPERATORS:
            return IndexCondition(name, "eq", value=True)
        self._position += 1
        return IndexCondition(name, _OPERATORS[token], self._constant())

    def _test(self, name: str) -> IndexCondition:
        negated = self._accept("not")
        for word, value in (("true", True), ("false", False)):
            if not negated and self._accept(word):
                return IndexCondition(name, "eq", value)
        if self._accept("null"):
            return IndexCondition(name, "not_null" if negated else "null")
        raise UnprovenError(f"IS {self._next()!r} of {name} is not supported")

    def _name(self) -> str:
        kind, token = self._peek()
        if kind not in ("word", "quoted"):
            raise UnprovenError(f"{self._next()!r} is no column")
        self._position += 1
        if not self._accept("->>"):
            return token.strip('"') if kind == "quoted" else token.lower()
        return str(self._constant())

    def _constant(self) -> Any:
        kind, token = self._peek()
        self._position += 1
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return Decimal(token) if "." in token else int(token)
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        raise UnprovenError(f"{token!r} is no constant")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("", "")

    def _next(self) -> str:
        return self._peek()[1]

    def _accept(self, word: str) -> bool:
        if self._peek()[1].lower() == word:
            self._position += 1
            return True
        return False
