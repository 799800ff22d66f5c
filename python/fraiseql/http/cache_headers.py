"""Headers of responses that result caches took part in.

``Cache-Status`` is that of RFC 9211; validators and ``Cache-Control`` go with GET alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fraiseql.http.errors import Headers
from fraiseql.http.negotiate import JSON, Media
from fraiseql.results import Answered, Cached

_TAG: Final = re.compile(rb'"([jr])-([0-9a-f]+(?:\.[0-9a-f]+)*)"')
"""A tag of ours: the media type, then the response's digest."""

_VARY: Final = (b"vary", b"accept")
_PRIVATE_VARY: Final = (b"vary", b"accept, authorization, cookie")
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
_PERSONAL: Final = frozenset({b"authorization", b"cookie"})


def known_etags(headers: Mapping[bytes, bytes], media: Media) -> tuple[str, ...]:
    """Return the digests of responses of this media type that ``If-None-Match`` names."""
    given = headers.get(b"if-none-match")
    if given is None:
        return ()
    letter = _letter(media)
    return tuple([tag.decode() for kind, tag in _TAG.findall(given) if kind == letter])


def cache_headers(
    cached: Cached, headers: Mapping[bytes, bytes], media: Media, *, personal: bool
) -> Headers:
    """Return what a response to a GET tells of the caches in it, and the client's own.

    Args:
        cached: What the serving road tells.
        headers: Those of the request.
        media: Type of the response.
        personal: Whether anything of the request beside its query may decide the answer.
    """
    private = cached.private or personal or not _PERSONAL.isdisjoint(headers)
    found = [
        cache_status(cached),
        (b"cache-control", _control(cached, private=private)),
        _PRIVATE_VARY if private else _VARY,
        _NOSNIFF,
    ]
    if cached.etag:
        found.append((b"etag", b'"%b-%b"' % (_letter(media), cached.etag.encode())))
    return tuple(found)


def cache_status(cached: Cached) -> tuple[bytes, bytes]:
    """Return ``Cache-Status``: a hit only where all root fields were."""
    answers = list(cached.answers.values())
    return b"cache-status", "; ".join(["fraiseql", *_parameters(answers, cached.roots)]).encode()


def withheld_header(withheld: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return ``FraiseQL-Live``: types that are stored and were read live for the request's role."""
    listed = ", ".join([f"{name};reason={reason}" for name, reason in withheld.items()])
    return b"fraiseql-live", listed.encode()


def _parameters(answers: list[Answered], roots: int) -> Iterator[str]:
    missed = [one for one in answers if one.outcome != "hit"]
    hits = len(answers) - len(missed)
    if not missed and hits == roots:
        yield "hit"
        yield from _ttl(answers)
    elif missed:
        yield f"fwd={missed[0].outcome}"
        if all(one.stored for one in missed):
            yield "stored"
        if all(one.collapsed for one in missed):
            yield "collapsed"
    else:
        yield "fwd=partial"
    detail = f"{hits} of {roots}" if roots > 1 else answers[0].detail
    if detail:
        yield f'detail="{detail}"'


def _ttl(answers: Iterable[Answered]) -> Iterator[str]:
    known = [one.ttl for one in answers if one.ttl is not None]
    if known:
        yield f"ttl={int(min(known))}"


def _control(cached: Cached, *, private: bool) -> bytes:
    if not cached.whole:
        return b"no-store"
    seconds = int(cached.max_age)
    scope = b"private" if private else b"public"
    # What equals the live answer has to be asked for again; the digest makes that cheap.
    return b"%b, max-age=%d" % (scope, seconds) if seconds else b"%b, no-cache" % scope


def _letter(media: Media) -> bytes:
    return b"j" if media is JSON else b"r"
