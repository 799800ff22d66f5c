"""Ground: what background jobs work on."""

from dataclasses import dataclass

from fraiseql.caching.strategies.base import ResolveContext, StoredType


@dataclass(frozen=True, slots=True)
class Ground:
    """What is declared, against the database as it was when the worker began.

    Attributes:
        context: Everything declared, and the relations.
        stored_types: The types that are kept and not refused, with their facts.
    """

    context: ResolveContext
    stored_types: tuple[StoredType, ...]
