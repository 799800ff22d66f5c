"""Joining: the values of an operation's root fields become one response, and are not read again."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any, Final

from fraiseql.database import Identity
from fraiseql.results import Answered, Cached
from fraiseql.serving.preparation.serving_plan import RootPart, Split
from fraiseql.serving.response.answer import Given
from fraiseql.serving.response.body import Extract, LargeBody, body_of
from fraiseql.serving.response.errors import ending

_MOST_DIGESTS: Final = 8
"""Root fields of an operation above which its response has no digest, which would be too long."""


def joined(
    parts: Sequence[RootPart], given: Sequence[Given], extensions: Mapping[str, Any] | None
) -> bytes | LargeBody:
    """Return the whole body: the values in the operation's order, then errors and extensions."""
    segments: list[bytes | Extract] = []
    errors: list[Mapping[str, Any]] = []
    between = b'{"data":{'
    for part, one in zip(parts, given, strict=True):
        errors += one.errors
        if one.value is None:
            # Null where none may be: so is all of data, and what comes later tells no errors.
            return body_of((b'{"data":null', ending(errors, extensions)))
        segments += (between + part.name, one.value)
        between = b","
    return body_of((*segments, b"}", ending(errors, extensions)))


def cached(split: Split, given: Sequence[Given], identity: Identity) -> Cached:
    """Return what a response tells of the caches that had a part in it."""
    answers: dict[str, Answered] = {}
    private, max_age, failed = identity is not Identity.NONE, inf, False
    for part, one in zip(split.parts, given, strict=True):
        failed = failed or bool(one.errors)
        variant = part.variant(identity)
        if variant is not None and one.answered is not None:
            answers[part.key] = one.answered
            computed = one.answered.computed
            # A browser must not give it to the same client with other cookies.
            failed = failed or (computed is not None and bool(computed.unvaried))
            private = private or variant.unit.private
            max_age = min(max_age, _left(variant.unit.max_age, one.answered.seconds))
    whole = not failed and len(answers) == split.roots
    return Cached(
        answers,
        roots=split.roots,
        whole=whole,
        etag=_etag(split, given) if whole else "",
        unchanged=any(one.unchanged for one in given),
        max_age=max_age,
        private=private,
    )


def known_values(split: Split, etags: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the digests of values that the client has by response key, out of its ``etags``."""
    keys = [part.key for part in split.parts if not part.constant]
    found: dict[str, set[str]] = {key: set() for key in keys}
    for etag in etags:
        structure, *digests = etag.split(".")
        if structure == split.structure and len(digests) == len(keys):
            for key, digest in zip(keys, digests, strict=True):
                found[key].add(digest)
    return {key: frozenset(digests) for key, digests in found.items()}


def _etag(split: Split, given: Sequence[Given]) -> str:
    """Return the digest of a response: of its keys, then of each value; empty for none."""
    digests = [split.structure]
    for part, one in zip(split.parts, given, strict=True):
        if part.constant:
            continue
        # What is said of staleness changes while the value does not.
        if one.answered is None or not one.answered.etag or one.noted or one.answered.seconds != 0:
            return ""
        digests.append(one.answered.etag)
    return ".".join(digests) if split.roots <= _MOST_DIGESTS else ""


def _left(max_age: float, seconds: float | None) -> float:
    """Return for how long a value may be given on that is ``seconds`` behind already."""
    return 0.0 if seconds is None else max(0.0, max_age - seconds)
