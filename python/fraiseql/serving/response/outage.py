"""Outage: a request of which nothing could be answered, because the database was away."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fraiseql.errors import DatabaseUnavailable
from fraiseql.serving.response.errors import NO_DATA, finished
from fraiseql.serving.response.response import Response


def outage(errors: Sequence[Mapping[str, Any]], roots: int, *, no_data: bool) -> Response | None:
    """Return the response to a request that met the outage everywhere, or None.

    It has no data, so that its status may be 503 in every media type: whoever stands between sees
    that the request can be sent again, elsewhere or later.

    Args:
        errors: Errors of the response.
        roots: Root fields of the operation that are no constants.
        no_data: Whether ``data`` is null already.
    """
    if not any(_is_outage(error) for error in errors):
        return None
    failed = {error["path"][0] for error in errors if len(error.get("path") or ()) == 1}
    if not no_data and len(failed) < roots:
        return None
    status = HTTPStatus.SERVICE_UNAVAILABLE.value
    return Response(finished(NO_DATA, errors), status=status)


def _is_outage(error: Mapping[str, Any]) -> bool:
    code = error.get("extensions", {}).get("code")
    return bool(code == DatabaseUnavailable.default_code)
