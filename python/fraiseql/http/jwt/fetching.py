"""Fetches a JSON document over HTTP, without redirects, within limits."""

import asyncio
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import orjson

from fraiseql.errors import ConfigurationError

_SECONDS: Final = 5.0
"""Longest wait for the connection, and for each part of the answer."""

_MOST_SECONDS: Final = 10.0
_MOST_BYTES: Final = 1_000_000
_OK: Final = 200
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class FetchError(Exception):
    """A document was not received."""


def checked_url(url: object) -> SplitResult:
    """Return the parts of an address.

    Raises:
        ConfigurationError: It is no HTTPS address, nor an HTTP address of this machine.
    """
    parts = urlsplit(url) if isinstance(url, str) else SplitResult("", "", "", "", "")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if not secure or not parts.hostname or parts.username is not None:
        raise ConfigurationError(
            f"jwks_url is {url!r}.",
            hint="Write https://… without a user: keys from an unprotected address are anyone's.",
        )
    return parts


async def fetch_json(url: SplitResult) -> Any:
    """Return the decoded document; the event loop is not blocked.

    Raises:
        FetchError: There was no answer in time, or it is not a JSON document.
    """
    try:
        body = await asyncio.wait_for(asyncio.to_thread(_read, url), _MOST_SECONDS)
        return orjson.loads(body)
    except (OSError, HTTPException, ValueError, TimeoutError) as error:
        raise FetchError(f"{type(error).__name__}: {error}") from error


def _read(url: SplitResult) -> bytes:
    host, target = url.hostname or "", url.path or "/"
    connection: HTTPConnection
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection = HTTPSConnection(host, url.port, timeout=_SECONDS, context=context)
    else:
        connection = HTTPConnection(host, url.port, timeout=_SECONDS)
    try:
        target += f"?{url.query}" if url.query else ""
        connection.request("GET", target, headers={"accept": "application/json"})
        with connection.getresponse() as response:
            if response.status != _OK:
                raise ValueError(f"status {response.status}")
            body = response.read(_MOST_BYTES + 1)
    finally:
        connection.close()
    if len(body) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    return body
