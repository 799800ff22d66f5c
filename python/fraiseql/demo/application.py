"""The demo's application over a database."""

from typing import Any

import fraiseql
from fraiseql.demo.queries import QUERIES, TYPES
from fraiseql.demo.tour import PASTE
from fraiseql.http.endpoint import Application
from fraiseql.operating.ops.tabs import name_application

NAME = "fraiseql.demo.app:app"
"""The application for other processes."""

_FIRST_TEXT = "\n".join(f"# {operation.name}{operation.query}" for operation in PASTE)


def create_demo(database_url: str | None = None, **settings: Any) -> Application:
    """Return the application over schema ``fraiseql_demo`` of a database.

    Args:
        database_url: Where ``fraiseql demo`` loaded the data; the setting when None.
        **settings: As for ``fraiseql.create_app``.
    """
    app = fraiseql.create_app(
        types=TYPES,
        queries=QUERIES,
        database_url=database_url,
        graphiql_query=_FIRST_TEXT,
        **settings,
    )
    name_application(app.service, NAME)
    return app
