"""Headers of cached results over HTTP, and conditional requests."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import fraiseql
from tests.integration.http.application import User
from tests.integration.http.results.conftest import QUERIES, Serve
from tests.integration.serving.results.fake_caches import FakeCaches

USER = "{ user(id: 1) { name } }"
STRICT = "application/graphql-response+json"


def get(client: httpx.Client, query: str, **headers: str) -> httpx.Response:
    return client.get("/graphql", params={"query": query}, headers=headers)


def post(client: httpx.Client, query: str, **headers: str) -> httpx.Response:
    return client.post("/graphql", json={"query": query}, headers=headers)


@pytest.mark.parametrize("ask", [get, post])
def test_cache_status_shows_misses_and_hits(
    client: httpx.Client, ask: Callable[..., httpx.Response]
) -> None:
    first, second = ask(client, USER), ask(client, USER)
    assert first.content == second.content
    assert first.headers["cache-status"] == 'fraiseql; fwd=miss; stored; detail="absent"'
    assert second.headers["cache-status"] == "fraiseql; hit"
    pair = "{ users { id } live { id } }"
    statuses = [ask(client, pair).headers["cache-status"] for _ in range(2)]
    assert statuses == [
        'fraiseql; fwd=miss; stored; detail="0 of 2"',
        'fraiseql; fwd=partial; detail="1 of 2"',
    ]


def test_other_responses_are_as_they_were(client: httpx.Client) -> None:
    response_headers = {"content-type", "content-length", "server-timing", "date"}
    posted = client.post("/graphql", json={"query": "{ live { id } }"})
    assert set(posted.headers) == response_headers
    assert set(get(client, "{ live { id } }").headers) == response_headers | {
        "vary",
        "x-content-type-options",
    }
    refused = client.post("/graphql", json={"query": "{ users { nothing } }"})
    assert set(refused.headers) == response_headers


def test_a_matching_etag_gets_no_body(client: httpx.Client, results: FakeCaches) -> None:
    first = get(client, USER)
    assert "etag" not in first.headers
    second = get(client, USER)
    etag = second.headers["etag"]
    assert second.headers["cache-control"] == "public, no-cache"
    third = get(client, USER, **{"if-none-match": f'"other", W/{etag}'})
    assert (third.status_code, third.content) == (304, b"")
    assert third.headers["etag"] == etag
    assert third.headers["cache-control"] == "public, no-cache"
    assert third.headers["cache-status"] == "fraiseql; hit"
    assert results.asks[-1].etags


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("{ other: user(id: 1) { name } }", {}),
        ("{ user(id: 2) { name } }", {}),
        (USER, {"accept": STRICT}),
    ],
)
def test_another_response_is_sent(
    client: httpx.Client, query: str, headers: dict[str, Any]
) -> None:
    get(client, USER)
    etag = get(client, USER).headers["etag"]
    get(client, query)
    answer = get(client, query, **{"if-none-match": etag}, **headers)
    assert answer.status_code == 200
    assert answer.json()["data"]
    assert answer.headers["etag"] != etag


def test_several_parts_are_one_tag(client: httpx.Client, results: FakeCaches) -> None:
    query = "{ users(limit: 2) { id } __typename user(id: 1) { name } }"
    get(client, query)
    whole = get(client, query)
    etag = whole.headers["etag"]
    assert get(client, query, **{"if-none-match": etag}).status_code == 304
    # One of two changes: the one that the client has is sent all the same.
    key = next(key for key, value in results.values.items() if b"name" in value)
    results.values[key] = b'{"name":"other"}'
    changed = get(client, query, **{"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.json()["data"] == {**whole.json()["data"], "user": {"name": "other"}}
    assert changed.headers["etag"] != etag


def test_a_post_has_no_validator(client: httpx.Client) -> None:
    for _ in range(2):
        answer = client.post("/graphql", json={"query": USER})
    assert not {"etag", "cache-control", "vary"} & set(answer.headers)
    etag = get(client, USER).headers["etag"]
    sent = {"if-none-match": etag}
    assert client.post("/graphql", json={"query": USER}, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "query", ["{ user(id: 1) { name } live { id } }", "{ users { id } agent }", "{ fails }"]
)
def test_a_partly_cached_response_is_not_stored_by_clients(
    client: httpx.Client, query: str
) -> None:
    for _ in range(2):
        answer = get(client, query)
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


def test_stale_answers_may_be_cached_for_their_time(serve: Serve, results: FakeCaches) -> None:
    results.max_age = 5.5
    client = serve()
    assert get(client, USER).headers["cache-control"] == "public, max-age=5"
    assert get(client, USER).headers["etag"]
    results.alter = lambda answered: _aged(answered, 3.0)
    answer = get(client, USER)
    assert answer.headers["cache-control"] == "public, max-age=2"
    assert "etag" not in answer.headers
    assert json.loads(answer.content)["extensions"]["staleness"][0]["seconds"] == 3.0


def _aged(answered: Any, seconds: float) -> Any:
    answered.lag_seconds = seconds
    return answered


def test_a_personal_response_is_private(serve: Serve, results: FakeCaches) -> None:
    client = serve()
    for headers in ({"authorization": "Bearer x"}, {"cookie": "session=1"}):
        response_headers = get(client, USER, **headers).headers
        assert response_headers["cache-control"] == "private, no-cache"
        assert response_headers["vary"] == "accept, authorization, cookie"
    assert get(client, USER).headers["cache-control"] == "public, no-cache"
    hooked = serve(context=lambda request: {"visitor": "somebody"})
    assert get(hooked, USER).headers["cache-control"] == "private, no-cache"
    # A check may read anything of the request, such as a cookie, without a hook.
    guarded = fraiseql.find("other", User, requires=lambda context: "cookie" in context)
    checked = serve(queries=[*QUERIES, guarded])
    assert get(checked, USER).headers["cache-control"] == "private, no-cache"
    results.private = True
    assert get(client, USER).headers["cache-control"] == "private, no-cache"


def test_two_identities_never_share(serve: Serve) -> None:
    client = serve(context=lambda request: {"session": {"app.who": request.headers["who"]}})
    etags = []
    for who in ("a", "b"):
        assert "miss" in get(client, USER, who=who).headers["cache-status"]
        etags.append(get(client, USER, who=who).headers["etag"])
    assert etags[0] == etags[1]  # the same bytes, each checked under its own identity


def test_server_timing_counts_the_look_up(client: httpx.Client) -> None:
    get(client, USER)
    steps = get(client, USER).headers["server-timing"]
    assert [step.split(";")[0] for step in steps.split(", ")] == [
        "parse",
        "validate",
        "plan",
        "sql",
        "render",
    ]


def test_metrics(serve: Serve) -> None:
    client = serve()
    get(client, USER)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert 'fraiseql_pool_held{class="key"} 0\n' in answer.text
    assert answer.text.endswith("\nkept 1\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    head = client.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    assert client.post("/metrics").status_code == 405
    assert serve(metrics=False).get("/metrics").status_code == 404
    assert "kept" not in serve(caches=None).get("/metrics").text
