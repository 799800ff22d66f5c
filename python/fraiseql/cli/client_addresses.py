"""Addresses of clients behind proxies, for the access log.

Imported only where uvicorn runs, as ``http_protocol``.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

Address = tuple[str, int]
"""Host and port."""


class ClientAddresses:
    """Asks uvicorn's middleware for the address that it would give the application.

    Args:
        config: Configuration of the server, with the proxies that it trusts.
    """

    def __init__(self, config: Config) -> None:
        self._middleware: Any = None
        if config.proxy_headers:
            trusted = config.forwarded_allow_ips
            self._middleware = ProxyHeadersMiddleware(_nothing, trusted_hosts=trusted)

    def of(self, client: Address | None, forwarded: Sequence[bytes]) -> Address | None:
        """Return the address of the client of a connection.

        Args:
            client: The other end of the connection.
            forwarded: The values of ``x-forwarded-for``.
        """
        if self._middleware is None or not forwarded:
            return client
        headers = [(b"x-forwarded-for", value) for value in forwarded]
        scope = {"type": "http", "client": client, "headers": headers}
        asked = self._middleware(scope, _nothing, _nothing)
        # It waits for nothing but the application, which does not wait.
        with suppress(StopIteration):
            asked.send(None)
        return scope["client"]  # type: ignore[return-value]


async def _nothing(*_arguments: Any) -> None:
    """Take the place of the application."""
