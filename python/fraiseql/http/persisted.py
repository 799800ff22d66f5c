"""Automatic persisted queries (APQ)."""

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fraiseql.bounded import Bounded
from fraiseql.http.errors import HttpError, bad_request

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MAX_BYTES: Final = 4_000_000
_MOST: Final = 100_000


class PersistedQueries:
    """Documents by their SHA-256 digest; the least recently used are dropped first.

    Each process has its own. After ``PersistedQueryNotFound`` a client sends the document again,
    as Apollo Client and urql do.

    Args:
        max_bytes: Maximum bytes of all documents.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._documents: Bounded[str, str] = Bounded(_MOST, max_bytes)

    def document(self, query: str | None, extensions: Mapping[str, Any] | None) -> str | None:
        """Return the document of a request, sent with it or looked up by its digest.

        Args:
            query: The document in the request, if any.
            extensions: Of the request; ``persistedQuery`` holds ``version`` 1 and ``sha256Hash``.

        Raises:
            HttpError: The digest is malformed, wrong or unknown.
        """
        entry = extensions.get("persistedQuery") if extensions else None
        if entry is None:
            return query
        digest = _digest(entry)
        if query is None:
            return self._find(digest)
        if hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest() != digest:
            raise bad_request("The sha256Hash of persistedQuery does not match 'query'.")
        return self._documents.put(digest, query, len(query))

    def _find(self, digest: str) -> str:
        document = self._documents.get(digest)
        if document is None:
            # Clients compare the message and expect status 200.
            raise HttpError(HTTPStatus.OK, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return document


def _digest(entry: Any) -> str:
    digest = entry.get("sha256Hash") if isinstance(entry, dict) else None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or entry.get("version") != 1:
        raise bad_request(
            "'persistedQuery' must be an object with version 1 and sha256Hash, 64 hexadecimal"
            " digits in lower case."
        )
    return digest
