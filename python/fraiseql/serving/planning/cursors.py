"""Cursors: texts that name a place in an order."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

import orjson

from fraiseql.errors import FraiseQLError, InputError, sqlstate_of
from fraiseql.field_access import as_json
from fraiseql.schema.orders import Nulls
from fraiseql.serving.planning.reads import OrderTerm

VERSION: Final = 1

_TEXT: Final = re.compile(r"[A-Za-z0-9_-]+")

CODE: Final = "BAD_CURSOR"

_UNCHANGED: Final = "Send the text of cursor, startCursor or endCursor unchanged."

_UNREADABLE: Final = frozenset({"22003", "22007", "22008", "22021", "22P02", "22P05"})
"""SQLSTATEs of texts that are no value of a type."""


def is_nullable(term: OrderTerm) -> bool:
    """Whether a value may be null: an unusable value of a document is, or that of no row."""
    missing = bool(term.path) and not term.counted
    return missing or as_json(term.access) or term.access.column.nullable


def reversed_order(terms: Sequence[OrderTerm]) -> tuple[OrderTerm, ...]:
    """Return the order from the other end."""
    flipped: dict[Nulls, Nulls] = {"first": "last", "last": "first", "": ""}
    return tuple(
        replace(term, descending=not term.descending, nulls=flipped[term.nulls]) for term in terms
    )


def order_digest(terms: Sequence[OrderTerm]) -> str:
    """Return eight digits that differ for orders whose cursors differ."""
    parts = [
        [
            term.name,
            term.access.column.name,
            term.access.column.base_type,
            term.access.type_name,
            term.descending,
            term.nulls,
        ]
        for term in terms
    ]
    return sha256(orjson.dumps(parts)).hexdigest()[:8]


def blamed(error: FraiseQLError) -> FraiseQLError:
    """Return the error of a statement with a cursor: of the cursor, if a value is unreadable."""
    if sqlstate_of(error) not in _UNREADABLE:
        return error
    unreadable = InputError(
        "A cursor, or another value, is not of the type of its column.", hint=_UNCHANGED, code=CODE
    )
    unreadable.__cause__, unreadable.relation = error.__cause__, error.relation
    return unreadable


class CursorReader:
    """Reads cursors of one order.

    Args:
        terms: The order.
        name: Name of the argument, for messages.

    Attributes:
        digest: Digest of the order.
        nullable: For each term, whether its value may be null.
    """

    __slots__ = ("_last", "_name", "digest", "nullable")

    def __init__(self, terms: Sequence[OrderTerm], name: str) -> None:
        self.digest = order_digest(terms)
        self.nullable = [is_nullable(term) for term in terms]
        self._name = name
        self._last: tuple[str, list[str | None]] | None = None

    def value(self, text: object, place: int) -> str | None:
        """Return the value of the term at ``place`` as text, or None for null.

        Raises:
            InputError: The text is no cursor of this order.
        """
        if self._last is None or self._last[0] != text:
            if not isinstance(text, str):
                raise self._invalid()
            self._last = (text, self._read(text))
        return self._last[1][place]

    def _read(self, text: str) -> list[str | None]:
        if not _TEXT.fullmatch(text):
            raise self._invalid()
        try:
            parts = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (Error, ValueError):
            raise self._invalid() from None
        if not isinstance(parts, list) or len(parts) != 3 or parts[0] != VERSION:  # noqa: PLR2004
            raise self._invalid()
        _, digest, values = parts
        if digest != self.digest:
            raise InputError(
                f"{self._name} is a cursor of another order.",
                hint="Send cursors back with the orderBy that they were answered with.",
                code=CODE,
            )
        if not isinstance(values, list) or len(values) != len(self.nullable):
            raise self._invalid()
        for value, nullable in zip(values, self.nullable, strict=True):
            usable = nullable if value is None else isinstance(value, str) and "\0" not in value
            if not usable:
                raise self._invalid()
        return values

    def _invalid(self) -> InputError:
        return InputError(
            f"{self._name} is no cursor.",
            hint=_UNCHANGED,
            code=CODE,
        )
