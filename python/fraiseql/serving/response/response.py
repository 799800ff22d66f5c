"""GraphQL response, independent of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fraiseql.results import CacheStatus
from fraiseql.serving.response.body import LargeBody


@dataclass(slots=True)
class Response:
    """One GraphQL response.

    Attributes:
        body: The JSON text, UTF-8; a large one in pieces.
        executed: False for a request error: there is no ``data`` key.
        status: HTTP status for ``application/graphql-response+json``: 200 when executed.
            503, when the database was unavailable for all of it, holds for every media type.
        cached: Its cache metadata; None without result caches. When it is ``unchanged``, the client
            has the response, and the body is empty.
        withheld: Why stored types were read live for the request's role, in one word, by type name.
    """

    body: bytes | LargeBody
    executed: bool = True
    status: int = 200
    cached: CacheStatus | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)
