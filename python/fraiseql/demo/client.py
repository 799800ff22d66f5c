"""GraphQL client over one persistent HTTP connection."""

import json
import selectors
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self

_TIMEOUT = 60.0
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/graphql-response+json",
}


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response.

    Attributes:
        status: HTTP status.
        body: JSON text.
        cache: ``Cache-Status``; empty without a result cache.
        seconds: From the first byte sent to the last one received.
    """

    status: int
    body: bytes
    cache: str
    seconds: float


class HttpClient:
    """Posts operations to one address; usable as a context manager.

    Args:
        host: Name or address of the server.
        port: Its port.
        path: Where GraphQL is served.
    """

    def __init__(self, host: str, port: int, path: str = "/graphql") -> None:
        self._connection = HTTPConnection(host, port, timeout=_TIMEOUT)
        self._path = path

    def post(self, query: str, variables: Mapping[str, Any]) -> HttpResponse:
        """Send an operation and wait for its answer.

        Raises:
            OSError, http.client.HTTPException: The server is away or does not speak HTTP.
        """
        text = json.dumps({"query": query, "variables": dict(variables)})
        self._leave_if_closed()
        start = time.perf_counter()
        self._connection.request("POST", self._path, text, _HEADERS)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - start
        return HttpResponse(response.status, body, response.getheader("Cache-Status", ""), seconds)

    def _leave_if_closed(self) -> None:
        """Leave a connection that the server closed in a pause; the next one opens by itself."""
        if self._connection.sock is None:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection.sock, selectors.EVENT_READ)
            # Between two responses there is nothing else to read.
            if selector.select(0):
                self._connection.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._connection.close()
