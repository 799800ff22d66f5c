"""Identities of requests, for the native server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Protocol

import orjson

from fraiseql.database import Identity
from fraiseql.database.messages import identity_sql
from fraiseql.errors import FraiseQLError
from fraiseql.http.context import ContextHook
from fraiseql.http.identity import DeclaredIdentity
from fraiseql.http.jwt.bearer import JWT
from fraiseql.http.validity import Validity
from fraiseql.native import Engine


class DeclaredHook(Protocol):
    """A context hook that declares which headers decide its result."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of the headers, in lower case."""

    def validity(self, context: Mapping[str, Any]) -> Validity:
        """Return how long its result is valid.

        Args:
            context: A context with its result.
        """

    def when_replaced(self, call: Callable[[], None]) -> None:
        """Call a function whenever no earlier result is valid any more."""


def declared_hook(hook: ContextHook | None) -> DeclaredHook | None:
    """Return a hook that declares its headers; None for any other."""
    # The result of a subclass may depend on more.
    return hook if type(hook) in _DECLARED else None  # type: ignore[return-value]


_DECLARED: Final = (JWT, DeclaredIdentity)

Mark = tuple[int, float]
"""The edition, and the time in seconds, at which a hook is called."""


@dataclass(slots=True)
class Offered:
    """An identity that was handed over.

    Attributes:
        edition: Its edition.
        until: When it ends, by the clock of the process; None if its window alone ends it.
        values: Values of the declared headers.
        content: The identity as Rust reads it, without the time that is left.
        number: Its number; None if it was not taken.
    """

    edition: int
    until: float | None
    values: list[bytes | None]
    content: Mapping[str, Any]
    number: int | None = None


class NativeIdentities:
    """Tells an engine the role and session variables of clients.

    Python decides each identity: it verifies the token. Rust uses it again for requests with the
    same bytes in the declared headers, as long as it is valid.

    Args:
        engine: The engine.
        hook: The context hook of the application.
        identity: Returns the role and session variables in a context.

    """

    def __init__(
        self,
        engine: Engine,
        hook: DeclaredHook,
        identity: Callable[[Mapping[str, Any]], Identity],
    ) -> None:
        self._engine, self._hook, self._identity = engine, hook, identity
        self._names = [name.encode() for name in hook.headers]
        engine.declare(self._names)
        self._edition = 0
        self._begin()
        hook.when_replaced(self._begin)

    def mark(self) -> Mark:
        """Return the mark of a call of the hook that begins now."""
        return self._edition, monotonic()

    def offer(
        self, mark: Mark, headers: Mapping[bytes, bytes], context: Mapping[str, Any]
    ) -> Offered | None:
        """Hand over the identity of a request; None if it has none that may be used again.

        Args:
            mark: The mark from before the hook was called.
            headers: Headers of the request.
            context: The context, with the result of the hook and of nothing else.
        """
        edition, began = mark
        validity = self._hook.validity(context)
        until = None if validity.seconds is None else began + validity.seconds
        try:
            content = _content(self._identity(context), validity)
        except FraiseQLError:
            # Python refuses each request with these headers.
            return None
        values = [headers.get(name) for name in self._names]
        offered = Offered(edition, until, values, content)
        self.add_rights(offered, {})
        return offered

    def add_rights(self, offered: Offered, outcomes: Mapping[int, bool]) -> None:
        """Hand over outcomes of checks for an identity.

        Args:
            offered: The identity.
            outcomes: Outcomes that only the result of the hook decides, by the check's number.
        """
        offered.number = None
        left = None if offered.until is None else offered.until - monotonic()
        if left is not None and left <= 0:
            return
        content = {**offered.content, "seconds": left, "rights": list(outcomes.items())}
        try:
            text = orjson.dumps(content)
        except orjson.JSONEncodeError:
            # PostgreSQL cannot store a text with half a pair of surrogates.
            return
        offered.number = self._engine.identify(offered.edition, offered.values, text)

    def _begin(self) -> None:
        self._edition = self._engine.begin_identities()


def _content(identity: Identity, validity: Validity) -> Mapping[str, Any]:
    """Return an identity as Rust reads it."""
    setting = {
        "text": identity_sql(identity),
        "values": [text for pair in identity.settings for text in pair],
        "role": identity.role,
    }
    return {
        "setting": setting if identity.settings else None,
        "window": [validity.start, validity.end],
    }
