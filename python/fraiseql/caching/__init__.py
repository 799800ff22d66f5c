"""The caching road: what is declared to be kept is defined, applied, refreshed and verified."""

from fraiseql.caching.declarations import (
    GeneratedColumn,
    Gin,
    Index,
    MaterializedView,
    Projection,
    RollingIndex,
)

__all__ = [
    "GeneratedColumn",
    "Gin",
    "Index",
    "MaterializedView",
    "Projection",
    "RollingIndex",
]
