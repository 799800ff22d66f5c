"""What enters and leaves the serving road, free of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fraiseql.serving.body import LargeBody


@dataclass(slots=True)
class Request:
    """One GraphQL request.

    Attributes:
        query: The document's text.
        operation_name: Which operation of the document; None when it has only one.
        variables: As decoded from JSON.
        read_only: True for GET: anything but a query is refused.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    read_only: bool = False


@dataclass(slots=True)
class Response:
    """One GraphQL response.

    Attributes:
        body: The whole JSON text, UTF-8; a large one comes in pieces.
        executed: False for a request error: there is no ``data`` key.
        status: HTTP status for ``application/graphql-response+json``: 200 when executed.
    """

    body: bytes | LargeBody
    executed: bool = True
    status: int = 200
