"""Permission to read the ops page."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from fraiseql.events import logger
from fraiseql.http.asgi import HttpRequest

OpsHook = Callable[[HttpRequest], bool | Awaitable[bool]]
"""Returns whether a request may read the page, and purge caches."""

_FORWARDED: Final = frozenset({"forwarded", "via", "x-real-ip", "true-client-ip"})
_FORWARDED_PREFIXES: Final = ("x-forwarded", "cf-", "x-envoy-", "x-original-")
_SAME_SITE: Final = frozenset({"same-origin", "none"})


async def is_allowed(hook: OpsHook | None, request: HttpRequest) -> bool:
    """Return whether a request may read the page.

    Anything but True refuses it, an error of the hook too, which is logged.

    Args:
        hook: The application's function; None allows requests of this machine.
        request: The request.
    """
    if hook is None:
        return is_local(request)
    try:
        verdict = hook(request)
        allowed: object = await verdict if inspect.isawaitable(verdict) else verdict
    except Exception as error:  # noqa: BLE001 - a hook that fails must not open the page.
        logger.exception("ops_allowed failed, so the ops page is refused.", exc_info=error)
        return False
    if not isinstance(allowed, bool):
        logger.error("ops_allowed returned %r, which is not True or False.", allowed)
    return allowed is True


def is_local(request: HttpRequest) -> bool:
    """Return whether a request was sent on this machine and by no proxy.

    Servers take the address of the client from ``X-Forwarded-For``, which clients can write.
    Therefore a request with a header of proxies is not local, whatever it contains. Neither is one
    of HTTP/1.0: nginx sends it without such a header unless it is configured, and no browser does.
    The host must be a loopback name too: a page of another site may point a name of its own at this
    machine.
    """
    return (
        request.client is not None
        and request.scope.get("http_version") != "1.0"
        and _is_loopback(request.client[0])
        and _has_local_host(request.headers)
        and not any(map(_is_of_proxy, request.headers))
    )


def is_of_this_site(headers: Mapping[str, str]) -> bool:
    """Return whether a request does not come from a page of another site."""
    return headers.get("sec-fetch-site", "none") in _SAME_SITE


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Return whether a POST was sent by a page of this application: its origin is its host."""
    origin = urlsplit(headers.get("origin", ""))
    same = bool(origin.netloc) and origin.netloc == headers.get("host")
    return same and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _is_of_proxy(header: str) -> bool:
    return header in _FORWARDED or header.startswith(_FORWARDED_PREFIXES)


def _has_local_host(headers: Mapping[str, str]) -> bool:
    host = headers.get("host", "")
    try:
        name = "" if "@" in host else urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
