"""``Identity``: a context hook whose result is used again for equal headers."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fraiseql.errors import ConfigurationError
from fraiseql.http.asgi import HttpRequest
from fraiseql.http.context import ContextHook, Entries
from fraiseql.http.jwt.bearer import JWT
from fraiseql.http.validity import Validity, is_time, window_of
from fraiseql.schema.durations import seconds_of

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class DeclaredIdentity:
    """A ``context=`` hook that declares the headers which decide its result.

    The native server uses the result again for requests with the same values of these headers, and
    the outcomes of ``requires=`` that it decides.

    Args:
        headers: Names of the headers that the hook reads.
        hook: The hook, or a ``JWT``. The request that it receives has these headers and nothing
            else: no path, no client, no user of a middleware.
        ttl: How long a result may be used again: ``"30s"``. It ends with the ``exp`` of its
            ``claims`` at the latest.

    Raises:
        ConfigurationError: A header is no name, or the hook is no function.
        DeclarationError: ``ttl`` is no duration.

    Example:
        ``fraiseql.Identity(headers=["x-api-key"], hook=look_up, ttl="30s")``
    """

    def __init__(self, *, headers: Sequence[str], hook: ContextHook, ttl: str) -> None:
        self.headers = _names(headers)
        if not callable(hook):
            raise ConfigurationError(
                f"hook={hook!r} is not a function.",
                hint="Give a function of the request that returns a mapping.",
            )
        if isinstance(hook, JWT) and not set(hook.headers) <= set(self.headers):
            raise ConfigurationError(
                f"headers={headers!r} lacks a header that JWT reads.",
                hint=f"Add {', '.join(hook.headers)}.",
            )
        self._hook, self._seconds = hook, seconds_of(ttl, of="ttl")
        # For the native server.
        self.validity, self.when_replaced = self._validity, self._when_replaced
        self._raw_names = frozenset(name.encode() for name in self.headers)
        self.__qualname__ = getattr(hook, "__qualname__", type(hook).__name__)

    def __call__(self, request: HttpRequest) -> Entries | Awaitable[Entries]:
        """Return the result of the hook for the declared headers of a request."""
        lines = request.scope["headers"]
        kept = [(name, value) for name, value in lines if name.lower() in self._raw_names]
        return self._hook(HttpRequest({"type": "http", "headers": kept}))

    def _validity(self, context: Mapping[str, Any]) -> Validity:
        """Return how long the result in a context may be used again."""
        if type(self._hook) is JWT:
            own = self._hook.validity(context)
            left = self._seconds if own.seconds is None else min(self._seconds, own.seconds)
            return replace(own, seconds=left)
        claims = context.get("claims")
        if not isinstance(claims, Mapping) or "exp" not in claims:
            return Validity(seconds=self._seconds)
        if not is_time(claims["exp"]):
            return Validity(seconds=0.0)
        start, end = window_of({"exp": claims["exp"]}, 0)
        return Validity(start, end, self._seconds)

    def _when_replaced(self, call: Callable[[], None]) -> None:
        """Call a function whenever the keys of the tokens are replaced."""
        if isinstance(self._hook, JWT):
            self._hook.when_replaced(call)


def _names(headers: Sequence[str]) -> tuple[str, ...]:
    names = tuple(headers)
    valid = [isinstance(name, str) and _NAME.fullmatch(name) is not None for name in names]
    if isinstance(headers, str) or not names or not all(valid):
        raise ConfigurationError(
            f"headers={headers!r} are no names of headers.",
            hint='Write a list: ["authorization"].',
        )
    return tuple(dict.fromkeys(name.lower() for name in names))
