"""Identity of a request: its role and session variables, checked."""

from collections.abc import Mapping
from typing import Any

from fraiseql.database import Identity
from fraiseql.errors import InputError
from fraiseql.settings import Settings


def request_identity(context: Mapping[str, Any], settings: Settings, login_role: str) -> Identity:
    """Return the identity in a context.

    Args:
        context: Its ``role`` (str or None) and ``session`` (mapping of session variables) are used.
        settings: ``role_required`` and ``allow_login_role`` are used.
        login_role: Role that the connections log in as; empty until it is known.

    Raises:
        InputError: A required role is missing, the login role is not allowed, or a name or value is
            invalid.
    """
    role, session = context.get("role"), context.get("session")
    if role is None:
        if settings.role_required:
            raise InputError(
                "The request has no role, and one is required.",
                hint="Authenticate; the application's context= gives the request its role.",
                code="UNAUTHENTICATED",
            )
        return Identity.of(None, session) if session else Identity.NONE
    if role == login_role and not settings.allow_login_role:
        raise InputError(
            "The role of the request is the one that the application logs in as.",
            hint="Use another role, or None, or set allow_login_role.",
        )
    return Identity.of(role, session or {})
