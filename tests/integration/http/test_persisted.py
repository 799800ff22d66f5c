"""Persisted queries: a digest alone is answered so that the client sends the document."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from fraiseql.http.errors import HttpError
from fraiseql.http.persisted import PersistedQueries
from fraiseql.usual_hints import HINTS

QUERY = "query Persisted($id: Int!) { user(id: $id) { name } }"


def extensions(query: str, **changed: Any) -> dict[str, Any]:
    digest = hashlib.sha256(query.encode()).hexdigest()
    return {"persistedQuery": {"version": 1, "sha256Hash": digest, **changed}}


def test_a_client_falls_back_and_then_sends_the_digest_alone(client: httpx.Client) -> None:
    """The steps of Apollo Client's link: hash, both, and from then on hash."""
    request = {
        "operationName": "Persisted",
        "variables": {"id": 7},
        "extensions": extensions(QUERY),
    }
    first = client.post("/graphql", json=request)
    assert first.status_code == 200
    error = {
        "message": "PersistedQueryNotFound",
        "extensions": {
            "code": "PERSISTED_QUERY_NOT_FOUND",
            "hint": HINTS["PERSISTED_QUERY_NOT_FOUND"],
        },
    }
    assert first.json() == {"errors": [error]}
    expected = {"data": {"user": {"name": "user 7"}}}
    assert client.post("/graphql", json={**request, "query": QUERY}).json() == expected
    assert client.post("/graphql", json=request).json() == expected
    in_url = {name: json.dumps(request[name]) for name in ("variables", "extensions")}
    assert client.get("/graphql", params=in_url).json() == expected


@pytest.mark.parametrize(
    "entry",
    [
        extensions("{ __typename }", sha256Hash="0" * 64),
        extensions("{ __typename }", version=2),
        extensions("{ __typename }", sha256Hash="short"),
        extensions("{ __typename }", sha256Hash=None),
        {"persistedQuery": "abc"},
    ],
)
def test_a_digest_that_is_wrong_is_refused(client: httpx.Client, entry: Any) -> None:
    response = client.post("/graphql", json={"query": "{ __typename }", "extensions": entry})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("other", [None, {}, {"persistedQuery": None}, {"tracing": True}])
def test_other_extensions_are_nothing_to_it(client: httpx.Client, other: Any) -> None:
    response = client.post("/graphql", json={"query": "{ __typename }", "extensions": other})
    assert response.json() == {"data": {"__typename": "Query"}}


def test_the_bytes_of_all_documents_are_bounded() -> None:
    persisted = PersistedQueries(max_bytes=1_000)
    documents = [f"{{ a{number} }}".ljust(90) for number in range(50)]
    for document in documents:
        persisted.document(document, extensions(document))
    assert persisted.document(None, extensions(documents[-1])) == documents[-1]
    with pytest.raises(HttpError):
        persisted.document(None, extensions(documents[0]))
    large = "{ a }".ljust(101)
    persisted.document(large, extensions(large))
    with pytest.raises(HttpError):
        persisted.document(None, extensions(large))
