"""Dependencies of a field's value, from the catalog."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fraiseql.caching.dependencies.fingerprint import readable, shape_expression
from fraiseql.caching.dependencies.inspection import (
    DependencyInspection,
    Read,
    inspect_dependencies,
)
from fraiseql.caching.dependencies.privileges import (
    NO_ROLES,
    Roles,
    load_database_owner,
    load_owners,
)
from fraiseql.caching.results.sql.objects import SECRET
from fraiseql.catalog import Relation


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Dependencies of an answer.

    Attributes:
        tags: Tags of the tables in the change log: their OIDs as text, sorted.
        relations: OIDs of tables and views whose definition matters.
        functions: OIDs of functions that are called.
        objects: OIDs of all objects that the answer is computed from.
        prompt: Query for the OIDs that a look-up reads each time.
        names: Another one, for the names in recorded statements; empty for none.
        reads: Quoted names of the relations that the answer's statement names.
        fingerprint: Fingerprint of all the definitions when they were loaded. A look-up with
            another fingerprint stores nothing: the dependencies must be loaded again.
        clock: Whether the answer changes with time alone.
        session: Whether it depends on session variables.
        traced: Whether the change log has all writes of the tables; if not, nothing is stored.
        owners: Roles whose privileges are used to read relations and run functions.
        database_owner: Role that owns the database; 0 where no privilege depends on it.
        salted: Whether row tags are hashed with the secret, which must be the current one.
    """

    tags: tuple[str, ...] = ()
    relations: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()
    objects: tuple[int, ...] = ()
    prompt: str = ""
    reads: tuple[str, ...] = ()
    fingerprint: int = 0
    clock: bool = False
    session: bool = False
    traced: bool = True
    owners: Roles = NO_ROLES
    database_owner: int = 0
    salted: bool = False
    names: str = ""

    @property
    def fingerprint_sql(self) -> str:
        """SQL expression of the current fingerprint; ``0`` where nothing is read."""
        if not self.relations:
            return "0"
        read = " UNION ALL ".join(filter(None, (self.prompt, self.names)))
        expression = shape_expression(self.objects, read)
        # Part of it is computed when the statement is planned, and PostgreSQL does not plan again
        # when a function is replaced: another fingerprint needs another statement.
        return f"{expression} /* {self.fingerprint} */"

    @property
    def readable_sql(self) -> str:
        """SQL condition that is always true; it raises where the role may not read a relation."""
        return readable((*self.reads, SECRET) if self.salted else self.reads)


NOTHING = Dependencies()
"""Of an answer without logged dependencies: only time limits it."""


async def load_dependencies(
    read: Read, relations: Sequence[Relation | str], trees: Sequence[str] = ()
) -> Dependencies:
    """Return the dependencies of an answer over ``relations``, loaded in one snapshot.

    Args:
        read: Runs a query, as ``Pool.inspect`` does.
        relations: Relations that the answer's statement names; strings are quoted and qualified.
        trees: Parsed predicates of the statement.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be reached.
    """
    if not relations:
        return NOTHING
    names = [name if isinstance(name, str) else name.sql for name in relations]
    return await with_owners(
        read, dependencies_of(names, await inspect_dependencies(read, names, trees))
    )


async def with_owners(read: Read, dependencies: Dependencies) -> Dependencies:
    """Return dependencies with the owners of relations and functions.

    They are loaded after the fingerprint: a look-up detects an owner that changed since.

    Args:
        read: Runs a query.
        dependencies: Dependencies without owners.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    objects = dependencies.relations, dependencies.functions
    owners = await load_owners(read, *objects)
    return replace(
        dependencies, owners=owners, database_owner=await load_database_owner(read, *objects)
    )


def dependencies_of(reads: Sequence[str], inspection: DependencyInspection) -> Dependencies:
    """Return the dependencies of an answer that names ``reads``."""
    return Dependencies(
        tags=tuple(sorted(str(table.oid) for table in inspection.tables)),
        relations=tuple(sorted(relation.oid for relation in inspection.relations)),
        functions=inspection.functions,
        objects=inspection.objects,
        prompt=inspection.prompt,
        reads=tuple(sorted({*reads, *inspection.named})),
        fingerprint=inspection.shape,
        clock=inspection.clock,
        session=inspection.session,
        traced=all(relation.traced for relation in inspection.relations),
    )
