"""Every kind of wrong request: one clear error with its code, its place and a hint."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fraiseql.usual_hints import HINTS

Asked = Mapping[str, Any]

REQUESTS: Mapping[str, tuple[str, Asked]] = {
    "syntax": ("GRAPHQL_PARSE_FAILED", {"query": "{ users { id }"}),
    "unknown field": ("GRAPHQL_VALIDATION_FAILED", {"query": "{ users { idd } }"}),
    "unknown argument": ("GRAPHQL_VALIDATION_FAILED", {"query": "{ users(limitt: 1) { id } }"}),
    "unknown operator": (
        "GRAPHQL_VALIDATION_FAILED",
        {"query": "{ users(where: {id: {above: 1}}) { id } }"},
    ),
    "literal of a wrong type": (
        "GRAPHQL_VALIDATION_FAILED",
        {"query": '{ user(id: "one") { id } }'},
    ),
    "variable of a wrong type": (
        "BAD_USER_INPUT",
        {"query": "query ($id: Int!) { user(id: $id) { id } }", "variables": {"id": "one"}},
    ),
    "missing variable": (
        "BAD_USER_INPUT",
        {"query": "query ($id: Int!) { user(id: $id) { id } }"},
    ),
    "negative limit": ("BAD_USER_INPUT", {"query": "{ users(limit: -1) { id } }"}),
    "too many rows": ("TOO_COMPLEX", {"query": "{ users(limit: 999999) { id } }"}),
    "unknown operation": (
        "OPERATION_NOT_FOUND",
        {"query": "query A { users { id } }", "operationName": "B"},
    ),
    "subscription": ("OPERATION_NOT_SUPPORTED", {"query": "subscription { users { id } }"}),
    "no document": ("BAD_REQUEST", {"variables": {}}),
    "variables of a wrong form": ("BAD_REQUEST", {"query": "{ users { id } }", "variables": [1]}),
}


def _one_error(response: httpx.Response, code: str) -> dict[str, Any]:
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == code, error
    assert error["extensions"]["hint"], error
    assert error["message"], error
    placed: dict[str, Any] = error
    return placed


@pytest.mark.parametrize("case", REQUESTS)
def test_a_wrong_document_has_code_place_and_hint(client: httpx.Client, case: str) -> None:
    code, body = REQUESTS[case]
    error = _one_error(client.post("/graphql", json=body), code)
    whole = code in ("BAD_REQUEST", "OPERATION_NOT_FOUND", "TOO_COMPLEX")
    assert whole or error.get("locations") or error.get("path"), error
    if "variables" in body and not whole:
        assert error["extensions"]["variable"] == ["id"]
        assert error["extensions"]["input"] == ["id"]


@pytest.mark.parametrize(
    ("code", "request_of"),
    [
        ("METHOD_NOT_ALLOWED", {"method": "PUT"}),
        ("UNSUPPORTED_MEDIA_TYPE", {"content": b"{}", "headers": {"content-type": "text/plain"}}),
        ("BAD_REQUEST", {"content": b"{", "headers": {"content-type": "application/json"}}),
        ("NOT_ACCEPTABLE", {"json": {"query": "{ x }"}, "headers": {"accept": "image/png"}}),
        ("NOT_FOUND", {"url": "/nowhere"}),
    ],
)
def test_a_wrong_http_request_has_code_and_hint(
    client: httpx.Client, code: str, request_of: Mapping[str, Any]
) -> None:
    response = client.request(**{"method": "POST", "url": "/graphql", **request_of})
    assert _one_error(response, code)["extensions"]["hint"] == HINTS[code]
