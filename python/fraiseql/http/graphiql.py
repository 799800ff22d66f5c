"""The GraphiQL page and its files.

Set-up downloads the files into ``static/``; without them a plain page is served.
"""

import hashlib
import html
import posixpath
import re
import secrets
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fraiseql.http.errors import HttpError
from fraiseql.http.reply import NOSNIFF, VARY, Reply

_HERE: Final = Path(__file__).parent
_SCRIPT: Final = b"text/javascript; charset=utf-8"
_STYLE: Final = b"text/css; charset=utf-8"
_FETCHED: Final = {
    "react.production.min.js": _SCRIPT,
    "react-dom.production.min.js": _SCRIPT,
    "graphiql.min.js": _SCRIPT,
    "graphiql.min.css": _STYLE,
}
_OWN: Final = {
    "graphiql_start.js": _SCRIPT,
    "graphiql_start.css": _STYLE,
    "plain.js": _SCRIPT,
    "plain.css": _STYLE,
}
_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%b'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)
_PLACEHOLDER: Final = re.compile(r"\{(static|query|nonce)\}")


def page_reply(path: str, static: str, query: str) -> Reply:
    """Return the page for a browser.

    Args:
        path: Path of the page for the browser.
        static: Path of the files.
        query: Initial query; empty for GraphiQL's own greeting.
    """
    name = "graphiql.html" if _is_fetched() else "plain.html"
    # Relative, so that a proxy may strip a prefix of the path.
    base = posixpath.relpath(static, posixpath.dirname(path) or "/")
    nonce = secrets.token_urlsafe(16)
    content = _filled(_read(name).decode(), static=base, query=query, nonce=nonce).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(content)),
        (b"cache-control", b"no-cache"),
        VARY,
        (b"referrer-policy", b"no-referrer"),
        NOSNIFF,
        (b"content-security-policy", _POLICY % nonce.encode()),
    ]
    return Reply(HTTPStatus.OK.value, headers, content)


def file_reply(name: str, etag: bytes | None) -> Reply:
    """Return one of the page's files.

    Args:
        name: Name of the file; only listed names are served, so there is no path traversal.
        etag: The ``If-None-Match`` header.

    Raises:
        HttpError: The file does not exist.
    """
    kind = _FETCHED.get(name) or _OWN.get(name)
    content = _content(name) if kind else None
    if kind is None or content is None:
        raise HttpError(HTTPStatus.NOT_FOUND, "NOT_FOUND", "This file does not exist.")
    tag = _tag(content)
    caching = [(b"etag", tag), (b"cache-control", b"public, max-age=3600"), NOSNIFF]
    if etag is not None and tag in etag:
        return Reply(HTTPStatus.NOT_MODIFIED.value, caching, b"")
    length = (b"content-length", b"%d" % len(content))
    return Reply(HTTPStatus.OK.value, [(b"content-type", kind), length, *caching], content)


def _filled(page: str, **values: str) -> str:
    """Return ``page`` with its ``{names}`` replaced, in one pass: values are not expanded."""
    parts = _PLACEHOLDER.split(page)
    parts[1::2] = (html.escape(values[name]) for name in parts[1::2])
    return "".join(parts)


def _is_fetched() -> bool:
    return all((_HERE / "static" / name).is_file() for name in _FETCHED)


def _content(name: str) -> bytes | None:
    if name in _FETCHED and not (_HERE / "static" / name).is_file():
        return None
    return _read(name)


@cache
def _read(name: str) -> bytes:
    return (_HERE / ("static" if name in _FETCHED else "pages") / name).read_bytes()


@cache
def _tag(content: bytes) -> bytes:
    return b'"%b"' % hashlib.sha256(content).hexdigest()[:32].encode()
