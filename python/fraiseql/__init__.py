"""FraiseQL: GraphQL from PostgreSQL, with declared types and documents as bytes."""

from fraiseql.app import create_app
from fraiseql.caching import GeneratedColumn
from fraiseql.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    DeclarationError,
    DocumentError,
    EmbeddedServerError,
    FraiseQLError,
    InputError,
    SourceError,
    StatementTimeout,
)
from fraiseql.schema import (
    ID,
    BigInt,
    Info,
    OrderBy,
    Where,
    build_schema,
    embed,
    enum,
    field,
    find,
    find_one,
    input,  # noqa: A004 - the public name; read as fraiseql.input
    interface,
    query,
    scalar,
    type,  # noqa: A004 - the public name; read as fraiseql.type
    union,
)

__all__ = [
    "ID",
    "BigInt",
    "ConfigurationError",
    "DatabaseError",
    "DatabaseUnavailable",
    "DeclarationError",
    "DocumentError",
    "EmbeddedServerError",
    "FraiseQLError",
    "GeneratedColumn",
    "Info",
    "InputError",
    "OrderBy",
    "SourceError",
    "StatementTimeout",
    "Where",
    "build_schema",
    "create_app",
    "embed",
    "enum",
    "field",
    "find",
    "find_one",
    "input",
    "interface",
    "query",
    "scalar",
    "type",
    "union",
]
