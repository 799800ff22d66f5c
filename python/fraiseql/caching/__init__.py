"""The caching road: what is declared to be kept is defined, applied, refreshed and verified."""

from fraiseql.caching.declarations import (
    Cache,
    GeneratedColumn,
    Gin,
    Index,
    MaterializedView,
    Projection,
    RollingIndex,
)

__all__ = [
    "Cache",
    "GeneratedColumn",
    "Gin",
    "Index",
    "MaterializedView",
    "Projection",
    "RollingIndex",
]
