"""Content negotiation: the media type of responses and bodies.

Results are cached by the raw header, since clients send few different ones.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

V = TypeVar("V")

_MAX_CACHED: Final = 256
_MAX_HEADER_BYTES: Final = 512
_EXACT: Final = 2


@dataclass(frozen=True, slots=True)
class Media:
    """A media type of responses.

    Attributes:
        header: The ``Content-Type`` header.
        lenient: Whether a request error of a well-formed request has status 200, as clients of
            plain ``application/json`` expect.
    """

    header: tuple[bytes, bytes]
    lenient: bool


RESPONSE: Final = Media(
    (b"content-type", b"application/graphql-response+json; charset=utf-8"), lenient=False
)
JSON: Final = Media((b"content-type", b"application/json; charset=utf-8"), lenient=True)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Media types that a client accepts.

    Attributes:
        media: Type of a GraphQL response; None if the client accepts neither.
        html: Whether the client prefers a page.
    """

    media: Media | None
    html: bool


_BY_DEFAULT: Final = Accepted(JSON, html=False)
_accepted: dict[bytes, Accepted] = {b"*/*": _BY_DEFAULT}
_readable: dict[bytes, bool] = {}


def negotiate(accept: bytes | None) -> Accepted:
    """Return the types that ``Accept`` asks for; plain JSON if it is missing or empty."""
    if accept is None:
        return _BY_DEFAULT
    accepted = _accepted.get(accept)
    if accepted is None:
        accepted = _negotiate(accept.decode("latin-1").lower())
        _cache(_accepted, accept, accepted)
    return accepted


def is_json(content_type: bytes) -> bool:
    """Return whether a body of this ``Content-Type`` is JSON in UTF-8."""
    readable = _readable.get(content_type)
    if readable is None:
        readable = _is_json(content_type.decode("latin-1").lower())
        _cache(_readable, content_type, readable)
    return readable


def _cache(cache: dict[bytes, V], key: bytes, value: V) -> None:
    """Cache a result, in bounded memory whatever headers clients send."""
    if len(key) <= _MAX_HEADER_BYTES:
        if len(cache) >= _MAX_CACHED:
            cache.clear()
        cache[key] = value


def _negotiate(accept: str) -> Accepted:
    if not accept.strip(", \t"):
        # An empty list is like no header.
        return _BY_DEFAULT
    ranges = [parsed for part in accept.split(",") if (parsed := _range(part)) is not None]
    response = _rank("application/graphql-response+json", ranges)
    plain = _rank("application/json", ranges)
    html = _rank("text/html", ranges)
    best = max(response, plain)
    page = html[1] == _EXACT and html[0] > 0 and html > best
    if best[0] == 0:
        return Accepted(None, page)
    named = response[1] == _EXACT
    chosen = response > plain or (response == plain and named)
    return Accepted(RESPONSE if chosen else JSON, page)


def _range(part: str) -> tuple[str, float] | None:
    """Parse ``type/subtype;q=…``; None if that fails or the charset is not UTF-8."""
    media, *parameters = (piece.strip() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            quality = _quality(value.strip())
        elif name.strip() == "charset" and not _is_utf8(value):
            return None
    return (media, quality) if media else None


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


def _rank(media: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Return the quality of the most specific range for ``media``, and its specificity."""
    patterns = (media, media.partition("/")[0] + "/*", "*/*")
    for specificity, pattern in zip((_EXACT, 1, 0), patterns, strict=True):
        qualities = [quality for name, quality in ranges if name == pattern]
        if qualities:
            return max(qualities), specificity
    return 0.0, 0


def _is_json(content_type: str) -> bool:
    media, *parameters = (piece.strip() for piece in content_type.split(";"))
    if media != "application/json":
        return False
    pairs = (parameter.partition("=") for parameter in parameters)
    return all(_is_utf8(value) for name, _, value in pairs if name.strip() == "charset")


def _is_utf8(charset: str) -> bool:
    return charset.strip().strip('"') in {"utf-8", "utf8"}
