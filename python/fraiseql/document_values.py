"""Document values: the SQL of a JSON value, in the type that it is served as.

What a field of that type could not serve counts as null: every cast is guarded, so that no row can
fail a statement. A guard tests the usual form of a value first, because it runs for every row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.grammars import DATE, INSTANT, TIME, USUAL_DATE, USUAL_INSTANT, UUID

_INTEGER: Final = "'^-?(?:0|[1-9][0-9]*)$'"
_DIGITS: Final = "'^[0-9]{1,9}$'"
_NUMBER: Final = "'^-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][-+]?[0-9]{1,4})?$'"
_LONGEST: Final = 10_000
"""Characters up to which a text is read as a number: far below what ``numeric`` can hold."""

_GREATEST: Final = "1.7976931348623157e308"
_LEAST: Final = "2.5e-324"


def _literal(text: str) -> str:
    """Return an SQL literal that means the same whatever standard_conforming_strings is."""
    return "E'" + text.replace("\\", "\\\\") + "'"


# Escapes that no text of PostgreSQL can hold: NUL, and halves of surrogate pairs.
_BAD_ESCAPES: Final = _literal(
    r"\\u0000"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_MARK: Final = r"\u001a\u001a\u001a"
"""Stands for such an escape, so that the rest of the document can be read."""

_MARK_READ: Final = r"E'\x1a\x1a\x1a'"


@dataclass(frozen=True, slots=True)
class JsonValue:
    """One JSON value of a row, in SQL.

    Attributes:
        value: The value, as ``json`` or ``jsonb``.
        text: Its text, unquoted.
        base: ``json`` or ``jsonb``.
        checks: Whether the server can say if a text can be cast: PostgreSQL 16 and newer.
    """

    value: str
    text: str
    base: str
    checks: bool = False

    @property
    def kind(self) -> str:
        """The JSON type of the value."""
        return f"{self.base}_typeof({self.value})"


def readable(column: str, base: str) -> str:
    r"""Return a document column without what makes reading any key of it an error.

    ``json`` holds text as it came: a ``\u0000`` anywhere fails every ``->>``. ``jsonb`` has none.
    """
    if base == "jsonb":
        return column
    text = f"{column}::text"
    # With backslashes written by their number, every backslash left begins an escape.
    plain = f"replace({text}, {_literal(_BACKSLASHES)}, {_literal(_BY_NUMBER)})"
    # The backslashes of what is put in are doubled: a single one refers to a group.
    mark = _literal(_MARK.replace("\\", "\\\\"))
    return (
        f"(CASE WHEN strpos({text}, {_literal(_ESCAPE)}) = 0 OR {plain} !~ {_BAD_ESCAPES}"
        f" THEN {column} ELSE regexp_replace({plain}, {_BAD_ESCAPES}, {mark}, 'g')::json END)"
    )


_BACKSLASHES: Final = "\\\\"
_BY_NUMBER: Final = r"\u005c"
_ESCAPE: Final = r"\u"


def typed(value: JsonValue, form: str, scalar: str, labels: Sequence[str] = ()) -> str:
    """Return the SQL of a value in the type that it is compared in, null where it is not served.

    Args:
        value: The JSON value.
        form: Form of the leaf, as shapes name it, or ``enum``.
        scalar: GraphQL type of the leaf: instants, dates, times and UUIDs have types of their own.
        labels: SQL literals of the values of an enum.
    """
    if scalar in _MOMENTS:
        return _moment(value, scalar)
    if scalar == "UUID":
        return _uuid(value)
    if form == "enum":
        return f"(CASE WHEN {value.text} IN ({', '.join(labels)}) THEN {value.text} END)"
    return _FORMS.get(form, _string)(value)


def _sound(value: JsonValue, text: str) -> str:
    """Return a text, or null where it holds what stands for a character that is none."""
    if value.base == "jsonb":
        return text
    return f"CASE WHEN strpos({value.text}, {_MARK_READ}) = 0 THEN {text} END"


def _text(value: JsonValue) -> str:
    return (
        f"(CASE {value.kind} WHEN 'object' THEN NULL WHEN 'array' THEN NULL"
        f" ELSE {_sound(value, value.text)} END)"
    )


def _string(value: JsonValue) -> str:
    return f"(CASE WHEN {value.kind} = 'string' THEN {_sound(value, value.text)} END)"


def _id(value: JsonValue) -> str:
    number = _bounded(value.text, f"trunc({value.text}::numeric)::text", whole=True)
    return (
        f"(CASE {value.kind} WHEN 'string' THEN {_sound(value, value.text)}"
        f" WHEN 'number' THEN CASE WHEN {value.text} ~ {_INTEGER} THEN {value.text}"
        f" ELSE {number} END END)"
    )


def _bounded(text: str, outcome: str, *, whole: bool = False) -> str:
    """Return ``outcome`` where a text is a number that can be cast, else null."""
    fraction = f" AND {text}::numeric % 1 = 0" if whole else ""
    return (
        f"CASE WHEN length({text}) <= {_LONGEST} AND {text} ~ {_NUMBER}"
        f" THEN CASE WHEN true{fraction} THEN {outcome} END END"
    )


def _int(value: JsonValue) -> str:
    text = value.text
    inside = f"{text}::numeric BETWEEN -2147483648 AND 2147483647"
    slow = _bounded(text, f"CASE WHEN {inside} THEN trunc({text}::numeric) END", whole=True)
    written = (
        f"CASE WHEN length({text}) <= {_LONGEST} AND {text} ~ {_INTEGER}"
        f" THEN CASE WHEN {inside} THEN {text}::numeric END END"
    )
    return (
        f"(CASE {value.kind} WHEN 'number' THEN CASE WHEN {text} ~ {_DIGITS} THEN {text}::numeric"
        f" ELSE {slow} END WHEN 'string' THEN {written}"
        f" WHEN 'boolean' THEN CASE {text} WHEN 'true' THEN 1::numeric ELSE 0 END END)"
    )


def as_double(number: str) -> str:
    """Return the branches of a CASE that casts a number to the nearest double, if there is one."""
    return (
        f"WHEN abs({number}) BETWEEN {_LEAST} AND {_GREATEST} THEN ({number})::float8"
        f" WHEN abs({number}) < {_LEAST} THEN 0"
    )


def _float(value: JsonValue) -> str:
    text = value.text
    slow = _bounded(text, f"CASE {as_double(f'{text}::numeric')} END")
    # Short digits without an exponent are in the range of a double.
    usual = f"length({text}) < 300" + (
        "" if value.base == "jsonb" else f" AND {text} ~ '^[-0-9.]+$'"
    )
    return (
        f"(CASE {value.kind} WHEN 'number' THEN CASE WHEN {usual} THEN {text}::float8"
        f" ELSE {slow} END WHEN 'string' THEN {slow}"
        f" WHEN 'boolean' THEN CASE {text} WHEN 'true' THEN 1::float8 ELSE 0 END END)"
    )


def _number(value: JsonValue) -> str:
    text = value.text
    bounded = _bounded(text, f"{text}::numeric")
    number = f"{text}::numeric" if value.base == "jsonb" else bounded
    return f"(CASE {value.kind} WHEN 'number' THEN {number} WHEN 'string' THEN {bounded} END)"


def _integer(value: JsonValue) -> str:
    # Digits alone are the text of a number or a string, whatever the type of the value is.
    text = value.text
    return (
        f"(CASE WHEN {text} ~ {_INTEGER} AND length({text}) <= {_LONGEST} THEN {text}::numeric END)"
    )


def _boolean(value: JsonValue) -> str:
    # A number is true unless its digits are all zero: no cast, so no number is too large.
    return (
        f"(CASE {value.kind} WHEN 'boolean' THEN {value.text}::bool"
        f" WHEN 'number' THEN {value.text} ~ '^[^eE]*[1-9]' END)"
    )


def _truth(value: JsonValue) -> str:
    return f"(CASE WHEN {value.kind} = 'boolean' THEN {value.text}::bool END)"


def _uuid(value: JsonValue) -> str:
    text, digits = value.text, "[0-9A-Fa-f]+"
    usual = "-".join(["_" * size for size in (8, 4, 4, 4, 12)])
    return (
        f"(CASE WHEN {text} LIKE '{usual}' AND {text} ~ '^{'-'.join([digits] * 5)}$'"
        f" THEN {text}::uuid WHEN {text} ~ '^{UUID}$' THEN {text}::uuid END)"
    )


@dataclass(frozen=True, slots=True)
class _Moment:
    """How a text is read as a date, a time or an instant.

    Attributes:
        type: PostgreSQL's type.
        grammar: All texts that are cast.
        usual: Some of them, tested faster.
        shape: Pattern of LIKE, and characters, of texts that the server checks itself.
    """

    type: str
    grammar: str
    usual: str = ""
    shape: tuple[str, str] | None = None


_MOMENTS: Final = {
    "DateTime": _Moment(
        "timestamptz",
        INSTANT,
        USUAL_INSTANT,
        ("____-__-__T__:__:__%", "[-0-9T:.+Z]+"),
    ),
    "Date": _Moment("date", DATE, USUAL_DATE, ("____-__-__", "[-0-9]+")),
    "Time": _Moment("time", TIME),
}


def _moment(value: JsonValue, scalar: str) -> str:
    text, moment = value.text, _MOMENTS[scalar]
    cast = f"{text}::{moment.type}"
    parts = [f"{text} ~ '^{moment.grammar}$'"]
    if value.checks and moment.shape is not None:
        like, characters = moment.shape
        valid = f"pg_input_is_valid({text}, '{moment.type}')"
        parts.insert(0, f"{text} LIKE '{like}' AND {text} ~ '^{characters}$' AND {valid}")
    elif moment.usual:
        parts.insert(0, f"{text} ~ '^{moment.usual}$'")
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
