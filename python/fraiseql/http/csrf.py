"""CSRF protection.

A POST must be JSON. A GET only reads, but must not come from a page of another site.
"""

from collections.abc import Mapping
from http import HTTPStatus

from fraiseql.http.errors import HttpError
from fraiseql.http.negotiate import is_json


def check_post(headers: Mapping[bytes, bytes]) -> None:
    """Check that the body is JSON in UTF-8.

    Raises:
        HttpError: 415, ``Content-Type`` is missing or another one.
    """
    # A page may send form types and text/plain to any site; JSON needs a CORS preflight.
    content_type = headers.get(b"content-type")
    if content_type is None or not is_json(content_type) or b"content-encoding" in headers:
        raise HttpError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send Content-Type: application/json, in UTF-8 and without Content-Encoding.",
            ((b"accept-post", b"application/json"),),
        )


def check_get(headers: Mapping[bytes, bytes]) -> None:
    """Check that the request does not come from a page of another site.

    The page could not read the response, but the query would run with the user's cookies.
    Following a link is allowed, and so is ``Content-Type: application/json``, which a browser
    sends to another site only with the permission of a CORS middleware.

    Raises:
        HttpError: 403.
    """
    if headers.get(b"sec-fetch-site") != b"cross-site":
        return
    content_type = headers.get(b"content-type")
    permitted = content_type is not None and is_json(content_type)
    if not permitted and headers.get(b"sec-fetch-mode") != b"navigate":
        raise HttpError(
            HTTPStatus.FORBIDDEN,
            "CROSS_SITE_REQUEST",
            "A page of another site may not send this; use POST, or GET with "
            "Content-Type: application/json, and permit its origin in a CORS middleware.",
        )
