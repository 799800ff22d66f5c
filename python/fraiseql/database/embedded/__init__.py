"""Embedded PostgreSQL server, shared by processes and stopped with the last."""

from fraiseql.database.embedded.server import Dsn, EmbeddedServer, start_embedded

__all__ = ["Dsn", "EmbeddedServer", "start_embedded"]
