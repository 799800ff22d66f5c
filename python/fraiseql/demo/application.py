"""The demo's application over a database."""

from typing import Any

import fraiseql
from fraiseql.demo.queries import QUERIES, TYPES
from fraiseql.demo.tour import PASTE
from fraiseql.http.endpoint import Application

_FIRST_TEXT = "\n".join(f"# {operation.name}{operation.query}" for operation in PASTE)


def create_demo(database_url: str | None = None, **settings: Any) -> Application:
    """Return the application over schema ``fraiseql_demo`` of a database.

    Args:
        database_url: Where ``fraiseql demo`` loaded the data; the setting when None.
        **settings: As for ``fraiseql.create_app``.
    """
    return fraiseql.create_app(
        types=TYPES,
        queries=QUERIES,
        database_url=database_url,
        graphiql_query=_FIRST_TEXT,
        **settings,
    )
