"""The ASGI application: GraphQL, GraphiQL, /health, /ready and /metrics.

Steps of a request: route, negotiate, read, execute, reply. All errors end here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from fraiseql.error_log import ErrorLog
from fraiseql.errors import FraiseQLError
from fraiseql.events import Timings
from fraiseql.http.asgi import HttpRequest, Receive, Scope, Send
from fraiseql.http.cache_headers import cache_headers, cache_status, known_etags, withheld_header
from fraiseql.http.context import ContextHook, add_context
from fraiseql.http.csrf import check_get, check_post
from fraiseql.http.deadline import Deadline, DeadlineClock, Ending
from fraiseql.http.errors import Headers, HttpError, not_allowed
from fraiseql.http.framework_errors import framework_error
from fraiseql.http.graphiql import page_reply
from fraiseql.http.identity import DeclaredIdentity
from fraiseql.http.lifecycle import Lifecycle, Startable
from fraiseql.http.native_headers import NativeHeaders
from fraiseql.http.native_identities import NativeIdentities, Offered, declared_hook
from fraiseql.http.negotiate import JSON, Accepted, Media, negotiate
from fraiseql.http.persisted import PersistedQueries
from fraiseql.http.probes import MetricSource, Probes
from fraiseql.http.repeated import RepeatedAnswers, SentRequest, offer
from fraiseql.http.reply import (
    FOR_GET,
    Reply,
    error_reply,
    graphql_reply,
    late_reply,
    may_be_shown,
    reply_to_error,
    send_reply,
)
from fraiseql.http.request import ClientGone, from_body, from_query_string, read_body
from fraiseql.http.routes import request_headers, route_of
from fraiseql.http.served import Around, FurtherPage, NativeAnswers, Serving
from fraiseql.native import Engine
from fraiseql.results import CacheStatus
from fraiseql.serving.document.request import Request
from fraiseql.serving.native.refusals import CONTEXT, ROLE
from fraiseql.settings import Settings

_CLIENT_GONE = 499


class Application:
    """The ASGI application (http and lifespan scopes).

    It sends no CORS headers: wrap it in a CORS middleware for other origins.

    Args:
        service: The serving pipeline of the application.
        settings: Settings; the defaults when None.
        path: Path of GraphQL; when mounted, the mount point serves it too.
        context: Returns further entries of ``info.context`` for a request; may be async. Raise or
            return ``fraiseql.Unauthenticated`` (401) or ``Forbidden`` (403) to refuse it; an
            ``HTTPException`` of Starlette or FastAPI keeps its status.
        graphiql_query: Initial query of GraphiQL.
        around: Called for each GraphQL request.
        metrics: Return lines of ``/metrics``, besides those of the service.
        background: Started after the service and stopped before it, without delaying either.
        page: Answers requests for the path of a further page.
        native: Returns the answers that a native server in front may repeat; None where it may
            repeat none.

    Attributes:
        service: The serving pipeline, for tools such as ``fraiseql schema``.
        settings: The settings in use.
        path: Path of GraphQL.
        repeated: Answers that a native server repeats; None for none.
    """

    def __init__(
        self,
        service: Serving,
        settings: Settings | None = None,
        *,
        path: str = "/graphql",
        context: ContextHook | None = None,
        graphiql_query: str = "",
        background: Sequence[Startable] = (),
        metrics: Sequence[MetricSource] = (),
        around: Around | None = None,
        page: FurtherPage | None = None,
        native: NativeAnswers | None = None,
    ) -> None:
        self.service = service
        self.settings = settings or Settings()
        self.path = path
        self._static = path.rstrip("/") + "/static/"
        self.repeated: RepeatedAnswers | None = None
        self._declared = declared_hook(context)
        # A check of requires= may read cookies, with and without a hook.
        self._personal = context is not None or service.schema.guards.present
        self._native_answers = native
        self._around = around
        self._further = page
        self._context = context
        self._graphiql_query = graphiql_query
        self._lifecycle = Lifecycle(service, background)
        self._probes = Probes(
            service, self._lifecycle, self.settings, path, self._static, sources=metrics
        )
        self._clock = DeadlineClock()
        self._persisted = PersistedQueries()
        self._native_headers: NativeHeaders | None = None
        self._native_identities: NativeIdentities | None = None
        if context is not None and self._declared is None:
            service.native.refusal = CONTEXT
        service.native.keeps_rights = type(context) is DeclaredIdentity
        if context is None and self.settings.role_required:
            service.native.refusal = ROLE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        kind = scope["type"]
        if kind == "http":
            root, route = route_of(scope)
            if route == self.path or (root and route in {"", "/"}):
                if self._around is None:
                    await self._graphql(scope, receive, send)
                else:
                    await self._around(scope, receive, send, self._graphql)
            else:
                reply = await self._other(route, scope, receive)
                await send_reply(send, reply, head=scope["method"] == "HEAD")
        elif kind == "lifespan":
            await self._lifecycle.run(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def serve_natively(self, engine: Engine) -> bool:
        """Give a native server plans, and answers that it may repeat.

        Args:
            engine: Engine of the server; it gets plans from the next start on.

        Returns:
            False where each request needs Python: nothing is handed over.
        """
        if self._around is not None or (self._context is not None and self._declared is None):
            return False
        if self._declared is not None:
            identify = self.service.identity
            self._native_identities = NativeIdentities(engine, self._declared, identify)
        self._native_headers = NativeHeaders(engine, self.settings)
        self.service.native.engine = engine
        if self._native_answers is not None:
            self.repeated = self._native_answers(engine)
        return True

    async def start(self) -> None:
        """Start the service; for servers without lifespan. The first request does so too."""
        await self._lifecycle.start()

    async def stop(self) -> None:
        """Stop the service; for servers without lifespan."""
        await self._lifecycle.stop()

    async def _other(self, route: str, scope: Scope, receive: Receive) -> Reply:
        """Answer a request that is not GraphQL."""
        page = self._further
        if page is not None and page.has(route):
            try:
                reply = await page.reply(route, scope, receive, self._lifecycle.ensure_started)
            except ClientGone:
                return Reply(_CLIENT_GONE, [(b"content-length", b"0")], b"")
            except Exception as error:  # noqa: BLE001 - the outermost handler, as in ``_reply``.
                return self._failed(error, JSON)
            if reply is not None:
                return reply
        return await self._probes.reply(route, scope)

    async def _graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = request_headers(scope)
        accepted = negotiate(headers.get(b"accept"))
        if accepted.html and scope["method"] == "GET" and self.settings.graphiql:
            await send_reply(send, self._page(scope))
            return
        reply = await self._reply(scope, headers, accepted, receive)
        if reply is not None:
            await send_reply(send, reply)
            return
        # The client is gone, but a middleware may need a response.
        with suppress(OSError):
            await send_reply(send, Reply(_CLIENT_GONE, [(b"content-length", b"0")], b""))

    async def _reply(
        self, scope: Scope, headers: Mapping[bytes, bytes], accepted: Accepted, receive: Receive
    ) -> Reply | None:
        """Answer within the deadline; None if the client has disconnected."""
        media = accepted.media or JSON
        deadline = Deadline(self.settings.request_timeout, self._clock)
        try:
            try:
                return await self._answer(scope, headers, accepted, receive, deadline)
            finally:
                deadline.close()
        except asyncio.CancelledError:
            if deadline.ending is None:
                raise
            return self._ended(deadline.ending, media)
        except ClientGone:
            return None
        except Exception as error:  # noqa: BLE001 - the outermost handler: after any error
            # the client gets a response and the log a traceback.
            return self._failed(error, media)

    async def _answer(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        accepted: Accepted,
        receive: Receive,
        deadline: Deadline,
    ) -> Reply:
        media = accepted.media
        if media is None:
            raise _not_acceptable()
        repeated = self.repeated
        begun = None if repeated is None else repeated.begin()
        request, body = await self._request(scope, headers, receive)
        if request.read_only:
            request.etags = known_etags(headers, media)
        deadline.watch(receive)
        if not self._lifecycle.started:
            await self._lifecycle.start()
        context: dict[str, Any] = {"request": HttpRequest(scope)}
        offered: Offered | None = None
        if self._context is not None:
            offered = await self._identify(self._context, headers, context)
        if self._native_headers is not None:
            self._native_headers.learn(headers, accepted, read_only=request.read_only)
        timings = Timings()
        response = await self.service.execute(request, context, timings)
        client = self._client(offered, request)
        extra: Headers = FOR_GET if request.read_only else ()
        if response.cached is not None:
            extra = self._cache_headers(response.cached, request, headers, media)
        if response.withheld:
            extra = (*extra, withheld_header(response.withheld))
        reply = graphql_reply(response, media, timings, extra=extra)
        if repeated is not None and client is not None:
            query, lines = scope["query_string"], scope["headers"]
            sent = SentRequest(scope["method"] == "GET", query, lines, body, client)
            offer(repeated, begun, sent, response, reply)
        return reply

    async def _identify(
        self, hook: ContextHook, headers: Mapping[bytes, bytes], context: dict[str, Any]
    ) -> Offered | None:
        """Add the entries of the application's hook to a context; hand over the identity."""
        identities = self._native_identities
        if identities is None:
            await add_context(hook, context)
            return None
        mark = identities.mark()
        await add_context(hook, context)
        return identities.offer(mark, headers, context)

    def _client(self, offered: Offered | None, request: Request) -> int | None:
        """Return the number of a client; None if its rights or its identity do not last."""
        identities = self._native_identities
        if request.outcomes is None or (offered is None and self._context is not None):
            return None
        if offered is None or identities is None:
            return 0
        if request.outcomes:
            identities.add_rights(offered, request.outcomes)
        return offered.number

    def _cache_headers(
        self, cached: CacheStatus, request: Request, headers: Mapping[bytes, bytes], media: Media
    ) -> Headers:
        if not request.read_only:
            return (cache_status(cached),)
        return cache_headers(cached, headers, media, personal=self._personal)

    async def _request(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> tuple[Request, bytes]:
        """Return the request, and its body."""
        method = scope["method"]
        limit = self.settings.max_body_bytes
        if method == "POST":
            check_post(headers)
            body = await read_body(receive, headers.get(b"content-length"), limit)
            return from_body(body, self._persisted), body
        if method == "GET":
            check_get(headers)
            return from_query_string(scope["query_string"], limit, self._persisted), b""
        raise not_allowed(method, "GET", "POST")

    def _page(self, scope: Scope) -> Reply:
        root, _ = route_of(scope)
        return page_reply(scope["path"], root + self._static, self._graphiql_query)

    def _ended(self, ending: Ending, media: Media) -> Reply | None:
        if ending is Ending.CLIENT_GONE:
            return None
        return late_reply(self.settings.request_timeout, media)

    def _failed(self, error: Exception, media: Media) -> Reply:
        mapped = framework_error(error)
        if mapped is not None:
            return reply_to_error(mapped, media)
        extensions = ErrorLog().extensions(error)
        if isinstance(error, FraiseQLError) and may_be_shown(error):
            return reply_to_error(error, media, extensions)
        message = f"Internal server error: {error!r}" if self.settings.debug else None
        return error_reply(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            message or "Internal server error",
            media=media,
            extensions=extensions,
        )


def _not_acceptable() -> HttpError:
    return HttpError(
        HTTPStatus.NOT_ACCEPTABLE,
        "NOT_ACCEPTABLE",
        "Accept application/graphql-response+json or application/json.",
    )
