"""Sharing: parts that read the same share what they depend on, so that it is loaded once.

A client may send any number of documents over one query; loading takes some statements on the
catalog. What is shared is no truer or older than what one part holds by itself: the shape in each
look-up tells.
"""

from typing import Final

from fraiseql.caching.results.load_dependencies import Needs
from fraiseql.results import Part

_MOST: Final = 1_000

_Key = tuple[object, ...]


class SharedNeeds:
    """What parts of one application depend on, by what decides it."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[_Key, Needs] = {}

    def get(self, part: Part) -> Needs | None:
        """Return what a part with the same reads was found to depend on."""
        return self._found.get(_key(part))

    def put(self, part: Part, needs: Needs) -> None:
        """Have other parts use what was loaded for one."""
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[_key(part)] = needs

    def drop(self, part: Part, needs: Needs) -> None:
        """Have it loaded anew, unless that has been done already."""
        if self._found.get(_key(part)) is needs:
            del self._found[_key(part)]

    def clear(self) -> None:
        """Have everything loaded anew when it is next needed."""
        self._found.clear()


def _key(part: Part) -> _Key:
    relations = tuple(one.sql for one in part.relations)
    return (
        part.definition,
        part.cache,
        relations,
        part.type_name,
        part.predicates,
        bool(part.functions),
    )
