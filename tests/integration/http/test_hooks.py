"""Errors and results of context hooks, for clients and in the log."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from graphql import GraphQLError

import fraiseql
from fraiseql.usual_hints import with_usual_hint
from tests.integration.http.application import make_app, served


class HTTPException(Exception):  # noqa: N818 - the name of Starlette's
    """Has the name, module and attributes of Starlette's, which is not installed here."""

    __module__ = "starlette.exceptions"

    def __init__(self, status_code: int, detail: Any = None, headers: Any = None) -> None:
        self.status_code = status_code
        self.detail = detail
        self.headers = headers


class OfFastApi(HTTPException):
    __module__ = "fastapi.exceptions"


REFUSALS: dict[str, tuple[Exception, int, str, str]] = {
    "unauthenticated": (
        fraiseql.FraiseQLError("Who are you?", code="UNAUTHENTICATED"),
        401,
        "UNAUTHENTICATED",
        "Who are you?",
    ),
    "forbidden": (fraiseql.FraiseQLError("No.", code="FORBIDDEN"), 403, "FORBIDDEN", "No."),
    "typed 401": (
        fraiseql.Unauthenticated("Log in.", challenge='Basic realm="notes"'),
        401,
        "UNAUTHENTICATED",
        "Log in.",
    ),
    "typed 403": (fraiseql.Forbidden("No."), 403, "FORBIDDEN", "No."),
    "graphql 401": (
        GraphQLError("Log in.", extensions={"code": "UNAUTHENTICATED"}),
        401,
        "UNAUTHENTICATED",
        "Log in.",
    ),
    "graphql 403": (
        GraphQLError("No.", extensions={"code": "FORBIDDEN"}),
        403,
        "FORBIDDEN",
        "No.",
    ),
    "graphql": (GraphQLError("No.", extensions={"code": "PLAN"}), 400, "PLAN", "No."),
    "starlette 401": (HTTPException(401, "Log in."), 401, "UNAUTHENTICATED", "Log in."),
    "starlette 403": (HTTPException(403, "No."), 403, "FORBIDDEN", "No."),
    "fastapi 429": (OfFastApi(429, "Slowly."), 429, "TOO_MANY_REQUESTS", "Slowly."),
    "fastapi 402": (OfFastApi(402, {"a": 1}), 402, "PAYMENT_REQUIRED", "Payment Required"),
    "starlette 503": (HTTPException(503, "Later."), 503, "SERVICE_UNAVAILABLE", "Later."),
    "starlette 499": (HTTPException(499), 499, "HTTP_499", "HTTP 499"),
}


def answer(url: str, hook: Callable[[Any], Any], accept: str = "*/*") -> httpx.Response:
    with served(make_app(url, context=hook)) as address:
        body = {"query": "{ __typename }"}
        return httpx.post(f"{address}/graphql", json=body, headers={"accept": accept})


def raising(error: Exception) -> Callable[[Any], Any]:
    def hook(_request: Any) -> Any:
        raise error

    return hook


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_a_refusal_keeps_its_status_and_its_message(tables: str, case: str, accept: str) -> None:
    error, status, code, message = REFUSALS[case]
    response = answer(tables, raising(error), accept)
    assert response.status_code == status
    extensions = with_usual_hint({"code": code})
    assert response.json() == {"errors": [{"message": message, "extensions": extensions}]}
    assert response.headers["content-type"].startswith(accept)
    # RFC 9110, 15.5.2: a 401 has a challenge.
    challenges = {"typed 401": 'Basic realm="notes"'}
    expected = challenges.get(case, "Bearer") if status == 401 else None
    assert response.headers.get("www-authenticate") == expected


@pytest.mark.parametrize("case", ["typed 401", "forbidden", "typed 403"])
def test_a_refusal_may_be_returned(tables: str, case: str) -> None:
    error, status, _, message = REFUSALS[case]
    if case == "forbidden":
        # Any other error is no refusal: to return it is a mistake of the hook.
        assert answer(tables, lambda _request: error).status_code == 500
        return
    response = answer(tables, lambda _request: error)
    assert response.status_code == status
    assert response.json()["errors"][0]["message"] == message


@pytest.mark.parametrize("challenge", ["", "Bearer\r\nx: y", "Bäsic"])
def test_a_challenge_is_the_value_of_a_header(challenge: str) -> None:
    with pytest.raises(fraiseql.ConfigurationError, match="header"):
        fraiseql.Unauthenticated("Log in.", challenge=challenge)


def test_headers_of_a_refusal_are_sent(tables: str) -> None:
    error = HTTPException(401, "Log in.", {"WWW-Authenticate": "Digest"})
    assert answer(tables, raising(error)).headers.get_list("www-authenticate") == ["Digest"]


def test_any_other_error_stays_in_the_log(tables: str) -> None:
    response = answer(tables, raising(KeyError("secret")))
    assert response.status_code == 500
    assert "secret" not in response.text


@pytest.mark.parametrize("returned", [None, {"roles": ["reader"]}])
def test_a_wrong_result_of_a_hook_is_in_the_log(
    tables: str, returned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "fraiseql"):
        response = answer(tables, lambda _request: returned)
    assert response.status_code == 500
    assert "context hook" in caplog.text
    assert ("not a mapping" in caplog.text) is (returned is None)
