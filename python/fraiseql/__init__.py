"""FraiseQL: GraphQL from PostgreSQL, with declared types and documents as bytes.

A name is imported when it is first used, because a program needs few of the modules: a command
that prints its help needs none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fraiseql.app import create_app
    from fraiseql.caching.results.manual import DatabaseCache, cached_query, invalidate
    from fraiseql.errors import (
        ConfigurationError,
        DatabaseError,
        DatabaseUnavailable,
        DeclarationError,
        DocumentError,
        EmbeddedServerError,
        Forbidden,
        FraiseQLError,
        InputError,
        SourceError,
        StatementTimeout,
        Unauthenticated,
    )
    from fraiseql.http.identity import DeclaredIdentity as Identity
    from fraiseql.http.jwt.bearer import JWT
    from fraiseql.schema import (
        ID,
        UNSET,
        BigInt,
        Filter,
        Info,
        OrderBy,
        Requires,
        Where,
        WriteError,
        WriteRefused,
        Writes,
        aggregate,
        build_schema,
        connection,
        embed,
        enum,
        field,
        find,
        find_one,
        function,
        input,  # noqa: A004 - the public name; read as fraiseql.input
        interface,
        mutation,
        nodes,
        page,
        query,
        scalar,
        type,  # noqa: A004 - the public name; read as fraiseql.type
        union,
    )
    from fraiseql.schema.cache import Cache
    from fraiseql.schema.indexes import Gin, Index, RollingIndex
    from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection

__all__ = [
    "ID",
    "JWT",
    "UNSET",
    "BigInt",
    "Cache",
    "ConfigurationError",
    "DatabaseCache",
    "DatabaseError",
    "DatabaseUnavailable",
    "DeclarationError",
    "DocumentError",
    "EmbeddedServerError",
    "Filter",
    "Forbidden",
    "FraiseQLError",
    "GeneratedColumn",
    "Gin",
    "Identity",
    "Index",
    "Info",
    "InputError",
    "MaterializedView",
    "OrderBy",
    "Projection",
    "Requires",
    "RollingIndex",
    "SourceError",
    "StatementTimeout",
    "Unauthenticated",
    "Where",
    "WriteError",
    "WriteRefused",
    "Writes",
    "aggregate",
    "build_schema",
    "cached_query",
    "connection",
    "create_app",
    "embed",
    "enum",
    "field",
    "find",
    "find_one",
    "function",
    "input",
    "interface",
    "invalidate",
    "mutation",
    "nodes",
    "page",
    "query",
    "scalar",
    "type",
    "union",
]

_PLACES: Final = {
    "fraiseql.app": "create_app",
    "fraiseql.caching.results.manual": "DatabaseCache cached_query invalidate",
    "fraiseql.errors": (
        "ConfigurationError DatabaseError DatabaseUnavailable DeclarationError "
        "DocumentError EmbeddedServerError Forbidden FraiseQLError InputError SourceError "
        "StatementTimeout Unauthenticated"
    ),
    "fraiseql.http.identity": "Identity=DeclaredIdentity",
    "fraiseql.http.jwt.bearer": "JWT",
    "fraiseql.schema": (
        "ID UNSET BigInt Filter Info OrderBy Requires Where WriteError WriteRefused "
        "Writes aggregate build_schema connection embed enum field find find_one function "
        "input interface mutation nodes page query scalar type union"
    ),
    "fraiseql.schema.cache": "Cache",
    "fraiseql.schema.indexes": "Gin Index RollingIndex",
    "fraiseql.schema.storage": "GeneratedColumn MaterializedView Projection",
}
"""Names by the module that defines them; ``name=defined`` where they differ. These are the imports
above, for programs that run; a test compares both."""

_DEFINED: Final = {
    name: (module, defined or name)
    for module, names in _PLACES.items()
    for name, _, defined in (word.partition("=") for word in names.split())
}


if not TYPE_CHECKING:
    # A type checker would accept every name if it saw this function.
    def __getattr__(name: str) -> Any:
        """Import a public name, and keep it."""
        if name not in _DEFINED:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, defined = _DEFINED[name]
        value = globals()[name] = getattr(import_module(module), defined)
        return value


def __dir__() -> list[str]:
    """Return the names, imported or not."""
    return sorted({*globals(), *__all__})
