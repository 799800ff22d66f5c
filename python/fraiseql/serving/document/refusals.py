"""Cache of refused documents, so that refusing one again is cheap."""

from hashlib import blake2b
from typing import Final

from fraiseql.bounded import Bounded
from fraiseql.serving.document.operation import RequestError
from fraiseql.serving.document.request import Request

_MAX_ENTRIES: Final = 1_000
_MAX_BYTES: Final = 1_000_000
_MAX_ENTRY_BYTES: Final = 16_384
_OVERHEAD: Final = 1_000
"""Estimated bytes of one entry without its messages."""

Digest = bytes


def digest_of(request: Request, view: int) -> Digest:
    """Return a digest of a document, the chosen operation and the number of a schema."""
    digest = blake2b(digest_size=16)
    digest.update(request.query.encode("utf-8", "surrogatepass"))
    digest.update(
        f"\0{request.operation_name}\0{request.read_only}\0{view}".encode("utf-8", "surrogatepass")
    )
    return digest.digest()


class Refusals:
    """Recent refusals, at most a million bytes of them."""

    def __init__(self) -> None:
        self._entries: Bounded[Digest, RequestError] = Bounded(_MAX_ENTRIES, _MAX_BYTES)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """Estimated bytes of the refusals."""
        return self._entries.weight

    def check(self, digest: Digest) -> None:
        """Refuse a document that was refused before.

        Raises:
            RequestError: The document was refused before.
        """
        error = self._entries.get(digest)
        if error is not None:
            raise error.again()

    def add(self, digest: Digest, error: RequestError) -> None:
        """Add a refusal, evicting the oldest."""
        size = _OVERHEAD + sum(len(part.message) for part in error.errors)
        if size <= _MAX_ENTRY_BYTES:
            self._entries.put(digest, error.again(), size)
