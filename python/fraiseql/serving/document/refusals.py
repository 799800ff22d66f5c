"""Refusals: documents that were refused lately, so that sending one again costs next to nothing."""

from hashlib import blake2b
from typing import Final

from fraiseql.bounded import Bounded
from fraiseql.serving.document.operation import RequestError
from fraiseql.serving.document.request import Request

_MOST: Final = 1_000
_MOST_BYTES: Final = 1_000_000
_MOST_OF_ONE: Final = 16_384
_OVERHEAD: Final = 1_000
"""Bytes of one entry beside its messages, about."""

Digest = bytes


def digest_of(request: Request) -> Digest:
    """Return what tells a document and the choice of its operation from every other one."""
    digest = blake2b(digest_size=16)
    digest.update(request.query.encode("utf-8", "surrogatepass"))
    digest.update(
        f"\0{request.operation_name}\0{request.read_only}".encode("utf-8", "surrogatepass")
    )
    return digest.digest()


class Refusals:
    """Holds refusals, at most a million bytes of them."""

    def __init__(self) -> None:
        self._entries: Bounded[Digest, RequestError] = Bounded(_MOST, _MOST_BYTES)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """About how many bytes the refusals take."""
        return self._entries.weight

    def check(self, digest: Digest) -> None:
        """Refuse again what was refused.

        Raises:
            RequestError: The document was refused.
        """
        error = self._entries.get(digest)
        if error is not None:
            raise error.again()

    def add(self, digest: Digest, error: RequestError) -> None:
        """Remember a refusal; the oldest ones make room for it."""
        size = _OVERHEAD + sum(len(one.message) for one in error.errors)
        if size <= _MOST_OF_ONE:
            self._entries.put(digest, error.again(), size)
