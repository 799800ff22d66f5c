"""Role and session variables of a request, checked against the settings."""

from collections.abc import Mapping
from typing import Any

from fraiseql.database import Identity
from fraiseql.errors import InputError
from fraiseql.settings import Settings


def request_identity(context: Mapping[str, Any], settings: Settings, login_role: str) -> Identity:
    """Return the identity that a context names.

    Args:
        context: ``role`` (str or None) and ``session`` (mapping of session variables) count.
        settings: ``role_required`` and ``allow_login_role`` count.
        login_role: Role that the connections log in as; empty while it is not known.

    Raises:
        InputError: There is no role where one is required, the role is the login role where that is
            not allowed, or a name or value cannot be used.
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
            hint="Give another role, or None, or set allow_login_role.",
        )
    return Identity.of(role, session or {})
