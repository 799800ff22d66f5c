"""Names: what the objects of one materialized view are called, and the query that it keeps.

The view itself is ``fraiseql.mv_x_<generation>``: another query or key is another generation,
built beside the first. ``mv_x`` is a plain view over it, replaced once the next one is full.
"""
# ruff: noqa: S608 - identifiers are quoted from the catalog

import hashlib
from typing import Final

from fraiseql.caching.definition.documents import DocumentWriter
from fraiseql.caching.definition.rows import RowFunction
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.live_view import DOCUMENT
from fraiseql.caching.strategies.predicates import meaning_of
from fraiseql.catalog.picture import quote
from fraiseql.schema.storage import bare_name

CONSTANT_KEY: Final = "fraiseql_k"
"""Column that is 1 in every row: the key of a view that has one row."""

SCHEMA: Final = "fraiseql"


def bare(kept: StoredType) -> str:
    """Return what the relation is called without schema and prefix."""
    return bare_name(kept.table.name)


def public_name(kept: StoredType, schema: str) -> str:
    """Return the qualified and quoted name under which people find what is kept."""
    return f"{quote(schema)}.{quote('mv_' + bare(kept))}"


def live_name(kept: StoredType, schema: str) -> str:
    """Return the qualified and quoted name of the live view over a declared query."""
    return f"{quote(schema)}.{quote('v_' + bare(kept))}"


def physical_name(kept: StoredType, schema: str) -> tuple[str, str]:
    """Return schema and name of the materialized view of the declared generation."""
    query, _ = query_of(kept)
    meaning = "" if kept.stored.sql is not None else meaning_of(kept)
    decides = (public_name(kept, schema), query, *key_of(kept), *([meaning] if meaning else []))
    digest = hashlib.sha256("\0".join(decides).encode()).hexdigest()[:10]
    # PostgreSQL cuts names at 63 bytes; the digest must stay.
    short = bare(kept).encode()[:40].decode(errors="ignore")
    return SCHEMA, f"mv_{short}_{digest}"


def key_of(kept: StoredType) -> tuple[str, ...]:
    """Return the columns that identify a row: declared, the table's, or a field ``id``."""
    if kept.stored.key or kept.stored.sql is None:
        return kept.stored.key or kept.key
    named = any(field.name == "id" for field in kept.own_fields())
    return kept.definition.key or (("id",) if named else ())


def query_of(kept: StoredType) -> tuple[str, tuple[RowFunction, ...]]:
    """Return the query that is kept, and the functions of the framework that it calls."""
    if kept.stored.sql is not None:
        return kept.stored.sql.strip().rstrip(";").rstrip(), ()
    world = kept.world
    writer = DocumentWriter(world.schema, world.catalog, dict(world.tables), kept.type_name)
    source = kept.definition.sql_source or ""
    document = writer.document(kept.type_name, source, embeds_of(kept), "t0")
    columns = [f"t0.{quote(column)}" for column in kept.table.columns]
    select = ", ".join([*columns, f"{document} AS {quote(DOCUMENT)}"])
    return f"SELECT {select} FROM {kept.table.sql} AS t0", tuple(writer.functions.values())


def embeds_of(kept: StoredType) -> tuple[str, ...]:
    """Return the embeds that a kept document holds: the type's own, one level deep."""
    if kept.stored.sql is not None:
        return ()
    return tuple(field.name for field in kept.embedded_fields())
