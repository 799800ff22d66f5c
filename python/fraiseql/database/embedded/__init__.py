"""Embedded PostgreSQL server, shared by processes and stopped with the last."""

from fraiseql.database.embedded.check import shared_memory_size
from fraiseql.database.embedded.restart import restart_embedded
from fraiseql.database.embedded.server import Dsn, EmbeddedServer, start_embedded

__all__ = ["Dsn", "EmbeddedServer", "restart_embedded", "shared_memory_size", "start_embedded"]
