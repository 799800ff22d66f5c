"""``Identity``: the declared headers decide, for the declared time."""

from typing import Any

import pytest

pytest.importorskip("joserfc")

import fraiseql
from fraiseql import ConfigurationError, DeclarationError
from fraiseql.http import HttpRequest
from fraiseql.http.context import add_context
from fraiseql.http.native_identities import declared_hook
from fraiseql.http.validity import FOREVER, Validity, window_of

SECRET = "a secret of thirty-two bytes, or of more than that"
JWT = fraiseql.JWT(key=SECRET, algorithms=["HS256"], issuer="i", audience="a")


def identity(**changed: Any) -> fraiseql.Identity:
    chosen: dict[str, Any] = {"headers": ["X-Key"], "hook": lambda _: {}, "ttl": "30s"}
    return fraiseql.Identity(**{**chosen, **changed})


@pytest.mark.parametrize("headers", ["x-key", [], ["x key"], [""], [7], ["ä"]])
def test_headers_are_names(headers: Any) -> None:
    with pytest.raises(ConfigurationError, match="headers="):
        identity(headers=headers)


def test_a_hook_is_a_function_and_a_ttl_a_duration() -> None:
    with pytest.raises(ConfigurationError, match="hook="):
        identity(hook=None)
    for ttl in ("0s", "soon", ""):
        with pytest.raises(DeclarationError, match="ttl="):
            identity(ttl=ttl)
    with pytest.raises(ConfigurationError, match="lacks a header"):
        identity(hook=JWT)


async def test_the_hook_sees_the_declared_headers_and_nothing_else() -> None:
    seen: list[HttpRequest] = []

    async def hook(request: HttpRequest) -> dict[str, Any]:
        seen.append(request)
        return {"role": request.headers.get("x-key")}

    headers = [(b"x-key", b"one"), (b"cookie", b"two"), (b"x-key", b"three")]
    scope = {"type": "http", "headers": headers, "client": ("::1", 1), "user": "ada", "path": "/"}
    context: dict[str, Any] = {"request": HttpRequest(scope)}
    await add_context(identity(hook=hook), context)
    assert context["role"] == "one, three"
    assert context["request"].headers["cookie"] == "two"
    assert seen[0].headers == {"x-key": "one, three"}
    assert seen[0].client is None
    assert set(seen[0].scope) == {"type", "headers"}


@pytest.mark.parametrize(
    ("context", "validity"),
    [
        ({}, Validity(seconds=30.0)),
        ({"claims": None}, Validity(seconds=30.0)),
        ({"claims": {"sub": "x"}}, Validity(seconds=30.0)),
        ({"claims": {"exp": 50}}, Validity(0, 50, 30.0)),
        ({"claims": {"exp": 50.5}}, Validity(0, 51, 30.0)),
        ({"claims": {"exp": "50"}}, Validity(seconds=0.0)),
        ({"claims": {"exp": True}}, Validity(seconds=0.0)),
        ({"claims": {"exp": float("nan")}}, Validity(seconds=0.0)),
    ],
)
def test_a_result_ends_with_its_claims(context: Any, validity: Validity) -> None:
    assert identity().validity(context) == validity


def test_a_token_ends_before_the_ttl() -> None:
    both = identity(headers=["authorization"], hook=JWT)
    assert both.validity({"claims": {"exp": 50}}) == Validity(0, 80, 30.0)


@pytest.mark.parametrize(
    ("claims", "leeway", "window"),
    [
        ({"exp": 10}, 0, (0, 10)),
        ({"exp": 10}, 30, (0, 40)),
        ({"exp": 10.2, "nbf": 5.2}, 1, (5, 12)),
        ({"exp": 100, "nbf": 50, "iat": 70}, 30, (40, 130)),
        ({"exp": -5}, 1, (0, 0)),
        ({"exp": 10**400}, 30, (0, FOREVER)),
        ({"exp": 1e300, "nbf": -1e300}, 30, (0, FOREVER)),
        ({}, 30, (0, FOREVER)),
    ],
)
def test_the_seconds_in_which_a_token_is_valid(claims: Any, leeway: int, window: Any) -> None:
    """A second ``now`` is in the window if nbf <= now + leeway and now - leeway < exp."""
    assert window_of(claims, leeway) == window


def test_only_the_two_hooks_declare_their_headers() -> None:
    class Own(fraiseql.Identity):
        """May read anything."""

    own = Own(headers=["x-key"], hook=lambda _: {}, ttl="1s")
    for hook in (None, lambda _: {}, own, fraiseql.Identity):
        assert declared_hook(hook) is None
    for hook in (JWT, identity()):
        assert declared_hook(hook) is hook
