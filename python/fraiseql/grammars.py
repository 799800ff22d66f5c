"""Grammars of texts for instants, dates, times and UUIDs.

Python and PostgreSQL use the same patterns. PostgreSQL casts a matching text without an error under
any settings of the session, so that a stored text can be tested before it is cast.
"""

from typing import Final

_MONTH_DAY: Final = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_FOURTHS: Final = "(?:[02468][048]|[13579][26])"
_LEAP: Final = f"[0-9]*(?:0[48]|[2468][048]|[13579][26]|{_FOURTHS}00)"
# The year 1 BC is the year 0: leap years before Christ are 1, 5, 9 …, but not 101, 201, 301.
_LEAP_BC: Final = f"[0-9]*(?:0[59]|[2468][159]|[13579][37]|{_FOURTHS}01)"
_YEAR: Final = "(?:[0-9]{4}|[1-9][0-9]{4}|1[0-9]{5}|2[0-8][0-9]{4}|29[0-3][0-9]{3})"
_YEAR_BC: Final = "(?:[0-3][0-9]{3}|4[0-6][0-9]{2}|470[0-9]|471[0-2])"
_CLOCK: Final = (
    "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:[.][0-9]{1,20})?)?"
    "|24:00(?::00(?:[.]0{1,20})?)?)"
)
_OFFSET: Final = "(?:[Zz]|[+-](?:0?[0-9]|1[0-5])(?::[0-5][0-9](?::[0-5][0-9])?|[0-5][0-9])?)"


def _dated(rest: str, year: str, year_bc: str) -> str:
    """Return the pattern of a date followed by ``rest``, in every era."""
    # The lookahead excludes the year 0.
    return (
        f"(?!0000)(?:(?:{year}-{_MONTH_DAY}|(?={year}-){_LEAP}-02-29){rest}"
        f"|(?:{year_bc}-{_MONTH_DAY}|(?={year_bc}-){_LEAP_BC}-02-29){rest} BC)"
    )


_REST: Final = f"(?:[Tt ]{_CLOCK}{_OFFSET}?)?"

DATE: Final = f"(?:-?infinity|{_dated('', _YEAR, _YEAR_BC)})"
"""A date in ISO 8601, or as PostgreSQL writes it outside the years 1 to 9999."""

INSTANT: Final = f"(?:-?infinity|{_dated(_REST, _YEAR, _YEAR_BC)})"
"""An instant in ISO 8601; seconds and offset are optional."""

_ANY_YEAR: Final = "(?:[0-9]{4}|[1-9][0-9]{4,6})"
ANY_DATE: Final = f"(?:-?infinity|{_dated('', _ANY_YEAR, '[0-9]{4}')})"
"""A date that may be out of PostgreSQL's range."""

ANY_INSTANT: Final = f"(?:-?infinity|{_dated(_REST, _ANY_YEAR, '[0-9]{4}')})"
"""An instant that may be out of PostgreSQL's range."""

TIME: Final = f"{_CLOCK}{_OFFSET}?"
"""A time of day; 24:00:00 is the end of the day."""

UUID: Final = (
    "(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}"
    "|[{](?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32})[}])"
)
"""A UUID with or without hyphens and braces, in either case."""

# Common forms, which PostgreSQL tests in a fraction of the time of the whole grammar.
_DAY: Final = "[12][0-9][0-9][0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
COMMON_DATE: Final = _DAY
"""Common dates that are cast without an error."""

COMMON_INSTANT: Final = (
    f"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{{1,6}})?(?:Z|[+]00:00)"
)
"""Common instants that are cast without an error."""
