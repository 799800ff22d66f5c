"""CSRF protection.

A POST must be JSON; a GET only reads, but must not come from another site's page.
"""

from collections.abc import Mapping
from http import HTTPStatus

from fraiseql.http.errors import HttpError
from fraiseql.http.negotiate import is_json


def check_post(headers: Mapping[bytes, bytes]) -> None:
    """Check that the body is JSON in UTF-8.

    Raises:
        HttpError: 415, it is declared to be something else, or nothing at all.
    """
    # A page may send form types and text/plain to any site; for JSON the browser asks first.
    content_type = headers.get(b"content-type")
    if content_type is None or not is_json(content_type) or b"content-encoding" in headers:
        raise HttpError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send Content-Type: application/json, in UTF-8 and without Content-Encoding.",
            ((b"accept-post", b"application/json"),),
        )


def check_get(headers: Mapping[bytes, bytes]) -> None:
    """Check that no other site's page sent this.

    The page could not see the answer, but the query would run with the user's cookies. Following
    a link is allowed. So is ``Content-Type: application/json``: a browser sends it to
    another site only after a CORS middleware has permitted it.

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
