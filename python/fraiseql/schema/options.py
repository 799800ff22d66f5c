"""Options of declarations that several of them share."""

from collections.abc import Iterable
from typing import Any, Final

from fraiseql.errors import DeclarationError

_OF_A_CACHE: Final = ("ttl", "stale", "vary", "tags", "store")


def names_of(option: str, value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Read an option that takes one name or several.

    Args:
        option: What it is called, for the error.
        value: A name, names, or None for none.

    Raises:
        DeclarationError: Something else was given.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        found: tuple[Any, ...] = () if value is None else (value,)
    else:
        found = tuple(value)
    for name in found:
        if not isinstance(name, str) or not name.strip("-"):
            raise DeclarationError(
                f"{option} holds {name!r}, which is not a name.",
                hint=f'Write {option}="name" or {option}=["first", "second"].',
            )
    return found


def listed(option: str, values: object) -> tuple[object, ...]:
    """Read an option that takes a list.

    Raises:
        DeclarationError: A text was given, or one thing by itself.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise DeclarationError(
            f"{option}={values!r} is no list.", hint=f"Write {option}=[…], with one or several."
        )
    return tuple(values)


def checked_cache(label: str, value: object) -> Any:
    """Return what ``cache=`` was given: None, or anything with the options of a ``Cache``.

    Args:
        label: What it is given for, for the error.
        value: What was given.

    Raises:
        DeclarationError: Something else was given, or the class itself.
    """
    fits = not isinstance(value, type) and all(hasattr(value, name) for name in _OF_A_CACHE)
    if value is None or fits:
        return value
    raise DeclarationError(
        f"{label} has cache={value!r}, which is no Cache.",
        hint='Write cache=fraiseql.Cache(), or cache=fraiseql.Cache(ttl="5m").',
    )
