"""Inspection of the predicates of developers: their calls and reads."""

from collections.abc import Iterable
from dataclasses import dataclass

from fraiseql.caching.dependencies.builtins import Kind
from fraiseql.caching.dependencies.inspection import InspectedCall, inspect_dependencies
from fraiseql.caching.dependencies.parsed import Parsed, Predicate, parse_each
from fraiseql.database import Pool


@dataclass(frozen=True, slots=True)
class InspectedPredicate:
    """What is behind one predicate.

    Attributes:
        parsed: What PostgreSQL makes of it.
        calls: Functions that are not immutable, or not PostgreSQL's own.
        reads: Quoted names of relations that it reads besides its own, at any depth.
        meaning: What its names mean now: functions, operators, types and relations of
            somebody's own. Another overload or ``search_path`` may give them another meaning.
    """

    parsed: Parsed
    calls: tuple[InspectedCall, ...] = ()
    reads: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()

    @property
    def has_query(self) -> bool:
        """Whether a query stands in it."""
        return any("{SUBLINK " in tree for tree in self.parsed.trees)

    @property
    def changing(self) -> list[str]:
        """Names of what may give something else without a write of the row."""
        found = [one.name for one in self.calls if _changes(one)]
        return list(dict.fromkeys(found))


def _changes(call: InspectedCall) -> bool:
    if call.is_opaque:
        return call.volatility != "i"
    return call.kind is not Kind.CONSTANT


async def load_predicates(
    pool: Pool, predicates: Iterable[Predicate]
) -> dict[Predicate, InspectedPredicate]:
    """Return the facts of each predicate.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    parsed = await parse_each(pool, predicates)
    found: dict[Predicate, InspectedPredicate] = {}
    own: dict[str, frozenset[str]] = {}
    for key, one in parsed.items():
        if one.trees and key.relation not in own:
            alone = await inspect_dependencies(pool.inspect, [key.relation], shape=False)
            own[key.relation] = frozenset(each.sql for each in alone.relations)
        found[key] = await _inspection(pool, one, own.get(key.relation, frozenset()))
    return found


async def _inspection(pool: Pool, parsed: Parsed, own: frozenset[str]) -> InspectedPredicate:
    """Return the facts of one predicate; ``own`` is what its relation leads to by itself."""
    if not parsed.trees:
        return InspectedPredicate(parsed)
    inspection = await inspect_dependencies(pool.inspect, [], parsed.trees, shape=False)
    reads = tuple(one.sql for one in inspection.relations if one.sql not in own)
    others = (name for name in inspection.named if name not in own)
    return InspectedPredicate(parsed, inspection.calls, reads, (*inspection.meaning, *others))
