"""ASGI types, and the HTTP request for resolvers and the context hook."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class HttpRequest:
    """The HTTP request that carries an operation: ``info.context["request"]``.

    Attributes:
        scope: The ASGI scope from the server or a middleware, with ``scope["user"]`` and
            ``scope["state"]``.
    """

    __slots__ = ("_headers", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._headers: dict[str, str] | None = None

    @property
    def method(self) -> str:
        """The method in upper case."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The decoded path."""
        return str(self.scope["path"])

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of the peer, if the server knows them."""
        peer = self.scope.get("client")
        return (str(peer[0]), int(peer[1])) if peer else None

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name; repeated headers are joined with a comma."""
        if self._headers is None:
            joined: dict[str, str] = {}
            for raw_name, raw_value in self.scope["headers"]:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
            self._headers = joined
        return self._headers
