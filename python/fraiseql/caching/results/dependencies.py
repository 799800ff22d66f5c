"""Dependencies: what the value of a part depends on, as the database has it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fraiseql.caching.dependencies.facts import Read, ResultFacts, load_result_facts
from fraiseql.caching.dependencies.fingerprint import readable, shape_expression
from fraiseql.catalog import Relation


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an answer depends on.

    Attributes:
        tags: What the change log calls the tables: their numbers, as text, sorted.
        relations: Numbers of tables and views whose definition counts.
        functions: Numbers of functions that are called.
        enums: Numbers of types whose labels or attributes show.
        reads: Quoted names of the relations that the answer's statement names itself.
        shape: Fingerprint of all the definitions, when this was loaded. A look-up that finds
            another one must store nothing under these dependencies: they are to be loaded anew.
        clock: Whether the answer changes with time alone.
        session: Whether it depends on session variables.
        traced: Whether all writes of the tables come to the log; else nothing may be stored.
    """

    tags: tuple[str, ...] = ()
    relations: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()
    enums: tuple[int, ...] = ()
    reads: tuple[str, ...] = ()
    shape: int = 0
    clock: bool = False
    session: bool = False
    traced: bool = True

    @property
    def shape_sql(self) -> str:
        """SQL expression of the shape now; ``0`` where nothing is read."""
        if not self.relations:
            return "0"
        return shape_expression(self.relations, self.functions, self.enums)

    @property
    def readable_sql(self) -> str:
        """SQL condition that always holds; it fails where the role may not read what is read."""
        return readable(self.reads)


NOTHING = Dependencies()
"""Of an answer that depends on nothing that is logged: it lives by its time alone."""


async def load_dependencies(
    read: Read, relations: Sequence[Relation | str], calls: Sequence[str] = ()
) -> Dependencies:
    """Return what an answer over ``relations`` depends on, all of it in one snapshot.

    Args:
        read: Asks the database, as ``Pool.fetch_bytes`` does.
        relations: What the answer's statement names; texts are quoted, qualified names.
        calls: Names of functions that developers' own SQL in it calls.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be asked.
    """
    if not relations:
        return NOTHING
    names = [one if isinstance(one, str) else one.sql for one in relations]
    return dependencies_of(names, await load_result_facts(read, names, calls))


def dependencies_of(reads: Sequence[str], facts: ResultFacts) -> Dependencies:
    """Return what facts come to for an answer that names ``reads``."""
    return Dependencies(
        tags=tuple(sorted(str(one.oid) for one in facts.tables)),
        relations=tuple(sorted(one.oid for one in facts.relations)),
        functions=facts.functions,
        enums=facts.types,
        reads=tuple(sorted(set(reads))),
        shape=facts.shape,
        clock=facts.clock,
        session=facts.session,
        traced=all(one.traced for one in facts.relations),
    )
