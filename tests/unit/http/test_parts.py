"""Small parts: mount points, header lines, Server-Timing, forged requests, the page's text."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from fraiseql.events import Timings
from fraiseql.http import graphiql
from fraiseql.http.asgi import HttpRequest
from fraiseql.http.csrf import check_get, check_post
from fraiseql.http.errors import HttpError
from fraiseql.http.graphiql import file_reply, page_reply
from fraiseql.http.routes import request_headers, route_of
from fraiseql.http.timing import server_timing

JSON_TYPE = {b"content-type": b"application/json"}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"path": "/graphql"}, ("", "/graphql")),
        ({"path": "/graphql", "root_path": ""}, ("", "/graphql")),
        ({"path": "/api/graphql", "root_path": "/api"}, ("/api", "/graphql")),
        ({"path": "/api", "root_path": "/api"}, ("/api", "")),
        ({"path": "/graphql", "root_path": "/api"}, ("/api", "/graphql")),
        ({"path": "/apiary/graphql", "root_path": "/api"}, ("/api", "/apiary/graphql")),
    ],
)
def test_the_route_is_the_path_below_the_mount_point(
    scope: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert route_of(scope) == expected


def test_lines_of_one_header_are_joined() -> None:
    lines = [(b"accept", b"a/b"), (b"x", b"1"), (b"accept", b"c/d")]
    assert request_headers({"headers": lines}) == {b"accept": b"a/b, c/d", b"x": b"1"}
    request = HttpRequest({"headers": lines, "method": "POST", "path": "/x", "client": ("::1", 9)})
    assert request.headers == {"accept": "a/b, c/d", "x": "1"}
    assert (request.method, request.path, request.client) == ("POST", "/x", ("::1", 9))


def test_server_timing_is_in_milliseconds() -> None:
    timings = Timings()
    timings.sql, timings.render = 0.001234, 0.00005
    assert server_timing(timings)[1] == (
        b"parse;dur=0, validate;dur=0, plan;dur=0, sql;dur=1.23, render;dur=0.05"
    )
    timings.validate = 1.5
    assert server_timing(timings)[1] == (
        b"parse;dur=0.00, validate;dur=1500.00, plan;dur=0.00, sql;dur=1.23, render;dur=0.05"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b"text/plain;charset=UTF-8"},
        {b"content-type": b"application/x-www-form-urlencoded"},
        {b"content-type": b"multipart/form-data; boundary=x"},
        {**JSON_TYPE, b"content-encoding": b"gzip"},
    ],
)
def test_posts_that_another_site_can_send_are_refused(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(HttpError) as caught:
        check_post(headers)
    assert caught.value.status == 415


@pytest.mark.parametrize("mode", [b"cors", b"no-cors", b"websocket", None])
def test_a_get_from_another_sites_page_is_refused(mode: bytes | None) -> None:
    headers = {b"sec-fetch-site": b"cross-site", **({b"sec-fetch-mode": mode} if mode else {})}
    with pytest.raises(HttpError) as caught:
        check_get(headers)
    assert caught.value.status == 403
    check_get({**headers, **JSON_TYPE})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"sec-fetch-mode": b"cors"},
        {b"sec-fetch-site": b"same-origin", b"sec-fetch-mode": b"cors"},
        {b"sec-fetch-site": b"none", b"sec-fetch-mode": b"navigate"},
        {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"navigate"},
    ],
)
def test_other_gets_are_let_through(headers: dict[bytes, bytes]) -> None:
    check_get(headers)


@pytest.mark.parametrize(
    ("path", "static", "link"),
    [
        ("/graphql", "/graphql/static/", '"graphql/static/'),
        ("/api/graphql", "/api/graphql/static/", '"graphql/static/'),
        ("/api/", "/api/graphql/static/", '"graphql/static/'),
        ("/api", "/api/graphql/static/", '"api/graphql/static/'),
        ("/", "/static/", '"static/'),
    ],
)
def test_links_of_the_page_are_relative(path: str, static: str, link: str) -> None:
    body = page_reply(path, static, "").body.decode()
    assert link in body
    assert "://" not in body


def test_a_default_query_cannot_leave_its_place() -> None:
    query = '"><script>alert(1)</script>{static}{nonce}'
    body = page_reply("/graphql", "/graphql/static/", query).body.decode()
    assert "<script>alert" not in body
    assert "{static}{nonce}" in body


@pytest.mark.parametrize(
    "name", ["", "..", "../endpoint.py", "..%2fendpoint.py", "/etc/passwd", "graphiql.html", "\0"]
)
def test_only_listed_files_are_served(name: str) -> None:
    with pytest.raises(HttpError) as caught:
        file_reply(name, None)
    assert caught.value.status == 404


def test_without_graphiqls_files_a_plain_page_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Path(graphiql.__file__).parent / "pages"
    shutil.copytree(pages, tmp_path / "pages")
    monkeypatch.setattr(graphiql, "_HERE", tmp_path)
    body = page_reply("/graphql", "/graphql/static/", "{ a }").body.decode()
    assert "scripts/fetch_graphiql.py" in body
    assert ">{ a }</textarea>" in body
    assert file_reply("plain.js", None).status == 200
    with pytest.raises(HttpError):
        file_reply("graphiql.min.js", None)
