"""Protocols of all that the ASGI application serves."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from fraiseql.database import Identity
from fraiseql.events import Timings
from fraiseql.http.asgi import Receive, Scope, Send
from fraiseql.http.probes import Monitored
from fraiseql.http.repeated import RepeatedAnswers
from fraiseql.http.reply import Reply
from fraiseql.native import Engine
from fraiseql.schema import Schema
from fraiseql.serving.document.request import Request
from fraiseql.serving.native.plans import NativePlans
from fraiseql.serving.response.response import Response

Answer = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Answers a GraphQL request."""

Around = Callable[[Scope, Receive, Send, Answer], Awaitable[None]]
"""Calls the last argument with the others, and does something before and after."""

NativeAnswers = Callable[[Engine], RepeatedAnswers]
"""Connects an engine to the caches of the application."""


class Serving(Monitored, Protocol):
    """The serving pipeline for this layer."""

    @property
    def schema(self) -> Schema:
        """The declarations."""

    def execute(
        self, request: Request, context: dict[str, Any], timings: Timings
    ) -> Awaitable[Response]:
        """Answer one GraphQL request."""

    def identity(self, context: Mapping[str, Any]) -> Identity:
        """Return the role and session variables in a context."""

    @property
    def native(self) -> NativePlans:
        """Hands plans over to a native engine."""


class FurtherPage(Protocol):
    """Answers requests for a path of its own."""

    def has(self, route: str) -> bool:
        """Return whether a path below the mount point belongs to it."""

    async def reply(
        self, route: str, scope: Scope, receive: Receive, start: Callable[[], Awaitable[None]]
    ) -> Reply | None:
        """Return the answer; None where the request gets that of an unknown path.

        Args:
            route: Path below the mount point.
            scope: The ASGI scope.
            receive: Receives the body.
            start: Starts the application unless it runs.
        """
