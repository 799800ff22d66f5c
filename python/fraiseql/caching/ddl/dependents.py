"""Dependents: what has to be made anew because something else has."""

from collections.abc import Mapping
from typing import Final

from fraiseql.caching.ddl.drift import State, Verdict
from fraiseql.caching.ddl.ledger import Key
from fraiseql.caching.objects import DatabaseObject

_CHANGED: Final[frozenset[State]] = frozenset({"outdated", "altered", "unfinished"})


def _is_replaced(one: DatabaseObject, verdict: Verdict) -> bool:
    """Tell whether its statements bring it up to date where it is, which no table's columns do."""
    return one.replaces and not (one.kind == "table" and verdict.state == "altered")


def to_rebuild(objects: tuple[DatabaseObject, ...], states: Mapping[Key, Verdict]) -> set[Key]:
    """Return what must be dropped to be made anew: itself changed, or needing what is dropped."""
    roots = {
        one.key
        for one in objects
        if states[one.key].state in _CHANGED
        and not _is_replaced(one, states[one.key])
        and one.kind != "data"
    }
    there = {one.key for one in objects if states[one.key].state not in ("missing", "taken")}
    return roots | (dependents(objects, roots) & there)


def to_invalidate(
    objects: tuple[DatabaseObject, ...], states: Mapping[Key, Verdict], rebuilt: set[Key]
) -> set[Key]:
    """Return the data that has to be made again, and what says that it is there.

    Rows are right as long as everything that they need stayed as it was. Whatever stands on them
    goes first, so that an apply that is killed half-way leaves nothing that claims to be whole.
    """
    unsettled = {key for key, verdict in states.items() if verdict.state not in ("kept", "taken")}
    hit = dependents(objects, unsettled)
    there = {one.key for one in objects if states[one.key].state not in ("missing", "taken")}
    again = {
        one.key
        for one in objects
        if one.kind == "data" and one.key in there & (hit | unsettled) - rebuilt
    }
    later = {
        one.key
        for one in objects
        if one.key in rebuilt and one.kind == "data" and not one.transactional
    }
    return again | (dependents(objects, again | later) & there)


def dependents(objects: tuple[DatabaseObject, ...], roots: set[Key]) -> set[Key]:
    """Return what needs any of ``roots``, at any distance."""
    names = {name for _, name in roots}
    found: set[Key] = set()
    for one in objects:  # in order of needs, so that one pass is enough
        if one.key not in roots and names.intersection(one.needs):
            found.add(one.key)
            names.add(one.name)
    return found
