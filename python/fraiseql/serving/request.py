"""What enters and leaves the serving road, free of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fraiseql.results import Cached
from fraiseql.serving.body import LargeBody


@dataclass(slots=True)
class Request:
    """One GraphQL request.

    Attributes:
        query: The document's text.
        operation_name: Which operation of the document; None when it has only one.
        variables: As decoded from JSON.
        read_only: True for GET: anything but a query is refused.
        etags: Digests of responses that the client has: of ``Response.cached``.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    read_only: bool = False
    etags: tuple[str, ...] = ()


@dataclass(slots=True)
class Response:
    """One GraphQL response.

    Attributes:
        body: The whole JSON text, UTF-8; a large one comes in pieces.
        executed: False for a request error: there is no ``data`` key.
        status: HTTP status for ``application/graphql-response+json``: 200 when executed.
            503, where the database was away for all of it, holds for every media type.
        cached: How result caches had a part in it; None where none had. Where it is ``unchanged``,
            the client has the response, and the body is empty.
        withheld: Why types were read live for the request's role although they are stored, in one
            word, by their names.
    """

    body: bytes | LargeBody
    executed: bool = True
    status: int = 200
    cached: Cached | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)
