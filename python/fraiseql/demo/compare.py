"""Compare: two JSON values are the same, or where they first differ."""

from decimal import Decimal
from typing import Any, Final

_SHOWN: Final = 80


def difference(got: Any, wanted: Any, path: str = "data") -> str | None:
    """Return None when the values are equal as JSON, else one sentence with the first difference.

    The order of an object's keys does not count, that of a list does; 1 and 1.0 are one number,
    true and 1 are not.
    """
    if isinstance(got, dict) and isinstance(wanted, dict):
        return _of_objects(got, wanted, path)
    if isinstance(got, list) and isinstance(wanted, list):
        return _of_lists(got, wanted, path)
    if _kind(got) == _kind(wanted) and got == wanted:
        return None
    return f"{path} is {_short(got)}, plain SQL says {_short(wanted)}"


def _of_objects(got: dict[str, Any], wanted: dict[str, Any], path: str) -> str | None:
    if got.keys() != wanted.keys():
        return f"{path} has the keys {sorted(got)}, plain SQL has {sorted(wanted)}"
    found = (difference(got[key], wanted[key], f"{path}.{key}") for key in wanted)
    return next((text for text in found if text), None)


def _of_lists(got: list[Any], wanted: list[Any], path: str) -> str | None:
    if len(got) != len(wanted):
        return f"{path} has {len(got)} items, plain SQL has {len(wanted)}"
    pairs = enumerate(zip(got, wanted, strict=True))
    found = (difference(one, other, f"{path}[{index}]") for index, (one, other) in pairs)
    return next((text for text in found if text), None)


def _kind(value: Any) -> type:
    numeric = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return Decimal if numeric else type(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
