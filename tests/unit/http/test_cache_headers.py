"""Headers of cached results: Cache-Status, ETag and Cache-Control."""

from typing import Any

import pytest

from fraiseql.http.cache_headers import cache_headers, cache_status, known_etags
from fraiseql.http.negotiate import JSON, RESPONSE
from fraiseql.results import CacheResult, CacheStatus


def hit(**more: Any) -> CacheResult:
    return CacheResult("hit", value=b"1", **more)


def miss(**more: Any) -> CacheResult:
    return CacheResult("miss", **more)


@pytest.mark.parametrize(
    ("answers", "roots", "expected"),
    [
        ([hit()], 1, "hit"),
        ([hit(ttl=299.9)], 1, "hit; ttl=299"),
        ([hit(ttl=299.9), hit(), hit(ttl=12)], 3, 'hit; ttl=12; detail="3 of 3"'),
        ([miss(stored=True, detail="absent")], 1, 'fwd=miss; stored; detail="absent"'),
        ([miss(collapsed=True)], 1, "fwd=miss; collapsed"),
        ([miss(stored=True, collapsed=True)], 1, "fwd=miss; stored; collapsed"),
        ([CacheResult("stale", detail="changed")], 1, 'fwd=stale; detail="changed"'),
        ([CacheResult("bypass", detail="backoff")], 1, 'fwd=bypass; detail="backoff"'),
        ([hit(), miss(stored=True), hit()], 3, 'fwd=miss; stored; detail="2 of 3"'),
        ([miss(stored=True), miss()], 2, 'fwd=miss; detail="0 of 2"'),
        ([hit()], 2, 'fwd=partial; detail="1 of 2"'),
        ([hit(ttl=0.2)], 1, "hit; ttl=0"),
    ],
)
def test_cache_status(answers: list[CacheResult], roots: int, expected: str) -> None:
    cached = CacheStatus({str(n): answer for n, answer in enumerate(answers)}, roots)
    assert cache_status(cached) == (b"cache-status", f"fraiseql; {expected}".encode())


def headers_of(cached: CacheStatus, sent: dict[bytes, bytes], **more: Any) -> dict[bytes, bytes]:
    options = {"media": JSON, "personal": False, **more}
    return dict(cache_headers(cached, sent, **options))


@pytest.mark.parametrize(
    ("cached", "sent", "personal", "expected"),
    [
        (CacheStatus({"a": hit()}, 1, whole=True, private=False), {}, False, b"public, no-cache"),
        (CacheStatus({"a": hit()}, 1, whole=True), {}, False, b"private, no-cache"),
        (CacheStatus({"a": hit()}, 1, whole=True, private=False), {}, True, b"private, no-cache"),
        (
            CacheStatus({"a": hit()}, 1, whole=True, private=False),
            {b"cookie": b"a=b"},
            False,
            b"private, no-cache",
        ),
        (
            CacheStatus({"a": hit()}, 1, whole=True, private=False, max_age=9.9),
            {b"authorization": b"x"},
            False,
            b"private, max-age=9",
        ),
        (
            CacheStatus({"a": hit()}, 1, whole=True, private=False, max_age=2.0),
            {},
            False,
            b"public, max-age=2",
        ),
        (
            CacheStatus({"a": hit()}, 1, whole=True, private=False, max_age=0.5),
            {},
            False,
            b"public, no-cache",
        ),
        (CacheStatus({"a": hit()}, 2, private=False), {}, False, b"no-store"),
    ],
)
def test_cache_control(
    cached: CacheStatus, sent: dict[bytes, bytes], personal: bool, expected: bytes
) -> None:
    response_headers = headers_of(cached, sent, personal=personal)
    assert response_headers[b"cache-control"] == expected
    personal_vary = expected.startswith(b"private")
    assert response_headers[b"vary"] == (
        b"accept, authorization, cookie" if personal_vary else b"accept"
    )
    assert b"etag" not in response_headers


def test_a_tag_is_of_one_media_type() -> None:
    cached = CacheStatus({"a": hit()}, 1, whole=True, etag="00ff.12ab")
    plain = headers_of(cached, {})[b"etag"]
    strict = headers_of(cached, {}, media=RESPONSE)[b"etag"]
    assert (plain, strict) == (b'"j-00ff.12ab"', b'"r-00ff.12ab"')
    request_headers = {b"if-none-match": b'"x", W/"j-00ff.12ab" , "r-aa.bb", "j-", "j-00ff.zz", *'}
    assert known_etags(request_headers, JSON) == ("00ff.12ab",)
    assert known_etags(request_headers, RESPONSE) == ("aa.bb",)
    assert known_etags({}, JSON) == ()
