"""Objects to rebuild because objects that they depend on change."""

from collections.abc import Mapping
from typing import Final

from fraiseql.caching.ddl.drift import State, Verdict
from fraiseql.caching.ddl.ledger import Key
from fraiseql.caching.objects import DatabaseObject

_CHANGED: Final[frozenset[State]] = frozenset({"outdated", "altered", "unfinished"})


def _is_replaced(obj: DatabaseObject, verdict: Verdict) -> bool:
    """Return whether its statements update it in place; columns of tables they do not."""
    return obj.replaces and not (obj.kind == "table" and verdict.state == "altered")


def to_rebuild(objects: tuple[DatabaseObject, ...], states: Mapping[Key, Verdict]) -> set[Key]:
    """Return the objects to drop and create again: changed ones, and their dependents."""
    roots = {
        obj.key
        for obj in objects
        if states[obj.key].state in _CHANGED
        and not _is_replaced(obj, states[obj.key])
        and obj.kind != "data"
    }
    there = {obj.key for obj in objects if states[obj.key].state not in ("missing", "taken")}
    return roots | (dependents(objects, roots) & there)


def to_invalidate(
    objects: tuple[DatabaseObject, ...], states: Mapping[Key, Verdict], rebuilt: set[Key]
) -> set[Key]:
    """Return the data to build again, and its dependents.

    Data is valid as long as everything that it depends on is unchanged. Its dependents are dropped
    first, so that a killed apply leaves nothing that marks invalid data as complete.
    """
    unsettled = {
        key for key, verdict in states.items() if verdict.state not in ("unchanged", "taken")
    }
    hit = dependents(objects, unsettled)
    there = {obj.key for obj in objects if states[obj.key].state not in ("missing", "taken")}
    again = {
        obj.key
        for obj in objects
        if obj.kind == "data" and obj.key in there & (hit | unsettled) - rebuilt
    }
    later = {
        obj.key
        for obj in objects
        if obj.key in rebuilt and obj.kind == "data" and not obj.transactional
    }
    return again | (dependents(objects, again | later) & there)


def dependents(objects: tuple[DatabaseObject, ...], roots: set[Key]) -> set[Key]:
    """Return the direct and indirect dependents of ``roots``."""
    names = {name for _, name in roots}
    found: set[Key] = set()
    for obj in objects:  # sorted by needs, so that one pass is enough
        if obj.key not in roots and names.intersection(obj.needs):
            found.add(obj.key)
            names.add(obj.name)
    return found
