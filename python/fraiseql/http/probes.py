"""Health probes, metrics and the files of the GraphiQL page."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final, Protocol

from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.http.asgi import Scope
from fraiseql.http.errors import HttpError, not_allowed
from fraiseql.http.graphiql import file_reply
from fraiseql.http.lifecycle import Lifecycle, Startable
from fraiseql.http.reply import Reply, json_reply, reply_to_error, text_reply
from fraiseql.http.routes import request_headers
from fraiseql.settings import Settings

_PROBES: Final = frozenset({"/health", "/ready"})
_METRICS: Final = "/metrics"
_NO_STORE: Final = ((b"cache-control", b"no-store"),)


MetricSource = Callable[[], Iterable[str]]
"""Returns lines of ``/metrics``."""


class NativeConnections(Protocol):
    """Connections of the native engine, if there is one."""

    def fault(self) -> str | None:
        """Return why none can be opened, so that Python answers; None if it can."""


class Monitored(Startable, Protocol):
    """A service that reports its health."""

    @property
    def native(self) -> NativeConnections:
        """Connections of its native engine."""

    async def ready(self) -> bool:
        """Return whether the database answers."""

    def metrics(self) -> Sequence[str]:
        """Return the lines of ``/metrics``."""


class Probes:
    """Answers all requests but GraphQL.

    Args:
        service: The service to report on.
        lifecycle: Starts the service.
        settings: Settings of the application.
        path: Path of GraphQL.
        static: Path of the page's files, with a final slash.
        sources: Further lines of ``/metrics``.
    """

    def __init__(
        self,
        service: Monitored,
        lifecycle: Lifecycle,
        settings: Settings,
        path: str,
        static: str,
        *,
        sources: Sequence[MetricSource] = (),
    ) -> None:
        self._sources = sources
        self._service = service
        self._lifecycle = lifecycle
        self._settings = settings
        self._path = path
        self._static = static

    async def reply(self, route: str, scope: Scope) -> Reply:
        """Return the answer to a request for ``route``."""
        try:
            if not self._has(route):
                raise HttpError(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"GraphQL is at {self._path}.")
            if scope["method"] not in {"GET", "HEAD"}:
                raise not_allowed(scope["method"], "GET", "HEAD")
            if route == _METRICS:
                further = [line for source in self._sources for line in source()]
                return text_reply([*self._service.metrics(), *further], _NO_STORE)
            if route in _PROBES:
                return await self._probe(route)
            tag = request_headers(scope).get(b"if-none-match")
            return file_reply(route.removeprefix(self._static), tag)
        except HttpError as error:
            return reply_to_error(error)

    def _has(self, route: str) -> bool:
        if route == _METRICS:
            return self._settings.metrics
        page = self._settings.graphiql and route.startswith(self._static)
        return page or route in _PROBES

    async def _probe(self, route: str) -> Reply:
        if route == "/health":
            return json_reply(HTTPStatus.OK, {"status": "ok"}, _NO_STORE)
        if await self._ready():
            # Python answers all requests; the log has the reason.
            away = {} if self._service.native.fault() is None else {"native": "not connected"}
            return json_reply(HTTPStatus.OK, {"status": "ready", **away}, _NO_STORE)
        return json_reply(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not ready"}, _NO_STORE)

    async def _ready(self) -> bool:
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                if not self._lifecycle.started:
                    await self._lifecycle.start()
                return await self._service.ready()
        except (FraiseQLError, TimeoutError) as error:
            logger.warning("Not ready: %s", error)
            return False
