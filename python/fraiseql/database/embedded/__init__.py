"""Embedded PostgreSQL: a server of one's own in a directory, shared by processes, stopped with the last."""

from fraiseql.database.embedded.server import Dsn, EmbeddedServer, start_embedded

__all__ = ["Dsn", "EmbeddedServer", "start_embedded"]
