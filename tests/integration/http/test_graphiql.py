"""GraphiQL's page and files over HTTP, with their security headers."""

import re

import httpx
import pytest

from tests.integration.http.application import make_app, served

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_gets_the_page(client: httpx.Client) -> None:
    answer = client.get("/graphql", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "accept"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([\w-]{20,})'", policy)
    assert nonce is not None
    assert f'data-nonce="{nonce[1]}"' in answer.text
    assert nonce[1] not in client.get("/graphql", headers=BROWSER).text


def test_the_page_is_never_shown_to_programs(client: httpx.Client) -> None:
    answer = client.get("/graphql", params={"query": "{ __typename }"})
    assert answer.json() == {"data": {"__typename": "Query"}}


def test_every_file_of_the_page_exists_and_is_cacheable(client: httpx.Client) -> None:
    page = client.get("/graphql", headers=BROWSER).text
    links = re.findall(r'(?:src|href)="(graphql/[^"]+)"', page)
    assert len(links) == 6, "the page is not GraphiQL's: run `make setup` to fetch its files"
    for link in links:
        answer = client.get("/" + link)
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] in {"text/css", "text/javascript"}
        assert "max-age=" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = client.get("/" + link, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = client.head("/" + link)
        assert head.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "path", ["../../endpoint.py", "%2e%2e/endpoint.py", "..%5cendpoint.py", "", "static", "%00"]
)
def test_no_other_file_is_served(client: httpx.Client, path: str) -> None:
    address = httpx.URL(client.base_url).copy_with(raw_path=f"/graphql/static/{path}".encode())
    assert client.send(httpx.Request("GET", address)).status_code == 404


def test_graphiql_can_be_turned_off(tables: str) -> None:
    with served(make_app(tables, graphiql=False)) as address:
        assert httpx.get(address + "/graphql", headers=BROWSER).status_code == 400
        html = {"accept": "text/html"}
        assert httpx.get(address + "/graphql", headers=html).status_code == 406
        assert httpx.get(address + "/graphql/static/graphiql.min.js").status_code == 404
