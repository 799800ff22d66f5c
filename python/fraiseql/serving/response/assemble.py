"""Assembly of a response from the values of root fields."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any, Final

from fraiseql.database import Identity
from fraiseql.results import CacheResult, CacheStatus
from fraiseql.serving.preparation.serving_plan import RootPart, Split
from fraiseql.serving.response.answer import FieldResult
from fraiseql.serving.response.body import Extract, LargeBody, body_of
from fraiseql.serving.response.errors import ending

_BEGIN: Final = b'{"data":{'

_MAX_DIGESTS: Final = 8
"""Root fields of an operation above which its response has no etag: it would be too long."""


def assemble(
    parts: Sequence[RootPart], results: Sequence[FieldResult], extensions: Mapping[str, Any] | None
) -> bytes | LargeBody:
    """Return the body: the values in the operation's order, then errors and extensions."""
    segments: list[bytes | Extract] = []
    errors: list[Mapping[str, Any]] = []
    separator = _BEGIN
    for part, result in zip(parts, results, strict=True):
        errors += result.errors
        if result.value is None:
            # A non-null field is null: data is null, and later fields report no errors.
            return body_of((b'{"data":null', ending(errors, extensions)))
        segments += (separator + part.name, result.value)
        separator = b","
    return body_of((*segments, b"}", ending(errors, extensions)))


def joined_values(parts: Sequence[RootPart], hits: Sequence[CacheResult]) -> bytes:
    """Return the body of a response without errors and extensions."""
    segments: list[bytes] = []
    separator = _BEGIN
    for part, hit in zip(parts, hits, strict=True):
        segments += (separator, part.name, hit.value or b"")
        separator = b","
    segments.append(b"}}")
    return b"".join(segments)


def cached(split: Split, results: Sequence[FieldResult], identity: Identity) -> CacheStatus:
    """Return the cache metadata of a response."""
    answers: dict[str, CacheResult] = {}
    private, max_age, failed = identity is not Identity.NONE, inf, False
    for part, result in zip(split.parts, results, strict=True):
        failed = failed or bool(result.errors)
        variant = part.variant(identity)
        if variant is not None and result.answered is not None:
            answers[part.key] = result.answered
            computed = result.answered.computed
            # A browser must not reuse it for the same client with other cookies.
            failed = failed or (computed is not None and bool(computed.unvaried))
            private = private or variant.unit.private
            max_age = min(max_age, _left(variant.unit.max_age, result.answered.lag_seconds))
    whole = not failed and len(answers) == split.roots
    return CacheStatus(
        answers,
        roots=split.roots,
        whole=whole,
        etag=_etag(split, results) if whole else "",
        unchanged=any(result.unchanged for result in results),
        max_age=max_age,
        private=private,
    )


def client_etags(split: Split, etags: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the digests of the values that the client has, by response key."""
    keys = [part.key for part in split.parts if not part.constant]
    by_key: dict[str, set[str]] = {key: set() for key in keys}
    for etag in etags:
        keys_digest, *digests = etag.split(".")
        if keys_digest == split.keys_digest and len(digests) == len(keys):
            for key, digest in zip(keys, digests, strict=True):
                by_key[key].add(digest)
    return {key: frozenset(digests) for key, digests in by_key.items()}


def _etag(split: Split, results: Sequence[FieldResult]) -> str:
    """Return the digests of a response's keys and of each value; empty for no etag."""
    digests = []
    for part, result in zip(split.parts, results, strict=True):
        if part.constant:
            continue
        # The reported staleness changes while the value does not.
        if (
            result.answered is None
            or not result.answered.etag
            or result.reports
            or result.answered.lag_seconds != 0
        ):
            return ""
        digests.append(result.answered.etag)
    return joined_etag(split, digests)


def joined_etag(split: Split, digests: Sequence[str]) -> str:
    """Return the digests of a response's keys and of its values; empty for no etag."""
    if split.roots > _MAX_DIGESTS or not all(digests):
        return ""
    return ".".join([split.keys_digest, *digests])


def _left(max_age: float, seconds: float | None) -> float:
    """Return for how much longer a value may be reused that is ``seconds`` behind."""
    return 0.0 if seconds is None else max(0.0, max_age - seconds)
