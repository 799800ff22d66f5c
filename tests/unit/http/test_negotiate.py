"""Negotiate: which media type answers an Accept header, and which bodies are JSON."""

import pytest

from fraiseql.http.negotiate import JSON, RESPONSE, Media, _accepted, is_json, negotiate

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        (b"*/*", JSON),
        (b"application/*", JSON),
        (b"application/json", JSON),
        (b"application/graphql-response+json", RESPONSE),
        (b"APPLICATION/GraphQL-Response+JSON", RESPONSE),
        (b"application/graphql-response+json, application/json", RESPONSE),
        (b"application/json, application/graphql-response+json", RESPONSE),
        (b"application/json, application/graphql-response+json;q=0.5", JSON),
        (b"application/graphql-response+json;q=0.3, application/json;q=0.2", RESPONSE),
        (b"application/graphql-response+json, */*;q=0.1", RESPONSE),
        (b"application/json;q=0.1, */*", RESPONSE),
        (b"application/json;q=0, */*;q=0.5", RESPONSE),
        (b"application/json; charset=utf-8", JSON),
        (b'application/json; charset="UTF-8"', JSON),
        (b"application/json; charset=iso-8859-1", None),
        (b"application/json; charset=iso-8859-1, */*;q=0.1", JSON),
        (b"application/json;q=0", None),
        (b"application/json;q=nonsense", None),
        (b"text/event-stream", None),
        (b"text/html", None),
        (b"", JSON),
        (b" ", JSON),
        (b", ,\t", JSON),
        (b",;,", None),
        (BROWSER, JSON),
    ],
)
def test_the_best_type_that_the_client_accepts(accept: bytes | None, media: Media | None) -> None:
    assert negotiate(accept).media is media
    assert negotiate(accept).media is media, "the remembered outcome differs"


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        (b"text/html", True),
        (b"text/html;q=0.5, application/json;q=0.4", True),
        (b"text/html, application/json", False),
        (b"text/html;q=0", False),
        (b"*/*", False),
        (b"text/*", False),
        (None, False),
    ],
)
def test_a_page_is_served_to_clients_that_prefer_html(accept: bytes | None, page: bool) -> None:
    assert negotiate(accept).html is page


@pytest.mark.parametrize(
    ("content_type", "readable"),
    [
        (b"application/json", True),
        (b"Application/JSON ; Charset=UTF-8", True),
        (b'application/json; charset="utf-8"', True),
        (b"application/json; profile=x", True),
        (b"application/json; charset=utf-16", False),
        (b"application/json, text/plain", False),
        (b"application/graphql", False),
        (b"application/x-www-form-urlencoded", False),
        (b"multipart/form-data; boundary=x", False),
        (b"text/plain; application/json", False),
        (b"", False),
    ],
)
def test_only_json_in_utf8_is_read(content_type: bytes, readable: bool) -> None:
    assert is_json(content_type) is readable


def test_endless_different_headers_do_not_fill_the_memory() -> None:
    for number in range(2_000):
        negotiate(b"application/json;q=0.%d" % number)
        negotiate(b"application/json;" + b"x" * (600 + number))
    assert len(_accepted) <= 256
    assert max(map(len, _accepted)) <= 512
