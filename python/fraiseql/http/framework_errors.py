"""HTTP errors for exceptions of Starlette, FastAPI and graphql-core."""

from http import HTTPStatus
from typing import Any, Final

from graphql import GraphQLError

from fraiseql.http.errors import Headers, HttpError

_CODES: Final = {401: "UNAUTHENTICATED", 403: "FORBIDDEN"}
_STATUSES: Final = {code: status for status, code in _CODES.items()}


def framework_error(error: Exception) -> HttpError | None:
    """Return the HTTP error for an ``HTTPException`` or a ``GraphQLError``, else None.

    Starlette may be absent, so its exception, from which FastAPI's derives, is matched by name.
    """
    if isinstance(error, GraphQLError):
        code = str((error.extensions or {}).get("code", "BAD_REQUEST"))
        return HttpError(_STATUSES.get(code, HTTPStatus.BAD_REQUEST), code, error.message)
    kinds = {(kind.__module__, kind.__name__) for kind in type(error).__mro__}
    if ("starlette.exceptions", "HTTPException") not in kinds:
        return None
    exception: Any = error
    status, detail = int(exception.status_code), exception.detail
    message = detail if isinstance(detail, str) else _phrase(status)
    return HttpError(status, _code(status), message, _headers(exception.headers))


def _code(status: int) -> str:
    try:
        return _CODES.get(status) or HTTPStatus(status).name
    except ValueError:
        return f"HTTP_{status}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP {status}"


def _headers(headers: Any) -> Headers:
    pairs = dict(headers or {}).items()
    return tuple(
        (str(name).lower().encode(), str(value).encode("latin-1")) for name, value in pairs
    )
