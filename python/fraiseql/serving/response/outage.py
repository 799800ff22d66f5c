"""Responses to requests during an outage of the database."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fraiseql.errors import DatabaseUnavailable
from fraiseql.serving.response.errors import NO_DATA, finished
from fraiseql.serving.response.response import Response


def outage(errors: Sequence[Mapping[str, Any]], roots: int, *, no_data: bool) -> Response | None:
    """Return the response to a request that an outage failed completely, else None.

    Without data, its status may be 503 in every media type, so that proxies and clients can retry.

    Args:
        errors: Errors of the response.
        roots: Number of root fields that are not constants.
        no_data: Whether ``data`` is already null.
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
