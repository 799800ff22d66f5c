"""Who may read the ops page: this machine only, whatever clients and proxies write."""

from typing import Any

import pytest

from fraiseql.errors import ConfigurationError
from fraiseql.http.asgi import HttpRequest
from fraiseql.operating.ops.access import is_allowed, is_local, is_of_this_site, is_same_origin
from fraiseql.operating.ops.page import check_ops


def request_of(client: str | None = "127.0.0.1", **headers: str) -> HttpRequest:
    named = {"host": "localhost:8000"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return HttpRequest(
        {
            "method": "GET",
            "path": "/fraiseql",
            "client": None if client is None else (client, 5),
            "headers": [(name.encode(), text.encode()) for name, text in named.items()],
        }
    )


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "api.localhost:80"])
def test_a_loopback_client_is_local(client: str, host: str) -> None:
    assert is_local(request_of(client, host=host))


@pytest.mark.parametrize(
    "client", ["10.0.0.5", "192.168.1.2", "::ffff:10.0.0.5", "testclient", "localhost", "", None]
)
def test_another_client_is_not_local(client: str | None) -> None:
    assert not is_local(request_of(client))


@pytest.mark.parametrize(
    "header",
    [
        "x_forwarded_for",
        "x_forwarded_host",
        "x_forwarded_something",
        "forwarded",
        "x_real_ip",
        "via",
        "cf_connecting_ip",
        "true_client_ip",
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "localhost", ""])
def test_no_request_through_a_proxy_is_local(header: str, value: str) -> None:
    # Servers that trust the header have made its value the address of the client.
    assert not is_local(request_of("127.0.0.1", **{header: value}))


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "10.0.0.5:8000", "evil@localhost:x", "", "["]
)
def test_another_host_is_not_local(host: str) -> None:
    # A site whose name was pointed at this machine: DNS rebinding.
    assert not is_local(request_of(host=host))


def test_a_request_of_a_proxy_without_headers_is_not_local() -> None:
    # nginx sends HTTP/1.0, the address of the application as host, and no other header.
    request = request_of("127.0.0.1", host="127.0.0.1:8000")
    assert is_local(request)
    request.scope["http_version"] = "1.0"
    assert not is_local(request)


async def _later(verdict: Any) -> Any:
    return verdict


def _fail(_: HttpRequest) -> bool:
    raise RuntimeError("no session")


@pytest.mark.parametrize(
    ("hook", "allowed"),
    [
        (lambda _: True, True),
        (lambda _: False, False),
        (lambda _: _later(True), True),
        (lambda _: _later(False), False),
        (lambda _: None, False),
        (lambda _: "yes", False),
        (lambda _: 1, False),
        (_fail, False),
    ],
)
async def test_only_true_allows(hook: Any, allowed: bool) -> None:
    assert await is_allowed(hook, request_of("10.0.0.5")) is allowed


async def test_a_hook_decides_alone() -> None:
    assert not await is_allowed(lambda _: False, request_of())


def test_pages_of_other_sites_may_not_read() -> None:
    assert is_of_this_site({})
    assert is_of_this_site({"sec-fetch-site": "same-origin"})
    assert is_of_this_site({"sec-fetch-site": "none"})
    assert not is_of_this_site({"sec-fetch-site": "same-site"})
    assert not is_of_this_site({"sec-fetch-site": "cross-site"})


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"origin": "http://a:8000", "host": "a:8000"}, True),
        ({"origin": "https://a", "host": "a", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "http://b:8000", "host": "a:8000"}, False),
        ({"origin": "http://a:9", "host": "a:8000"}, False),
        ({"origin": "http://a", "host": "a", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "null", "host": "null"}, False),
        ({"host": "a:8000"}, False),
        ({}, False),
    ],
)
def test_a_post_must_be_of_the_same_origin(headers: dict[str, str], same: bool) -> None:
    assert is_same_origin(headers) is same


@pytest.mark.parametrize(
    ("path", "hook"), [("/fraiseql", None), ("/fraiseql/graphql", None), ("/graphql", "yes")]
)
def test_impossible_arguments_are_refused(path: str, hook: Any) -> None:
    with pytest.raises(ConfigurationError):
        check_ops(path, hook)
