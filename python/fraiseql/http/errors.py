"""HTTP errors with a status, a message and a stable code."""

from http import HTTPStatus

from fraiseql.errors import FraiseQLError

Headers = tuple[tuple[bytes, bytes], ...]


class HttpError(FraiseQLError):
    """An error of the request, answered without executing it.

    Args:
        status: HTTP status, the same for every media type.
        code: Stable identifier for ``extensions.code``.
        message: Message for the client.
        headers: Further headers of the response, such as ``Allow``.
    """

    default_code = "BAD_REQUEST"

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message, code=code)
        self.status = int(status)
        self.headers = headers


def bad_request(message: str) -> HttpError:
    """Return the error of a malformed request."""
    return HttpError(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", message)


def too_large(limit: int) -> HttpError:
    """Return the error of a body over ``limit`` bytes."""
    return HttpError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "REQUEST_TOO_LARGE",
        f"The request body is larger than {limit} bytes.",
    )


def not_allowed(method: str, *allowed: str) -> HttpError:
    """Return the error of a method that a path does not support."""
    return HttpError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        f"{method} is not allowed here; use {' or '.join(allowed)}.",
        ((b"allow", ", ".join(allowed).encode()),),
    )
