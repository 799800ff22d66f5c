"""Which server an application gets: the native one, or uvicorn's."""

import sys
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from fraiseql.http.endpoint import Application


def python_reason(app: Any, *, allowed: bool = True) -> str | None:
    """Return why Python accepts the connections of an application; None where Rust does.

    Args:
        app: The application.
        allowed: Whether the command line allows the native server.
    """
    if not allowed:
        return "--no-native"
    if sys.platform == "win32":
        return "there is no native server for this system"
    inner = bare(app)
    if inner is None:
        return "something else is around the application"
    if not inner.settings.native:
        return "the setting native is off"
    return inner.service.native.refusal


def bare(app: Any) -> Application | None:
    """Return the application, unless a middleware of the developer is around it.

    A middleware may change requests and responses, which the native server would not know.
    """
    while isinstance(app, ProxyHeadersMiddleware):
        app = app.app
    return app if isinstance(app, Application) else None
