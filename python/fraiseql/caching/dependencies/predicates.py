"""Inspection of the predicates of developers: their calls and reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fraiseql.caching.dependencies.builtins import Kind
from fraiseql.caching.dependencies.inspection import InspectedCall, inspect_dependencies
from fraiseql.caching.dependencies.parsed import Parsed, Predicate, parse_each
from fraiseql.database import Pool


@dataclass(frozen=True, slots=True)
class InspectedPredicate:
    """Calls and reads of one predicate.

    Attributes:
        parsed: Its parse trees.
        calls: Functions that are not immutable, or not PostgreSQL's own.
        reads: Quoted names of relations that it reads besides its own, at any depth.
        meaning: User-defined functions, operators, types and relations that its names mean now.
            Another overload or ``search_path`` may change this.
    """

    parsed: Parsed
    calls: tuple[InspectedCall, ...] = ()
    reads: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()

    @property
    def has_query(self) -> bool:
        """Whether it contains a query."""
        return any("{SUBLINK " in tree for tree in self.parsed.trees)

    @property
    def changing(self) -> list[str]:
        """Names of calls whose result may change without a write of the row."""
        return list(dict.fromkeys(call.name for call in self.calls if _changes(call)))


def _changes(call: InspectedCall) -> bool:
    if call.is_opaque:
        return call.volatility != "i"
    return call.kind is not Kind.CONSTANT


async def load_predicates(
    pool: Pool, predicates: Iterable[Predicate]
) -> dict[Predicate, InspectedPredicate]:
    """Inspect each predicate.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    parsed = await parse_each(pool, predicates)
    if await _are_plain(pool, parsed):
        return {predicate: InspectedPredicate(result) for predicate, result in parsed.items()}
    inspected: dict[Predicate, InspectedPredicate] = {}
    own: dict[str, frozenset[str]] = {}
    for predicate, result in parsed.items():
        name = predicate.relation
        if result.trees and name not in own:
            alone = await inspect_dependencies(pool.inspect, [name], shape=False)
            own[name] = frozenset(relation.sql for relation in alone.relations)
        inspected[predicate] = await _inspection(pool, result, own.get(name, frozenset()))
    return inspected


async def _are_plain(pool: Pool, parsed: Mapping[Predicate, Parsed]) -> bool:
    """Return whether all predicates only compare columns of their own rows, as most do.

    One inspection of all together takes the time of one of them. Without a query in a predicate,
    and without a call behind any, none can read more than its own relation.
    """
    trees = [tree for result in parsed.values() for tree in result.trees]
    if any("{SUBLINK " in tree for tree in trees):
        return False
    if not trees:
        return True
    inspection = await inspect_dependencies(pool.inspect, [], trees, shape=False)
    own = {predicate.relation for predicate in parsed}
    return not inspection.calls and not inspection.meaning and own.issuperset(inspection.named)


async def _inspection(pool: Pool, parsed: Parsed, own: frozenset[str]) -> InspectedPredicate:
    """Inspect one predicate; ``own`` are the relations behind its own relation."""
    if not parsed.trees:
        return InspectedPredicate(parsed)
    inspection = await inspect_dependencies(pool.inspect, [], parsed.trees, shape=False)
    reads = tuple(relation.sql for relation in inspection.relations if relation.sql not in own)
    others = (name for name in inspection.named if name not in own)
    return InspectedPredicate(parsed, inspection.calls, reads, (*inspection.meaning, *others))
