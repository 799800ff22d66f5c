"""Mapping of errors of the driver and the server to our errors."""

from typing import Final

import asyncpg

from fraiseql.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    FraiseQLError,
    InputError,
    SourceError,
    StatementTimeout,
)

RAISED: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # includes TimeoutError
)
"""Exceptions of the driver."""

_Meaning = tuple[type[FraiseQLError], str, str]

_UNREACHABLE: Final = (
    DatabaseUnavailable,
    "The database cannot be reached.",
    "Check that the server runs and the address is right; an application tries again by itself.",
)
_LOST: Final = (
    DatabaseUnavailable,
    "The connection to the database was lost.",
    "The server restarts, or closed the connection; the next request connects again.",
)
_REFUSED: Final = (
    ConfigurationError,
    "The database refused the user name, the password or the address of this machine.",
    "Check the database URL and the server's pg_hba.conf; the server's log says which it was.",
)
_SOURCE_GONE: Final = "Compare the declared types with the database: was it renamed or dropped?"
_RETRY: Final = "Run the transaction again."
_VALUE: Final = "Check the values."

BY_SQLSTATE: Final[dict[str, _Meaning]] = {
    # Connections.
    "08": _LOST,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": (
        DatabaseUnavailable,
        "The database is starting up or shutting down.",
        "Try again in a moment.",
    ),
    "57P04": _LOST,
    "57P05": _LOST,
    "53": (
        DatabaseUnavailable,
        "The database has run out of a resource.",
        "The server's log says which: memory, disk, or a configured limit.",
    ),
    "53300": (
        DatabaseUnavailable,
        "The database accepts no more connections.",
        "Lower pool_size or the number of processes, or raise max_connections on the server.",
    ),
    "28": _REFUSED,
    "3D000": (
        ConfigurationError,
        "The database of the URL does not exist on the server.",
        "Create it with createdb, or correct the name at the end of the database URL.",
    ),
    "42704": (
        SourceError,
        "A type, role, setting or other object does not exist.",
        _SOURCE_GONE,
    ),
    # Time.
    "57014": (
        StatementTimeout,
        "The statement took longer than statement_timeout allows.",
        "Ask for less, add an index, or raise statement_timeout.",
    ),
    "25P04": (
        StatementTimeout,
        "The transaction took longer than transaction_timeout allows.",
        "Do less in one transaction, or raise transaction_timeout on the server.",
    ),
    "25P03": (
        DatabaseUnavailable,
        "The server ended a transaction that waited too long for its next statement.",
        "Do not wait for other services inside a transaction.",
    ),
    # Values.
    "22": (InputError, "The database cannot use a value.", _VALUE),
    "22001": (InputError, "A text is too long for its column.", _VALUE),
    "22003": (InputError, "A number is out of the range of its type.", _VALUE),
    "22007": (InputError, "A date or time has the wrong format.", _VALUE),
    "22008": (InputError, "A date or time is out of the range of its type.", _VALUE),
    "22012": (InputError, "A division by zero.", _VALUE),
    "22021": (InputError, "A text holds a character that PostgreSQL cannot store.", _VALUE),
    "2201B": (InputError, "A regular expression cannot be read.", _VALUE),
    "22023": (InputError, "The database cannot use a value of a parameter.", _VALUE),
    "2201W": (InputError, "A limit must not be negative.", _VALUE),
    "2201X": (InputError, "An offset must not be negative.", _VALUE),
    "22P02": (InputError, "A value has the wrong format for its type.", _VALUE),
    "22P05": (InputError, "A text holds a character that the database cannot store.", _VALUE),
    # Relations and columns.
    "42": (
        DatabaseError,
        "The database cannot understand a statement.",
        "See the cause for the server's message.",
    ),
    "42P01": (SourceError, "A relation does not exist.", _SOURCE_GONE),
    "42703": (SourceError, "A column does not exist.", _SOURCE_GONE),
    "42883": (SourceError, "A function or operator does not exist for these types.", _SOURCE_GONE),
    "42804": (SourceError, "A column has another type than the statement expects.", _SOURCE_GONE),
    "3F000": (SourceError, "A schema does not exist.", _SOURCE_GONE),
    "42501": (
        DatabaseError,
        "The database role is not allowed to do this.",
        "Grant it the privilege, or check the row-level security policies.",
    ),
    # Writes and transactions.
    "25006": (
        DatabaseError,
        "A read-only transaction cannot write.",
        "Write inside `async with db.transaction(readonly=False) as transaction:`.",
    ),
    "25P02": (
        DatabaseError,
        "A statement of this transaction has failed; no other can run in it.",
        "Leave the transaction's block when a statement fails.",
    ),
    "23": (
        DatabaseError,
        "A constraint of the database refused the change.",
        "The cause names the constraint.",
    ),
    "23502": (DatabaseError, "A column that must have a value is null.", _VALUE),
    "23503": (DatabaseError, "A row that another row refers to is missing.", _VALUE),
    "23505": (DatabaseError, "A row with the same key exists.", _VALUE),
    "23514": (DatabaseError, "A check constraint refused a value.", _VALUE),
    "40001": (DatabaseError, "The transaction met a concurrent change.", _RETRY),
    "40P01": (DatabaseError, "The transaction was ended to break a deadlock.", _RETRY),
    "55P03": (DatabaseError, "A lock was not available in time.", _RETRY),
    "P0001": (
        DatabaseError,
        "A function of the database raised an error.",
        "See the cause for its message.",
    ),
}
"""SQLSTATE, or its class of two characters → the error, its message and what to do."""

_OTHER: Final = (
    DatabaseError,
    "The database failed to run a statement.",
    "See the cause for the server's message.",
)

_LOSS = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05"})
_STALE = frozenset({"26000"})
_ROLE_REFUSED = frozenset({"22023", "42501", "42704", "42602"})


def is_loss(error: BaseException) -> bool:
    """Return whether the connection is lost, so that a read may be retried on another."""
    if isinstance(error, asyncpg.PostgresError):
        state = _reason(error).sqlstate or ""
        return state in _LOSS or state in _STALE or state.startswith("08")
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error)
    # InternalClientError: the server closed the connection while our statement was sent.
    return isinstance(error, OSError | asyncpg.InternalClientError)


def mapped(error: BaseException) -> FraiseQLError:
    """Return our error for ``error``; raise it with ``from error``.

    The message may be shown to clients: it has no SQL, host, user or value of a row.
    """
    kind, message, hint = _meaning(error)
    return kind(message, hint=hint)


def mapped_setting_identity(error: BaseException) -> FraiseQLError:
    """Return our error for ``error`` from setting a role or session variables."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in _ROLE_REFUSED:
        return DatabaseError(
            "The role or a session variable of the request cannot be set.",
            hint="Create the role and GRANT it to the user of the database URL.",
        )
    return mapped(error)


def mapped_connecting(error: BaseException) -> FraiseQLError:
    """Return our error for ``error`` from opening a connection."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in {"42704", "22023"}:
        return ConfigurationError(
            "The server refused a setting of the connection.",
            hint="Check the options after '?' in the URL; unknown ones are sent as settings.",
        )
    if isinstance(error, ValueError):  # includes the driver's ClientConfigurationError
        return ConfigurationError(
            "The driver cannot use the database URL.",
            hint="Check its host, port and options such as sslmode.",
        )
    if isinstance(error, asyncpg.InternalClientError):
        return DatabaseUnavailable(_UNREACHABLE[1], hint=_UNREACHABLE[2])
    return mapped(error)


def _meaning(error: BaseException) -> _Meaning:
    if isinstance(error, asyncpg.PostgresError):
        return _of_server(_reason(error))
    if isinstance(error, OSError):
        return _UNREACHABLE
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        return BY_SQLSTATE["22"]  # an argument that the driver cannot encode
    if is_loss(error):
        return _LOST
    if isinstance(error, asyncpg.InterfaceError):
        return DatabaseError, "The driver refused the use of a statement.", str(error)
    return _OTHER


def _reason(error: asyncpg.PostgresError) -> asyncpg.PostgresError:
    """Return the server's reason for closing the connection, else the error itself."""
    cause = error.__cause__
    lost = isinstance(error, asyncpg.PostgresConnectionError)
    return cause if lost and isinstance(cause, asyncpg.PostgresError) else error


def _of_server(error: asyncpg.PostgresError) -> _Meaning:
    state = error.sqlstate or ""
    if state == "57014" and "user request" in str(error):
        return (
            DatabaseError,
            "The statement was cancelled on the server.",
            "An administrator cancelled it, or a tool did.",
        )
    return BY_SQLSTATE.get(state) or BY_SQLSTATE.get(state[:2]) or _OTHER
