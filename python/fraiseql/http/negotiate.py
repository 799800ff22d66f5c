"""Negotiation: which media type answers, and whether a body's type can be read.

Outcomes are kept by the raw header, since clients send few different ones.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

V = TypeVar("V")

_KEPT: Final = 256
_KEPT_BYTES: Final = 512
_EXACT: Final = 2


@dataclass(frozen=True, slots=True)
class Media:
    """A media type that answers are sent as.

    Attributes:
        header: The ready ``Content-Type`` header.
        lenient: Whether a request error of a well-formed request goes out as 200, which
            clients of plain ``application/json`` expect.
    """

    header: tuple[bytes, bytes]
    lenient: bool


RESPONSE: Final = Media(
    (b"content-type", b"application/graphql-response+json; charset=utf-8"), lenient=False
)
JSON: Final = Media((b"content-type", b"application/json; charset=utf-8"), lenient=True)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client accepts.

    Attributes:
        media: What a GraphQL response is sent as; None when the client accepts neither type.
        html: Whether the client would rather see a page.
    """

    media: Media | None
    html: bool


_BY_DEFAULT: Final = Accepted(JSON, html=False)
_accepted: dict[bytes, Accepted] = {b"*/*": _BY_DEFAULT}
_readable: dict[bytes, bool] = {}


def negotiate(accept: bytes | None) -> Accepted:
    """Return what the ``Accept`` header asks for; without one, or an empty one, plain JSON."""
    if accept is None:
        return _BY_DEFAULT
    known = _accepted.get(accept)
    if known is None:
        known = _negotiate(accept.decode("latin-1").lower())
        _keep(_accepted, accept, known)
    return known


def is_json(content_type: bytes) -> bool:
    """Return whether a body of this ``Content-Type`` is JSON in UTF-8."""
    readable = _readable.get(content_type)
    if readable is None:
        readable = _is_json(content_type.decode("latin-1").lower())
        _keep(_readable, content_type, readable)
    return readable


def _keep(kept: dict[bytes, V], key: bytes, value: V) -> None:
    """Remember an outcome; an attacker's endless headers must not fill the memory."""
    if len(key) <= _KEPT_BYTES:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = value


def _negotiate(accept: str) -> Accepted:
    if not accept.strip(", \t"):
        # A list without items says nothing, as no header does.
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
    """Read ``type/subtype;q=…``; None for what cannot be read or is not in UTF-8."""
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
    """Return the quality that the most specific range gives to ``media``, and how specific."""
    patterns = (media, media.partition("/")[0] + "/*", "*/*")
    for specificity, pattern in zip((_EXACT, 1, 0), patterns, strict=True):
        found = [quality for name, quality in ranges if name == pattern]
        if found:
            return max(found), specificity
    return 0.0, 0


def _is_json(content_type: str) -> bool:
    media, *parameters = (piece.strip() for piece in content_type.split(";"))
    if media != "application/json":
        return False
    pairs = (parameter.partition("=") for parameter in parameters)
    return all(_is_utf8(value) for name, _, value in pairs if name.strip() == "charset")


def _is_utf8(charset: str) -> bool:
    return charset.strip().strip('"') in {"utf-8", "utf8"}
