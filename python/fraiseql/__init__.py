"""FraiseQL: GraphQL from PostgreSQL, with declared types and documents as bytes."""

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

# Names of the layers above (create_app from fraiseql.app) are imported here, after the schema's.

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
    "Info",
    "InputError",
    "OrderBy",
    "SourceError",
    "StatementTimeout",
    "Where",
    "build_schema",
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
