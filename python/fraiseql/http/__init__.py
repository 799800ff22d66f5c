"""HTTP: GraphQL over HTTP as a bare ASGI callable, with GraphiQL and probes."""

from fraiseql.http.asgi import HttpRequest
from fraiseql.http.endpoint import Application

__all__ = ["Application", "HttpRequest"]
