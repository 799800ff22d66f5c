"""Unique keys of ``find_one``, and hints of generated arguments."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from fraiseql.errors import DeclarationError
from fraiseql.schema.options import names_of

T = TypeVar("T")

Key = tuple[str, ...]
"""Python names of the fields of a unique key."""


class ByKey(dict[str, Any], Generic[T]):
    """The hint of the argument that names one row by a unique key."""


class GroupBy(dict[str, Any], Generic[T]):
    """The hint of the fields that rows are grouped by."""


class Having(dict[str, Any], Generic[T]):
    """The hint of a filter of groups."""


class GroupOrder(dict[str, Any], Generic[T]):
    """The hint of an order of groups."""


def read_keys(
    label: str, keys: Sequence[str | Sequence[str]], by: str | Sequence[str] | None
) -> tuple[Key, ...]:
    """Read the option ``keys``, which goes without ``by``.

    Raises:
        DeclarationError: It is one text, has an empty key, or ``by`` names fields too.
    """
    if isinstance(keys, str) or (keys and (by is None or by)):
        raise DeclarationError(
            f"{label} has keys={keys!r}{'' if isinstance(keys, str) else ', and by too'}.",
            hint='Write keys=["id", ("country", "number")], without by.',
        )
    unique = tuple(dict.fromkeys(names_of("keys", key) for key in keys))
    if () in unique:
        raise DeclarationError(f"{label} has an empty key.", hint="Name the fields of each key.")
    return unique
