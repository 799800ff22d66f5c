"""Dependencies: what the value of a part depends on, as the database has it."""

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
    """What an answer depends on.

    Attributes:
        tags: What the change log calls the tables: their numbers, as text, sorted.
        relations: Numbers of tables and views whose definition counts.
        functions: Numbers of functions that are called.
        objects: Numbers of all that the answer is computed from.
        prompt: Query for the numbers of what a look-up reads each time.
        reads: Quoted names of the relations that the answer's statement names itself.
        shape: Fingerprint of all the definitions, when this was loaded. A look-up that finds
            another one must store nothing under these dependencies: they are to be loaded anew.
        clock: Whether the answer changes with time alone.
        session: Whether it depends on session variables.
        traced: Whether all writes of the tables come to the log; else nothing may be stored.
        owners: Roles under whose rights relations are read and functions run.
        database_owner: The role that owns the database; 0 where no right depends on it.
        salted: Whether tags of answers are hashed with the secret, which must be the present one.
    """

    tags: tuple[str, ...] = ()
    relations: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()
    objects: tuple[int, ...] = ()
    prompt: str = ""
    reads: tuple[str, ...] = ()
    shape: int = 0
    clock: bool = False
    session: bool = False
    traced: bool = True
    owners: Roles = NO_ROLES
    database_owner: int = 0
    salted: bool = False

    @property
    def shape_sql(self) -> str:
        """SQL expression of the shape now; ``0`` where nothing is read."""
        if not self.relations:
            return "0"
        expression = shape_expression(self.objects, self.prompt)
        # Part of it is computed as the statement is planned. PostgreSQL plans none again because a
        # function was replaced: under another shape the statement must be another one.
        return f"{expression} /* {self.shape} */"

    @property
    def readable_sql(self) -> str:
        """SQL condition that always holds; it fails where the role may not read what is read."""
        return readable((*self.reads, SECRET) if self.salted else self.reads)


NOTHING = Dependencies()
"""Of an answer that depends on nothing that is logged: it lives by its time alone."""


async def load_dependencies(
    read: Read, relations: Sequence[Relation | str], trees: Sequence[str] = ()
) -> Dependencies:
    """Return what an answer over ``relations`` depends on, all of it in one snapshot.

    Args:
        read: Asks the database, as ``Pool.inspect`` does.
        relations: What the answer's statement names; texts are quoted, qualified names.
        trees: Parsed predicates that stand in it.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be asked.
    """
    if not relations:
        return NOTHING
    names = [one if isinstance(one, str) else one.sql for one in relations]
    return await with_owners(
        read, dependencies_of(names, await inspect_dependencies(read, names, trees))
    )


async def with_owners(read: Read, dependencies: Dependencies) -> Dependencies:
    """Return dependencies with the owners of what is read and called.

    They are loaded after the fingerprint: a look-up notices an owner that was changed since.

    Args:
        read: Asks the database.
        dependencies: Without owners.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    objects = dependencies.relations, dependencies.functions
    owners = await load_owners(read, *objects)
    return replace(
        dependencies, owners=owners, database_owner=await load_database_owner(read, *objects)
    )


def dependencies_of(reads: Sequence[str], inspection: DependencyInspection) -> Dependencies:
    """Return what facts come to for an answer that names ``reads``."""
    return Dependencies(
        tags=tuple(sorted(str(one.oid) for one in inspection.tables)),
        relations=tuple(sorted(one.oid for one in inspection.relations)),
        functions=inspection.functions,
        objects=inspection.objects,
        prompt=inspection.prompt,
        reads=tuple(sorted({*reads, *inspection.named})),
        shape=inspection.shape,
        clock=inspection.clock,
        session=inspection.session,
        traced=all(one.traced for one in inspection.relations),
    )
