"""Names of the objects of a materialized view, and its query.

The view itself is ``fraiseql.mv_x_<generation>``: another query or key is another generation,
built while the first one is in use. ``mv_x`` is a plain view over it, replaced once the next one
is populated.
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


def bare(stored_type: StoredType) -> str:
    """Return the relation's name without schema and prefix."""
    return bare_name(stored_type.table.name)


def public_name(stored_type: StoredType, schema: str) -> str:
    """Return the qualified and quoted name of the public view."""
    return f"{quote(schema)}.{quote('mv_' + bare(stored_type))}"


def live_name(stored_type: StoredType, schema: str) -> str:
    """Return the qualified and quoted name of the live view over a declared query."""
    return f"{quote(schema)}.{quote('v_' + bare(stored_type))}"


def physical_name(stored_type: StoredType, schema: str) -> tuple[str, str]:
    """Return schema and name of the materialized view of the declared generation."""
    query, _ = query_of(stored_type)
    meaning = "" if stored_type.stored.sql is not None else meaning_of(stored_type)
    parts = (
        public_name(stored_type, schema),
        query,
        *key_of(stored_type),
        *([meaning] if meaning else []),
    )
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
    # PostgreSQL truncates names at 63 bytes, which must not cut the digest.
    short = bare(stored_type).encode()[:40].decode(errors="ignore")
    return SCHEMA, f"mv_{short}_{digest}"


def key_of(stored_type: StoredType) -> tuple[str, ...]:
    """Return the columns that identify a row: declared, of the table, or the field ``id``."""
    if stored_type.stored.key or stored_type.stored.sql is None:
        return stored_type.stored.key or stored_type.key
    has_id = any(field.name == "id" for field in stored_type.own_fields())
    return stored_type.definition.key or (("id",) if has_id else ())


def query_of(stored_type: StoredType) -> tuple[str, tuple[RowFunction, ...]]:
    """Return the stored query, and the framework's functions that it calls."""
    if stored_type.stored.sql is not None:
        return stored_type.stored.sql.strip().rstrip(";").rstrip(), ()
    context = stored_type.context
    writer = DocumentWriter(
        context.schema, context.catalog, dict(context.tables), stored_type.type_name
    )
    source = stored_type.definition.sql_source or ""
    document = writer.document(stored_type.type_name, source, embeds_of(stored_type), "t0")
    columns = [f"t0.{quote(column)}" for column in stored_type.table.columns]
    select = ", ".join([*columns, f"{document} AS {quote(DOCUMENT)}"])
    return f"SELECT {select} FROM {stored_type.table.sql} AS t0", tuple(writer.functions.values())


def embeds_of(stored_type: StoredType) -> tuple[str, ...]:
    """Return the embeds in a stored document: the type's own, one level deep."""
    if stored_type.stored.sql is not None:
        return ()
    return tuple(field.name for field in stored_type.embedded_fields())
