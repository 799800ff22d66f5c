"""Facts about an application, for the queries of faults."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.serving.native.native_connections import most_connections
from fraiseql.settings import Settings
from fraiseql.sources import declared_relations

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OTHER_CONNECTIONS: Final = 2
"""Connections of a process that are in no pool: of the background worker and the monitor. The trace
has another one."""


async def application_facts(
    settings: Settings, schema: Schema | None, pool: Pool
) -> dict[str, Any]:
    """Return the facts of an application, as values of JSON.

    Args:
        settings: Its settings.
        schema: Its declarations; None without.
        pool: Connections to its database.

    Raises:
        DatabaseError: The catalog cannot be read.
    """
    return {
        "connections": settings.pool_size
        + settings.cache_connections
        + most_connections(settings)
        + _OTHER_CONNECTIONS
        + (settings.trace != "off"),
        "debug": settings.debug,
        "remote": remote_host(settings.database_url),
        "embeds": [] if schema is None else [each async for each in _embeds(schema, pool)],
    }


def remote_host(address: str) -> str | None:
    """Return the host of a database on another machine; None for this one."""
    parts = urlsplit(address)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return None if not host or host in _LOCAL or host.startswith("/") else host


async def _embeds(schema: Schema, pool: Pool) -> AsyncIterator[dict[str, Any]]:
    catalog = await load_catalog(pool, declared_relations(schema))
    for name, definition in schema.objects.items():
        for field in definition.fields.values():
            relation = catalog.relations.get(field.embed.relation) if field.embed else None
            if relation is not None and field.embed is not None and field.embed.on:
                yield {
                    "type": name,
                    "field": field.name,
                    "schema": relation.schema,
                    "name": relation.name,
                    "columns": list(field.embed.on),
                }
