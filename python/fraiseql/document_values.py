"""SQL of JSON values in the types that they are compared in.

A value that its field could not serve counts as null: every cast is guarded, so that no row can
fail a statement. A guard tests the common form of a value first, because it runs for every row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.grammars import COMMON_DATE, COMMON_INSTANT, DATE, INSTANT, TIME, UUID
from fraiseql.sql_names import fn, op, ty

_INTEGER: Final = "'^-?(?:0|[1-9][0-9]*)$'"
_DIGITS: Final = "'^[0-9]{1,9}$'"
_NUMBER: Final = "'^-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][-+]?[0-9]{1,4})?$'"
_LONGEST: Final = 10_000
"""Maximum characters of a number in a text, far below the limit of ``numeric``."""

_GREATEST: Final = "1.7976931348623157e308"
_LEAST: Final = "2.5e-324"

_EQ: Final = op("=")
_MATCHES: Final = op("~")
_NUMERIC: Final = ty("numeric")
_FLOAT8: Final = ty("float8")
_BOOL: Final = ty("bool")
_LENGTH: Final = fn("length")
_TRUNC: Final = fn("trunc")
_STRPOS: Final = fn("strpos")


def _literal(text: str) -> str:
    """Return an SQL literal that does not depend on standard_conforming_strings."""
    return "E'" + text.replace("\\", "\\\\") + "'"


# Escapes that PostgreSQL's text cannot contain: NUL, and halves of surrogate pairs.
_BAD_ESCAPES: Final = _literal(
    r"\\u0000"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_MARK: Final = r"\u001a\u001a\u001a"
"""Replaces such an escape, so that the rest of the document can be read."""

_MARK_READ: Final = r"E'\x1a\x1a\x1a'"


@dataclass(frozen=True, slots=True)
class JsonValue:
    """One JSON value of a row, in SQL.

    Attributes:
        value: The value, as ``json`` or ``jsonb``.
        text: Its text, unquoted.
        base: ``json`` or ``jsonb``.
        checks: Whether the server has ``pg_input_is_valid``: PostgreSQL 16 and newer.
    """

    value: str
    text: str
    base: str
    checks: bool = False

    @property
    def kind(self) -> str:
        """The JSON type of the value."""
        return f"{fn(f'{self.base}_typeof')}({self.value})"

    def is_a(self, kind: str) -> str:
        """Return the condition that the value is of a JSON type."""
        return f"{self.kind} {_EQ} '{kind}'"


def readable(column: str, base: str) -> str:
    r"""Return a document column without the escapes that would fail every read of a key.

    ``json`` keeps its text: a ``\u0000`` anywhere fails every ``->>``. ``jsonb`` has none.
    """
    if base == "jsonb":
        return column
    text = f"{column}::{ty('text')}"
    # With backslashes written as \u005c, every other backslash starts an escape.
    plain = f"{fn('replace')}({text}, {_literal(_BACKSLASHES)}, {_literal(_BY_NUMBER)})"
    # Backslashes of the replacement are doubled: a single one refers to a group.
    mark = _literal(_MARK.replace("\\", "\\\\"))
    return (
        f"(CASE WHEN {_STRPOS}({text}, {_literal(_ESCAPE)}) {_EQ} 0"
        f" OR {plain} {op('!~')} {_BAD_ESCAPES} THEN {column}"
        f" ELSE {fn('regexp_replace')}({plain}, {_BAD_ESCAPES}, {mark}, 'g')::{ty('json')} END)"
    )


_BACKSLASHES: Final = "\\\\"
_BY_NUMBER: Final = r"\u005c"
_ESCAPE: Final = r"\u"


def typed(value: JsonValue, form: str, scalar: str, labels: Sequence[str] = ()) -> str:
    """Return the SQL of a value in the type that it is compared in; null when it is not served.

    Args:
        value: The JSON value.
        form: Form of the leaf, as in shapes, or ``enum``.
        scalar: GraphQL type of the leaf: instants, dates, times and UUIDs have their own types.
        labels: SQL literals of the values of an enum.
    """
    if scalar in _MOMENTS:
        return _moment(value, scalar)
    if scalar == "UUID":
        return _uuid(value)
    if form == "enum":
        among = f"{value.text} {_EQ} ANY (ARRAY[{', '.join(labels)}]::{ty('text')}[])"
        return f"(CASE WHEN {among} THEN {value.text} END)"
    return _FORMS.get(form, _string)(value)


def _valid(value: JsonValue, text: str) -> str:
    """Return a text, or null when it contains the replacement of a bad escape."""
    if value.base == "jsonb":
        return text
    return f"CASE WHEN {_STRPOS}({value.text}, {_MARK_READ}) {_EQ} 0 THEN {text} END"


def _text(value: JsonValue) -> str:
    composite = f"{value.kind} {_EQ} ANY ('{{object,array}}'::{ty('text')}[])"
    text = _valid(value, value.text)
    return (
        f"(CASE WHEN {value.is_a('string')} THEN {text} WHEN {composite} THEN NULL ELSE {text} END)"
    )


def _string(value: JsonValue) -> str:
    return f"(CASE WHEN {value.is_a('string')} THEN {_valid(value, value.text)} END)"


def _id(value: JsonValue) -> str:
    whole = f"{_TRUNC}({value.text}::{_NUMERIC})::{ty('text')}"
    number = _bounded(value.text, whole, whole=True)
    return (
        f"(CASE WHEN {value.is_a('string')} THEN {_valid(value, value.text)}"
        f" WHEN {value.is_a('number')}"
        f" THEN CASE WHEN {value.text} {_MATCHES} {_INTEGER} THEN {value.text}"
        f" ELSE {number} END END)"
    )


def _bounded(text: str, outcome: str, *, whole: bool = False) -> str:
    """Return ``outcome`` when a text is a number that can be cast, else null."""
    fraction = f" AND ({text}::{_NUMERIC} {op('%')} 1) {_EQ} 0" if whole else ""
    return (
        f"CASE WHEN {_LENGTH}({text}) {op('<=')} {_LONGEST} AND {text} {_MATCHES} {_NUMBER}"
        f" THEN CASE WHEN true{fraction} THEN {outcome} END END"
    )


def _int(value: JsonValue) -> str:
    text = value.text
    number = f"{text}::{_NUMERIC}"
    inside = _between(number, "-2147483648", "2147483647")
    slow = _bounded(text, f"CASE WHEN {inside} THEN {_TRUNC}({number}) END", whole=True)
    written = (
        f"CASE WHEN {_LENGTH}({text}) {op('<=')} {_LONGEST} AND {text} {_MATCHES} {_INTEGER}"
        f" THEN CASE WHEN {inside} THEN {number} END END"
    )
    return (
        f"(CASE WHEN {value.is_a('number')}"
        f" THEN CASE WHEN {text} {_MATCHES} {_DIGITS} THEN {number} ELSE {slow} END"
        f" WHEN {value.is_a('string')} THEN {written}"
        f" WHEN {value.is_a('boolean')}"
        f" THEN CASE WHEN {text} {_EQ} 'true' THEN 1::{_NUMERIC} ELSE 0 END END)"
    )


def _between(number: str, least: str, greatest: str) -> str:
    return f"({number} {op('>=')} {least} AND {number} {op('<=')} {greatest})"


def as_double(number: str) -> str:
    """Return the branches of a CASE that casts a number to the nearest double."""
    size = f"{fn('abs')}({number})"
    return (
        f"WHEN {_between(size, _LEAST, _GREATEST)} THEN ({number})::{_FLOAT8}"
        f" WHEN {size} {op('<')} {_LEAST} THEN 0"
    )


def _float(value: JsonValue) -> str:
    text = value.text
    slow = _bounded(text, f"CASE {as_double(f'{text}::{_NUMERIC}')} END")
    # Short digits without an exponent are in the range of a double.
    common = f"{_LENGTH}({text}) {op('<')} 300" + (
        "" if value.base == "jsonb" else f" AND {text} {_MATCHES} '^[-0-9.]+$'"
    )
    return (
        f"(CASE WHEN {value.is_a('number')}"
        f" THEN CASE WHEN {common} THEN {text}::{_FLOAT8} ELSE {slow} END"
        f" WHEN {value.is_a('string')} THEN {slow}"
        f" WHEN {value.is_a('boolean')}"
        f" THEN CASE WHEN {text} {_EQ} 'true' THEN 1::{_FLOAT8} ELSE 0 END END)"
    )


def _number(value: JsonValue) -> str:
    text = value.text
    bounded = _bounded(text, f"{text}::{_NUMERIC}")
    number = f"{text}::{_NUMERIC}" if value.base == "jsonb" else bounded
    return (
        f"(CASE WHEN {value.is_a('number')} THEN {number}"
        f" WHEN {value.is_a('string')} THEN {bounded} END)"
    )


def _integer(value: JsonValue) -> str:
    # Digits alone are the text of a number or a string.
    text = value.text
    return (
        f"(CASE WHEN {text} {_MATCHES} {_INTEGER} AND {_LENGTH}({text}) {op('<=')} {_LONGEST}"
        f" THEN {text}::{_NUMERIC} END)"
    )


def _boolean(value: JsonValue) -> str:
    # A number is true unless its digits are all zero: no cast, so no number is too large.
    return (
        f"(CASE WHEN {value.is_a('boolean')} THEN {value.text}::{_BOOL}"
        f" WHEN {value.is_a('number')} THEN {value.text} {_MATCHES} '^[^eE]*[1-9]' END)"
    )


def _truth(value: JsonValue) -> str:
    return f"(CASE WHEN {value.is_a('boolean')} THEN {value.text}::{_BOOL} END)"


def _uuid(value: JsonValue) -> str:
    text, digits = value.text, "[0-9A-Fa-f]+"
    common = "-".join(["_" * size for size in (8, 4, 4, 4, 12)])
    cast = f"{text}::{ty('uuid')}"
    return (
        f"(CASE WHEN {text} {op('~~')} '{common}'"
        f" AND {text} {_MATCHES} '^{'-'.join([digits] * 5)}$' THEN {cast}"
        f" WHEN {text} {_MATCHES} '^{UUID}$' THEN {cast} END)"
    )


@dataclass(frozen=True, slots=True)
class _Moment:
    """How a text is parsed as a date, a time or an instant.

    Attributes:
        type: PostgreSQL's type.
        grammar: Pattern of all texts that are cast.
        common: Pattern of some of them, which is faster.
        shape: LIKE pattern, and characters, of texts that the server checks itself.
    """

    type: str
    grammar: str
    common: str = ""
    shape: tuple[str, str] | None = None


_MOMENTS: Final = {
    "DateTime": _Moment(
        "timestamptz",
        INSTANT,
        COMMON_INSTANT,
        ("____-__-__T__:__:__%", "[-0-9T:.+Z]+"),
    ),
    "Date": _Moment("date", DATE, COMMON_DATE, ("____-__-__", "[-0-9]+")),
    "Time": _Moment("time", TIME),
}


def _moment(value: JsonValue, scalar: str) -> str:
    text, moment = value.text, _MOMENTS[scalar]
    cast = f"{text}::{ty(moment.type)}"
    parts = [f"{text} {_MATCHES} '^{moment.grammar}$'"]
    if value.checks and moment.shape is not None:
        like, characters = moment.shape
        valid = f"{fn('pg_input_is_valid')}({text}, '{ty(moment.type)}')"
        common = f"{text} {op('~~')} '{like}' AND {text} {_MATCHES} '^{characters}$'"
        parts.insert(0, f"{common} AND {valid}")
    elif moment.common:
        parts.insert(0, f"{text} {_MATCHES} '^{moment.common}$'")
    return f"(CASE {' '.join([f'WHEN {part} THEN {cast}' for part in parts])} END)"


_FORMS: Final = {
    "Int": _int,
    "Float": _float,
    "String": _text,
    "Boolean": _boolean,
    "ID": _id,
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _truth,
}
