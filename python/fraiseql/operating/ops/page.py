"""The ops page, its data and its only action."""

import posixpath
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any, Final
from urllib.parse import parse_qs

from fraiseql.errors import ConfigurationError, DatabaseUnavailable, FraiseQLError
from fraiseql.http.asgi import HttpRequest, Receive, Scope
from fraiseql.http.errors import HttpError, bad_request, not_allowed
from fraiseql.http.reply import NOSNIFF, Reply, error_reply, json_reply, reply_to_error
from fraiseql.http.request import read_body
from fraiseql.http.routes import route_of
from fraiseql.operating.ops.access import OpsHook, is_allowed, is_of_this_site, is_same_origin
from fraiseql.operating.ops.reading import TabReading, begin_all
from fraiseql.operating.ops.tables import TabContents, contents_html
from fraiseql.operating.ops.tabs import Tabs

PATH: Final = "/fraiseql"
_FILES: Final = {
    "page.js": b"text/javascript; charset=utf-8",
    "page.css": b"text/css; charset=utf-8",
    "icon.svg": b"image/svg+xml",
}
_POLICY: Final = (
    b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    b"object-src 'none'"
)
_NO_STORE: Final = (b"cache-control", b"no-store")
_HEADERS: Final = (NOSNIFF, _NO_STORE, (b"referrer-policy", b"no-referrer"))
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_SOON: Final = 0.02
"""Seconds that the data wait for readings; those that take longer are in the next data."""

_WHOLE: Final = 10.0
"""Seconds that the page waits for readings, for browsers without scripts."""

_MOST_BYTES: Final = 10_000
_MOST_DIGITS: Final = 18


def check_ops(path: str, hook: object) -> None:
    """Check the path of GraphQL and the argument ``ops_allowed``.

    Raises:
        ConfigurationError: GraphQL has the path of the page, or the hook is not callable.
    """
    if path == PATH or path.startswith(f"{PATH}/"):
        raise ConfigurationError(
            f"path is {path!r}, which is the path of the ops page.", hint='Write "/graphql".'
        )
    if hook is not None and not callable(hook):
        raise ConfigurationError(
            f"ops_allowed is {hook!r}, which is not a function.",
            hint="Give a function of the request that returns True or False.",
        )


class OpsPage:
    """Answers requests for ``/fraiseql`` and for paths below it.

    Args:
        tabs: Its contents.
        hook: Decides who may read it; None for requests of this machine.
    """

    def __init__(self, tabs: Tabs, hook: OpsHook | None = None) -> None:
        self._tabs = tabs
        self._hook = hook
        self._process = secrets.token_hex(4)
        self._began = time()
        self._answers: Mapping[str, Callable[[HttpRequest], Awaitable[Reply]]] = {
            "": self._page,
            "/": self._page,
            "/plain": self._plain,
            "/data.json": self._data,
            "/operation.json": self._operation,
            "/plan.json": self._plan,
        }

    def has(self, route: str) -> bool:
        """Return whether the page answers requests for a route."""
        return route == PATH or route.startswith(f"{PATH}/")

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
        request = HttpRequest(scope)
        if not await is_allowed(self._hook, request):
            return None
        below = route.removeprefix(PATH)
        try:
            if below == "/purge":
                return await self._purge(request, receive, start)
            if request.method not in {"GET", "HEAD"}:
                raise not_allowed(request.method, "GET", "HEAD")
            return await self._read(below, request, start)
        except (HttpError, DatabaseUnavailable) as error:
            return reply_to_error(error)
        except FraiseQLError as error:
            return error_reply(HTTPStatus.INTERNAL_SERVER_ERROR, error.code, str(error))

    async def start(self) -> None:
        """Do nothing: the first request begins."""

    async def stop(self) -> None:
        """End running readings."""
        for reading in self._tabs.readings:
            await reading.stop()

    async def _read(
        self, below: str, request: HttpRequest, start: Callable[[], Awaitable[None]]
    ) -> Reply | None:
        if below[1:] in _FILES:
            return _file(below[1:])
        answer = self._answers.get(below)
        if answer is None:
            return None
        is_page = answer in {self._page, self._plain}
        navigates = is_page and request.headers.get("sec-fetch-mode") == "navigate"
        if not (navigates or is_of_this_site(request.headers)):
            raise _cross_site()
        await start()
        return await answer(request)

    async def _page(self, request: HttpRequest) -> Reply:
        return _html(_template("page.html", request))

    async def _plain(self, request: HttpRequest) -> Reply:
        readings = self._tabs.readings
        await begin_all(readings, _WHOLE)
        empty = TabContents(notes=["Not read yet; load the page again."])
        shown = [(reading.title, reading.contents or empty) for reading in readings]
        before, _, after = _template("plain.html", request).partition("{contents}")
        return _html(before + contents_html(shown) + after)

    async def _data(self, request: HttpRequest) -> Reply:
        since = self._since(_argument(request, "since", ""))
        readings = self._tabs.readings
        await begin_all(readings, _SOON)
        newest = max(reading.version for reading in readings)
        facts = {
            "version": 1,
            "process": self._process,
            "running_seconds": int(time() - self._began),
            "cursor": f"{self._process}-{newest}",
            "tabs": [_facts(reading, since) for reading in readings],
        }
        return json_reply(HTTPStatus.OK, facts, _HEADERS)

    def _since(self, cursor: str) -> int:
        """Return the reading after which a client wants contents; 0 for all.

        Raises:
            HttpError: It is no cursor.
        """
        process, _, version = cursor.partition("-")
        known = process.isalnum() and version.isascii() and version.isdecimal()
        if cursor and not (known and len(version) <= _MOST_DIGITS):
            raise bad_request(f"since is {cursor[:100]!r}, which is not a cursor of this page.")
        # Another process of the same application has read other contents.
        return int(version) if process == self._process else 0

    async def _operation(self, request: HttpRequest) -> Reply:
        return _details(await self._tabs.operation(_argument(request, "id")))

    async def _plan(self, request: HttpRequest) -> Reply:
        return _details(await self._tabs.plan(_argument(request, "statement")))

    async def _purge(
        self, request: HttpRequest, receive: Receive, start: Callable[[], Awaitable[None]]
    ) -> Reply:
        if request.method != "POST":
            raise not_allowed(request.method, "POST")
        if not is_same_origin(request.headers):
            raise _cross_site()
        length = request.headers.get("content-length")
        body = await read_body(receive, length.encode() if length else None, _MOST_BYTES)
        queries = parse_qs(body.decode("utf-8", "replace")).get("query", [])
        if len(queries) != 1:
            raise bad_request("Send one query=NAME as a form.")
        await start()
        try:
            entries = await self._tabs.purge(queries[0])
        except ConfigurationError as error:
            raise bad_request(f"{error.message} {error.hint}".strip()) from error
        return json_reply(HTTPStatus.OK, {"entries": entries}, _HEADERS)


def _facts(reading: TabReading, since: int) -> dict[str, Any]:
    head = {"name": reading.name, "title": reading.title, "pending": reading.contents is None}
    if reading.contents is None or reading.version <= since:
        return head
    facts = {"at": reading.at, "took_ms": round(reading.took, 1), "failed": reading.failed}
    return {**head, **facts, **reading.contents.facts()}


def _details(facts: dict[str, Any] | None) -> Reply:
    if facts is None:
        raise HttpError(HTTPStatus.NOT_FOUND, "NOT_FOUND", "The last reading does not have it.")
    return json_reply(HTTPStatus.OK, facts, _HEADERS)


def _argument(request: HttpRequest, name: str, default: str | None = None) -> str:
    query = request.scope["query_string"].decode("ascii", "replace")
    values = parse_qs(query, keep_blank_values=True).get(name, [])
    if len(values) == 1:
        return str(values[0])
    if values or default is None:
        raise bad_request(f"Send {name} once.")
    return default


def _html(page: str) -> Reply:
    body = page.encode()
    length = (b"content-length", b"%d" % len(body))
    policy = (b"content-security-policy", _POLICY)
    return Reply(HTTPStatus.OK, [_HTML, length, *_HEADERS, policy], body)


def _template(name: str, request: HttpRequest) -> str:
    root, _ = route_of(request.scope)
    # Relative, so that a proxy may strip a prefix of the path.
    base = posixpath.relpath(root + PATH, posixpath.dirname(request.path) or "/")
    return _text(name).decode().replace("{base}", escape(base))


def _file(name: str) -> Reply:
    body = _text(name)
    headers = [(b"content-type", _FILES[name]), (b"content-length", b"%d" % len(body)), *_HEADERS]
    return Reply(HTTPStatus.OK, headers, body)


@cache
def _text(name: str) -> bytes:
    return (Path(__file__).parent / "static" / name).read_bytes()


def _cross_site() -> HttpError:
    message = "Only a page of this application may send this."
    return HttpError(HTTPStatus.FORBIDDEN, "CROSS_SITE_REQUEST", message)
