"""Refusals: documents that were refused lately, so that sending one again costs next to nothing."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from fraiseql.serving.document.operation import RequestError
from fraiseql.serving.request import Request

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
        self._entries: OrderedDict[Digest, tuple[RequestError, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def check(self, digest: Digest) -> None:
        """Refuse again what was refused.

        Raises:
            RequestError: The document was refused.
        """
        entry = self._entries.get(digest)
        if entry is not None:
            self._entries.move_to_end(digest)
            raise entry[0].again()

    def add(self, digest: Digest, error: RequestError) -> None:
        """Remember a refusal; the oldest ones make room for it."""
        size = _OVERHEAD + sum(len(one.message) for one in error.errors)
        if size > _MOST_OF_ONE or digest in self._entries:
            return
        self._entries[digest] = (error.again(), size)
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            _, (_, removed) = self._entries.popitem(last=False)
            self._bytes -= removed
