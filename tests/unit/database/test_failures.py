"""Mapping of SQLSTATEs and exceptions of the driver."""

import re
import ssl

import asyncpg
import pytest

from fraiseql.database.failures import (
    BY_SQLSTATE,
    is_loss,
    mapped,
    mapped_connecting,
    mapped_setting_identity,
)
from fraiseql.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    FraiseQLError,
    InputError,
    SourceError,
    StatementTimeout,
)

SECRETS = 'SELECT secret FROM "hidden" on host 10.0.0.1 for user app with password s3cr3t'


def from_server(state: str, message: str = SECRETS) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"S": "ERROR", "C": state, "M": message, "D": SECRETS})


EXPECTED = {
    **dict.fromkeys(["08000", "08003", "08006"], DatabaseUnavailable),
    **dict.fromkeys(["57P01", "57P02", "57P03", "57P04", "57P05"], DatabaseUnavailable),
    **dict.fromkeys(["53000", "53100", "53200", "53300", "53400"], DatabaseUnavailable),
    **dict.fromkeys(["28000", "28P01", "3D000"], ConfigurationError),
    **dict.fromkeys(["57014", "25P04"], StatementTimeout),
    **dict.fromkeys(["22000", "22001", "22003", "22007", "22008", "22012"], InputError),
    **dict.fromkeys(["22021", "22023", "2201B", "2201W", "2201X"], InputError),
    **dict.fromkeys(["22P02", "22P05", "22030"], InputError),
    **dict.fromkeys(["42P01", "42703", "42883", "42804", "42704", "3F000"], SourceError),
    **dict.fromkeys(["42501", "42601", "42P18", "25006", "25P02", "25P01"], DatabaseError),
    **dict.fromkeys(["23502", "23503", "23505", "23514", "23P01"], DatabaseError),
    **dict.fromkeys(["40001", "40P01", "55P03", "P0001", "XX000", "0A000"], DatabaseError),
    "25P03": DatabaseUnavailable,
    "58030": DatabaseError,
    "Z9Z9Z": DatabaseError,
}


@pytest.mark.parametrize(("state", "kind"), EXPECTED.items())
def test_a_sqlstate_maps_to_an_error_without_secrets(state: str, kind: type[FraiseQLError]) -> None:
    error = mapped(from_server(state))
    assert type(error) is kind
    assert error.code == kind.default_code
    assert error.hint
    for word in SECRETS.split():
        if word.lower() not in {"on", "for", "with", "from", "user", "password", "host", "select"}:
            assert word not in str(error).split()


def test_every_row_of_the_table_is_expected_here() -> None:
    covered = set(EXPECTED) | {state[:2] for state in EXPECTED}
    assert set(BY_SQLSTATE) <= covered


def test_messages_are_sentences() -> None:
    for _, message, hint in BY_SQLSTATE.values():
        assert re.fullmatch(r"[A-Z][^\n]*\.", message)
        assert hint[-1] in ".?"


def test_a_cancellation_by_hand_is_not_a_timeout() -> None:
    error = mapped(from_server("57014", "canceling statement due to user request"))
    assert type(error) is DatabaseError
    translated = mapped(from_server("57014", "Anweisung wird abgebrochen"))
    assert type(translated) is StatementTimeout


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, SECRETS),
        ConnectionResetError(SECRETS),
        FileNotFoundError(2, SECRETS, "/run/postgresql"),
        TimeoutError(),
        ssl.SSLError(1, SECRETS),
        OSError(101, SECRETS),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation is in progress"),
    ],
)
def test_an_error_of_a_lost_connection_is_a_loss(error: Exception) -> None:
    assert is_loss(error)
    for meaning in (mapped(error), mapped_connecting(error)):
        assert type(meaning) is DatabaseUnavailable
        assert "10.0.0.1" not in str(meaning)


@pytest.mark.parametrize("state", ["57P01", "57P03", "08006", "26000"])
def test_a_read_is_retried_after_a_loss(state: str) -> None:
    assert is_loss(from_server(state))


@pytest.mark.parametrize("state", ["57014", "42P01", "22P02", "53200", "XX000", "25P04"])
def test_other_errors_are_not_retried(state: str) -> None:
    assert not is_loss(from_server(state))


def test_the_servers_last_words_say_why_a_connection_ended() -> None:
    lost = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
    lost.__cause__ = from_server("25P04")
    assert not is_loss(lost)
    assert type(mapped(lost)) is StatementTimeout
    lost.__cause__ = from_server("57P01")
    assert is_loss(lost)
    assert type(mapped(lost)) is DatabaseUnavailable


def test_values_that_the_driver_cannot_send() -> None:
    error = asyncpg.exceptions._base.DataError(f"invalid input for query argument $1: {SECRETS}")
    assert type(mapped(error)) is InputError
    assert "s3cr3t" not in str(mapped(error))


def test_wrong_use_of_the_driver_is_explained() -> None:
    error = asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed")
    assert type(mapped(error)) is DatabaseError
    assert "1 argument" in mapped(error).hint


@pytest.mark.parametrize("state", ["22023", "42501", "42704"])
def test_an_identity_that_is_refused(state: str) -> None:
    error = mapped_setting_identity(from_server(state))
    assert type(error) is DatabaseError
    assert "GRANT" in error.hint


@pytest.mark.parametrize("state", ["42704", "22023", "28P01", "3D000"])
def test_a_connection_that_is_refused(state: str) -> None:
    assert type(mapped_connecting(from_server(state))) is ConfigurationError
    assert type(mapped_connecting(ValueError(SECRETS))) is ConfigurationError
