"""Addresses of databases: refusals, options, and hidden passwords."""

import pytest

from fraiseql.database.address import parse_address, shown_address
from fraiseql.errors import ConfigurationError
from fraiseql.settings import Settings

PASSWORD = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "starts with ''"),
        ("mysql://u:s3cr3t@h/d", "starts with 'mysql'"),
        ("postgressql://u:s3cr3t@h/d", "Did you mean 'postgresql'"),
        ("embeded:", "Did you mean 'embedded'"),
        ("s3cr3t", "starts with ''"),
        ("postgresql://u:s3cr3t@h:port/d", "port .* not a number"),
        ("postgresql://u:s3cr3t@h:99999/d", "port .* not a number"),
        ("postgresql://u:s3cr3t@h:0/d", "port .* not a number"),
        ("postgresql://u:s3cr3t@h1:5432,h2:x/d", "port .* not a number"),
        ("postgresql://u:s3cr3t@a@h/d", "second '@'"),
        ("postgresql://u:p#s3cr3t@h/d", "'#'"),
        ("postgresql://u:s3cr3t/x@h/d", "port .* not a number"),
        ("postgresql://[u:s3cr3t@h/d", "cannot be read"),
        ("postgresql://u:s3cr3t@h/d/e", "contains '/'"),
        ("postgresql://u:s3cr3t@h/d?sslmode", "options after"),
        ("postgresql://u:s3cr3t@h/d?channel_binding=require", "channel_binding"),
    ],
)
def test_an_invalid_address_is_refused_without_its_password(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as error:
        parse_address(url, Settings())
    assert PASSWORD not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h",
        "postgres://u@h/d",
        "postgresql:///d",
        "postgresql://u:p%40%23%2F@h:5432/d%2Fe",
        "postgresql://[::1]:5432/d",
        "postgresql://h1:5432,h2:5433/d",
        "postgresql:///d?host=%2Frun%2Fpostgresql&port=5433",
    ],
)
def test_a_valid_address_is_unchanged(url: str) -> None:
    assert parse_address(url, Settings()).url.replace("postgresql:/d", "postgresql:///d") == url


def test_options_that_change_no_answer_are_left_out() -> None:
    address = parse_address(
        "postgresql://h/d?connect_timeout=3&sslmode=require&keepalives=1&channel_binding=prefer"
        "&target_session_attrs=read-only&application_name=shop&search_path=a%2Cb",
        Settings(),
    )
    assert address.url == (
        "postgresql://h/d?sslmode=require&target_session_attrs=standby&search_path=a%2Cb"
    )
    assert address.server_settings["application_name"] == "shop"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0"), (15, "15000"), (0.0001, "1"), (1.5, "1500")]
)
def test_statement_timeout_is_in_milliseconds_and_never_becomes_none(
    seconds: float, text: str
) -> None:
    address = parse_address("postgresql://h/d", Settings(statement_timeout=seconds))
    assert address.server_settings["statement_timeout"] == text


def test_an_address_does_not_print() -> None:
    assert PASSWORD not in repr(parse_address(f"postgresql://u:{PASSWORD}@h/d", Settings()))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:s3cr3t@h:5433/d", "postgresql://u@h:5433/d"),
        ("postgresql://u:s3cr3t@h1:1,h2:2/d?sslmode=require", "postgresql://u@h1:1,h2:2/d"),
        ("postgresql://h/d?user=u&password=s3cr3t", "postgresql://u@h/d"),
        ("postgresql://u@/d%20e?host=/run/x&port=5&password=s3cr3t", "postgresql://u@/run/x:5/d e"),
        ("postgresql://u:s3cr3t@[::1]:5432/d", "postgresql://u@[::1]:5432/d"),
        ("postgresql:///?dbname=d", "postgresql:///d"),
        ("postgresql://[u:s3cr3t@h/d", "an address that cannot be read"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_address(url) == shown
