"""Messages of PostgreSQL's protocol for reads in a pipeline."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from fraiseql.database.identity import Identity

ROW, COMPLETE, ERROR, READY = b"DCEZ"
"""Types of the server's messages. Others, such as notices, may come at any time."""

HEADER: Final = 5
"""Bytes of a message before its content: its type and length."""

SYNC: Final = b"S\0\0\0\x04"
"""Ends a transaction; after an error the server skips all messages before it."""

_EXECUTE: Final = b"E\0\0\0\x09\0\0\0\0\0"
_TO_BINARY: Final = b"\0\1\0\1"
_TO_TEXT: Final = b"\0\0"

_ARRAY_HEADER: Final = 20
"""Bytes before the elements of an array: dimensions, flag for nulls, type, length, lower bound."""

_FIRST_VALUE: Final = HEADER + 2
"""Offset of the first value of a DataRow, after the number of values."""

_NULL: Final = b"\xff\xff\xff\xff"

BOUND: Final = b"2\0\0\0\x04"
"""Begin of the answer to ``run_binary``."""

NO_ROW: Final = BOUND + b"C\0\0\0\x0dSELECT 0\0Z\0\0\0\x05I"
"""Answer to ``run_binary`` and ``SYNC``, outside of a transaction block, if there is no row."""

AFTER_ROW: Final = b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"
"""Its end after the only row."""

_ENCODERS: Final[dict[type, Callable[[Any], bytes]]] = {
    int: lambda value: b"%d" % value,
    str: str.encode,
    UUID: lambda value: str(value).encode(),
}
"""The text forms of the usual types of keys. Others need the encoding of the driver."""


def parse(name: bytes, sql: str) -> bytes:
    """Return the message that prepares a statement."""
    return _message(b"P", name + b"\0" + sql.encode() + b"\0\0\0")


def close(name: bytes) -> bytes:
    """Return the message that ends a prepared statement, if it exists."""
    return _message(b"C", b"S" + name + b"\0")


def run(name: bytes, args: Sequence[Any]) -> bytes | None:
    """Return the messages that run a prepared statement.

    Returns None if a value has no simple text form.

    Args:
        name: Name of the statement.
        args: Values of its parameters.
    """
    values = []
    for arg in args:
        encode = _ENCODERS.get(type(arg))
        if encode is None:
            return None
        values.append(encode(arg))
    return _bind(name, values, _TO_BINARY) + _EXECUTE


def run_binary(name: bytes, bound: bytes) -> bytes:
    """Return the messages that run a prepared statement.

    Args:
        name: Name of the statement.
        bound: Values of its parameters, see ``bound``.
    """
    return _message(b"B", b"\0" + name + b"\0" + bound) + _EXECUTE


def bound(values: Sequence[bytes | None]) -> bytes:
    """Return the values of parameters for ``run_binary``, whose results are in binary.

    Args:
        values: Their binary forms; None for null.
    """
    parts = [b"\0\1\0\1", len(values).to_bytes(2)]
    for value in values:
        parts += (_NULL,) if value is None else (len(value).to_bytes(4), value)
    parts.append(_TO_BINARY)
    return b"".join(parts)


def identity_sql(identity: Identity) -> str:
    """Return the statement that sets an identity, the same for all values."""
    count = 2 * len(identity.settings)
    calls = [f"pg_catalog.set_config(${n}, ${n + 1}, true)" for n in range(1, count, 2)]
    return f"SELECT {', '.join(calls)}"


def set_identity(name: bytes, identity: Identity) -> bytes:
    """Return the messages that set an identity until the end of the transaction.

    Args:
        name: Name of the prepared ``identity_sql``.
        identity: Role and session variables.
    """
    values = [text.encode() for pair in identity.settings for text in pair]
    return _bind(name, values, _TO_TEXT) + _EXECUTE


def first_value(message: bytes) -> bytes | None:
    """Return the first value of a DataRow."""
    start = _FIRST_VALUE + 4
    return None if message[_FIRST_VALUE:start] == _NULL else message[start:]


def is_row(data: bytes, start: int, end: int) -> bool:
    """Whether bytes from ``start`` to ``end`` are one row, and the others end its answer."""
    return (
        data.endswith(AFTER_ROW)
        and data[start] == ROW
        and int.from_bytes(data[start + 1 : start + HEADER]) == end - start - 1
    )


def values(message: bytes) -> list[bytes | None]:
    """Return the values of a DataRow."""
    position, found = _FIRST_VALUE, list[bytes | None]()
    for _ in range(int.from_bytes(message[HEADER:_FIRST_VALUE])):
        start = position + 4
        length = int.from_bytes(message[position:start], signed=True)
        position = start + max(length, 0)
        found.append(None if length < 0 else message[start:position])
    return found


def texts(array: bytes) -> list[str]:
    """Return the elements of an array of texts without nulls, from its binary form."""
    dimensions = int.from_bytes(array[:4])
    position, found = _ARRAY_HEADER, list[str]()
    for _ in range(int.from_bytes(array[12:16]) if dimensions else 0):
        start = position + 4
        position = start + int.from_bytes(array[position:start])
        found.append(array[start:position].decode())
    return found


def server_error(message: bytes) -> asyncpg.PostgresError:
    """Return the error of an ErrorResponse, as the driver raises it."""
    parts = message[HEADER:].split(b"\0")
    fields = {chr(part[0]): part[1:].decode(errors="replace") for part in parts if part}
    error: asyncpg.PostgresError = asyncpg.PostgresError.new(fields)
    return error


def _bind(name: bytes, values: Sequence[bytes], results: bytes) -> bytes:
    """Return the message that binds texts to the parameters of a statement."""
    parts = [b"\0", name, b"\0\0\0", len(values).to_bytes(2)]
    for value in values:
        parts += len(value).to_bytes(4), value
    parts.append(results)
    return _message(b"B", b"".join(parts))


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (4 + len(body)).to_bytes(4) + body
