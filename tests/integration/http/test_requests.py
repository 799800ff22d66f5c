"""Requests over HTTP: status, media type and headers of answers and refusals."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

RESPONSE_TYPE = "application/graphql-response+json"
TIMING = re.compile(r"parse;dur=[\d.]+, validate;dur=[\d.]+, plan;dur=[\d.]+, sql;dur=[\d.]+, r")
USER = {"query": "query U($id: Int!) { user(id: $id) { name } }", "variables": {"id": 7}}


def code(answer: httpx.Response) -> str:
    """The code of the one error in ``answer``."""
    content = answer.json()
    assert list(content) == ["errors"]
    assert len(content["errors"]) == 1
    return content["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("accept", ["application/json", RESPONSE_TYPE])
def test_a_query_is_answered_as_the_type_asked_for(client: httpx.Client, accept: str) -> None:
    answer = client.post("/graphql", json=USER, headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.content == b'{"data":{"user":{"name":"user 7"}}}'
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert TIMING.match(answer.headers["server-timing"])
    assert "access-control-allow-origin" not in answer.headers


def test_server_timing_shows_skipped_steps_of_a_repeated_operation(client: httpx.Client) -> None:
    query = {"query": "{ users(limit: 3) { id timed: name } }"}
    first, second = (
        dict(re.findall(r"(\w+);dur=([\d.]+)", answer.headers["server-timing"]))
        for answer in (client.post("/graphql", json=query) for _ in range(2))
    )
    assert list(first) == ["parse", "validate", "plan", "sql", "render"]
    assert float(first["parse"]) > 0
    assert float(first["validate"]) > 0
    assert [float(second[step]) for step in ("parse", "validate", "plan")] == [0, 0, 0]
    assert float(second["sql"]) > 0


def test_a_get_reads(client: httpx.Client) -> None:
    parameters = {"query": USER["query"], "variables": '{"id":7}', "operationName": "U"}
    answer = client.get("/graphql", params=parameters)
    assert answer.json() == {"data": {"user": {"name": "user 7"}}}


def test_a_get_never_writes(client: httpx.Client) -> None:
    parameters = {"query": "mutation { __typename }"}
    answer = client.get("/graphql", params=parameters, headers={"accept": RESPONSE_TYPE})
    assert 400 <= answer.status_code < 500
    assert list(answer.json()) == ["errors"]


@pytest.mark.parametrize(
    ("request_body", "plain", "strict"),
    [
        ({"query": "{"}, 200, 400),
        ({"query": "{ nothing }"}, 200, 400),
        ({"query": USER["query"], "variables": {"id": "x"}}, 200, 400),
        ({"query": "{ __typename }", "operationName": "Missing"}, 200, 400),
        ({"query": 7}, 400, 400),
        ({}, 400, 400),
        ([], 400, 400),
        ([USER, USER], 400, 400),
    ],
)
def test_a_bad_request_by_type(
    client: httpx.Client, request_body: Any, plain: int, strict: int
) -> None:
    for accept, status in (("application/json", plain), (RESPONSE_TYPE, strict)):
        answer = client.post("/graphql", json=request_body, headers={"accept": accept})
        assert (answer.status_code, list(answer.json())) == (status, ["errors"])
        assert answer.headers["content-type"].startswith(accept)
        assert "server-timing" in answer.headers


@pytest.mark.parametrize("body", [b"", b"{", b'{"query": "\xff"}', b"\xef\xbb\xbf{}", b"\x00"])
def test_malformed_json_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        None,
    ],
)
def test_requests_of_a_forged_form_are_refused(
    client: httpx.Client, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = client.post("/graphql", content=json.dumps(USER).encode(), headers=headers)
    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_forged_get_is_refused(client: httpx.Client) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    answer = client.get("/graphql", params={"query": "{ __typename }"}, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "CROSS_SITE_REQUEST")


def test_an_unacceptable_type_is_refused(client: httpx.Client) -> None:
    answer = client.post("/graphql", json=USER, headers={"accept": "text/event-stream"})
    assert (answer.status_code, code(answer)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/graphql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused(client: httpx.Client, chunked: bool) -> None:
    body = json.dumps({**USER, "extensions": {"filling": "x" * 200_000}}).encode()

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(body), 1_000):
            yield body[start : start + 1_000]

    headers = {"content-type": "application/json"}
    content = chunks() if chunked else body
    answer = client.post("/graphql", content=content, headers=headers)
    assert (answer.status_code, code(answer)) == (413, "REQUEST_TOO_LARGE")
    assert client.post("/graphql", json=USER).status_code == 200


def test_a_query_string_over_the_limit_is_refused(client: httpx.Client) -> None:
    answer = client.get("/graphql?query=" + quote("{ __typename }" + " " * 10_000))
    assert (answer.status_code, code(answer)) == (414, "REQUEST_TOO_LARGE")


def test_other_paths_are_not_found(client: httpx.Client) -> None:
    for path in ("/", "/graphql/x", "/graphqlx", "/graphql/static/../x", "/healthy"):
        answer = client.get(path)
        assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")


def test_many_at_once_get_their_own_answers(address: str) -> None:
    async def ask() -> list[Any]:
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            bodies = [{**USER, "variables": {"id": n % 20 + 1}} for n in range(200)]
            tasks = [asyncio.create_task(client.post("/graphql", json=body)) for body in bodies]
            return [(await task).json()["data"]["user"]["name"] for task in tasks]

    assert asyncio.run(ask()) == [f"user {n % 20 + 1}" for n in range(200)]
