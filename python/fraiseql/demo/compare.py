"""First difference between two JSON values."""

from decimal import Decimal
from typing import Any, Final

_SHOWN: Final = 80


def difference(got: Any, expected: Any, path: str = "data") -> str | None:
    """Return None when the values are equal as JSON, else one sentence with the first difference.

    The order of an object's keys does not count, that of a list does; 1 and 1.0 are one number,
    true and 1 are not.
    """
    if isinstance(got, dict) and isinstance(expected, dict):
        return _of_objects(got, expected, path)
    if isinstance(got, list) and isinstance(expected, list):
        return _of_lists(got, expected, path)
    if _kind(got) == _kind(expected) and got == expected:
        return None
    return f"{path} is {_short(got)}, plain SQL says {_short(expected)}"


def _of_objects(got: dict[str, Any], expected: dict[str, Any], path: str) -> str | None:
    if got.keys() != expected.keys():
        return f"{path} has the keys {sorted(got)}, plain SQL has {sorted(expected)}"
    differences = (difference(got[key], expected[key], f"{path}.{key}") for key in expected)
    return next((text for text in differences if text), None)


def _of_lists(got: list[Any], expected: list[Any], path: str) -> str | None:
    if len(got) != len(expected):
        return f"{path} has {len(got)} items, plain SQL has {len(expected)}"
    pairs = enumerate(zip(got, expected, strict=True))
    differences = (difference(item, other, f"{path}[{index}]") for index, (item, other) in pairs)
    return next((text for text in differences if text), None)


def _kind(value: Any) -> type:
    numeric = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return Decimal if numeric else type(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
