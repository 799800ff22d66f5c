"""GraphQL over HTTP as an ASGI application, with GraphiQL and probes."""

from fraiseql.http.asgi import HttpRequest
from fraiseql.http.endpoint import Application

__all__ = ["Application", "HttpRequest"]
