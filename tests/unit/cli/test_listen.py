"""Bound sockets: the requested port, the next one, or an error."""

import socket

import pytest

from fraiseql.cli.listen import bind, bind_near, port_of, url_of
from fraiseql.errors import ConfigurationError

HOST = "127.0.0.1"


@pytest.fixture
def taken() -> int:
    """A port below 32768 that something listens on while the test runs."""
    with bind_near(HOST, 21_000) as bound:
        yield port_of(bound)


def test_a_free_port_is_the_one_that_was_asked_for(taken: int) -> None:
    with bind_near(HOST, taken + 1) as bound:
        free = port_of(bound)
    with bind(HOST, free) as again:
        assert port_of(again) == free


def test_a_taken_port_gives_way_to_the_next_free_one(taken: int) -> None:
    with bind_near(HOST, taken) as bound:
        assert taken < port_of(bound) <= 32_767


def test_a_taken_port_is_said_to_be_taken(taken: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bind(HOST, taken)
    assert f"Cannot listen on {HOST}:{taken}: the port is taken." in str(caught.value)
    assert "--port" in str(caught.value)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Cannot listen on 192\.0\.2\.1:8000"):
        bind_near("192.0.2.1", 8000)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ConfigurationError, match="is not a port"):
        bind(HOST, port)


def test_the_socket_listens_at_once(taken: int) -> None:
    with socket.create_connection((HOST, taken), timeout=5) as connection:
        assert connection.getpeername()[1] == taken


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/graphql"),
        ("0.0.0.0", "http://127.0.0.1:8000/graphql"),
        ("::", "http://[::1]:8000/graphql"),
        ("::1", "http://[::1]:8000/graphql"),
        ("api.local", "http://api.local:8000/graphql"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, url: str) -> None:
    assert url_of(host, 8000) == url
