"""Embedded PostgreSQL: a server in a directory, shared by processes, stopped with the last one."""

from fraiseql.database.embedded.server import Dsn, EmbeddedServer, start_embedded

__all__ = ["Dsn", "EmbeddedServer", "start_embedded"]
