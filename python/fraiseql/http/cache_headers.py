"""Response headers about result caches.

``Cache-Status`` is that of RFC 9211; validators and ``Cache-Control`` are for GET only.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from fraiseql.http.errors import Headers
from fraiseql.http.negotiate import JSON, Media
from fraiseql.http.reply import NOSNIFF, VARY
from fraiseql.results import CacheResult, CacheStatus

_TAG: Final = re.compile(rb'"([jr])-([0-9a-f]+(?:\.[0-9a-f]+)*)"')
"""Our ETag: the media type, then the digest of the response."""

_PRIVATE_VARY: Final = (b"vary", b"accept, authorization, cookie")
_PERSONAL: Final = frozenset({b"authorization", b"cookie"})


def known_etags(headers: Mapping[bytes, bytes], media: Media) -> tuple[str, ...]:
    """Return the digests of responses of this media type that ``If-None-Match`` names."""
    tags = headers.get(b"if-none-match")
    if tags is None:
        return ()
    letter = _letter(media)
    return tuple([tag.decode() for kind, tag in _TAG.findall(tags) if kind == letter])


def cache_headers(
    cached: CacheStatus, headers: Mapping[bytes, bytes], media: Media, *, personal: bool
) -> Headers:
    """Return the caching headers of a response to a GET.

    Args:
        cached: How caches answered the request.
        headers: Headers of the request.
        media: Type of the response.
        personal: Whether the response may depend on more of the request than its query.
    """
    private = cached.private or personal or not _PERSONAL.isdisjoint(headers)
    response_headers = [
        cache_status(cached),
        (b"cache-control", _control(cached, private=private)),
        _PRIVATE_VARY if private else VARY,
        NOSNIFF,
    ]
    if cached.etag:
        response_headers.append((b"etag", b'"%b-%b"' % (_letter(media), cached.etag.encode())))
    return tuple(response_headers)


def cache_status(cached: CacheStatus) -> tuple[bytes, bytes]:
    """Return ``Cache-Status``; it is a hit if all root fields were hits."""
    answers = list(cached.answers.values())
    if cached.roots == 1 and (answers[0].outcome, answers[0].ttl) == ("hit", None):
        return _whole_hit(answers[0].detail)
    missed = [answer for answer in answers if answer.outcome != "hit"]
    hits = len(answers) - len(missed)
    parameters = ["fraiseql"]
    if missed:
        parameters += _forwarded(missed)
    elif hits == cached.roots:
        parameters.append("hit")
        lifetimes = [answer.ttl for answer in answers if answer.ttl is not None]
        if lifetimes:
            parameters.append(f"ttl={int(min(lifetimes))}")
    else:
        parameters.append("fwd=partial")
    detail = f"{hits} of {cached.roots}" if cached.roots > 1 else answers[0].detail
    if detail:
        parameters.append(f'detail="{detail}"')
    return b"cache-status", "; ".join(parameters).encode()


@cache
def _whole_hit(detail: str) -> tuple[bytes, bytes]:
    """Return ``Cache-Status`` of a hit of one field without an end."""
    parameter = f'; detail="{detail}"' if detail else ""
    return b"cache-status", f"fraiseql; hit{parameter}".encode()


def withheld_header(withheld: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return ``FraiseQL-Live``: stored types that were read live for the request's role."""
    listed = ", ".join([f"{name};reason={reason}" for name, reason in withheld.items()])
    return b"fraiseql-live", listed.encode()


def _forwarded(missed: Sequence[CacheResult]) -> list[str]:
    """Return the parameters of a response that is no hit."""
    parameters = [f"fwd={missed[0].outcome}"]
    if all(answer.stored for answer in missed):
        parameters.append("stored")
    if all(answer.collapsed for answer in missed):
        parameters.append("collapsed")
    return parameters


def _control(cached: CacheStatus, *, private: bool) -> bytes:
    if not cached.whole:
        return b"no-store"
    seconds = int(cached.max_age)
    scope = b"private" if private else b"public"
    # An answer that equals the live one must be revalidated; the ETag makes that cheap.
    return b"%b, max-age=%d" % (scope, seconds) if seconds else b"%b, no-cache" % scope


def _letter(media: Media) -> bytes:
    return b"j" if media is JSON else b"r"
