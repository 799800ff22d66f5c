"""Cache of dependencies, shared by fields that read the same.

A client may send any number of documents over one query, and loading dependencies takes several
catalog queries. The fingerprint in each look-up detects dependencies that are out of date.
"""

from typing import Final

from fraiseql.caching.results.load_dependencies import CacheDependencies
from fraiseql.results import CacheableField

_MAX_ENTRIES: Final = 1_000

_Key = tuple[object, ...]


class DependencyCache:
    """Dependencies of an application's fields, by what determines them."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[_Key, CacheDependencies] = {}

    def get(self, field: CacheableField) -> CacheDependencies | None:
        """Return the dependencies of fields that read the same."""
        return self._entries.get(_key(field))

    def put(self, field: CacheableField, dependencies: CacheDependencies) -> None:
        """Share the dependencies of a field."""
        if len(self._entries) >= _MAX_ENTRIES:
            self._entries.clear()
        self._entries[_key(field)] = dependencies

    def drop(self, field: CacheableField, dependencies: CacheDependencies) -> None:
        """Forget dependencies, unless they were replaced already."""
        if self._entries.get(_key(field)) is dependencies:
            del self._entries[_key(field)]

    def clear(self) -> None:
        """Forget all dependencies."""
        self._entries.clear()


def _key(field: CacheableField) -> _Key:
    relations = tuple(relation.sql for relation in field.relations)
    return (
        field.definition,
        field.cache,
        relations,
        field.type_name,
        field.predicates,
        bool(field.functions),
        field.statements,
        field.role,
    )
