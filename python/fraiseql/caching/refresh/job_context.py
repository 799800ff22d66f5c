"""Context of background jobs."""

from dataclasses import dataclass

from fraiseql.caching.strategies.base import ResolveContext, StoredType


@dataclass(frozen=True, slots=True)
class JobContext:
    """Declarations and the catalog at the start of the worker.

    Attributes:
        context: Schema and catalog.
        stored_types: Stored types without violations, inspected.
    """

    context: ResolveContext
    stored_types: tuple[StoredType, ...]
