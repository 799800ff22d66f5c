"""Relations and functions behind an answer, inspected in the catalog."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fraiseql.caching.dependencies.builtins import Kind, kind_of
from fraiseql.caching.dependencies.catalog_query import inspection_statement
from fraiseql.catalog.picture import quote
from fraiseql.errors import SourceError

Read = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs one statement with its parameters and returns its rows, as ``Pool.inspect`` does."""


@dataclass(frozen=True, slots=True)
class InspectedRelation:
    """One relation that is read, at any depth.

    Attributes:
        oid: Its number.
        schema: Namespace.
        name: Without the schema.
        kind: ``relkind``.
        secured: Whether it has row security.
        owned: Whether the connected role may alter it.
        catalog: Whether it is PostgreSQL's own.
        persistence: ``p`` logged, ``u`` unlogged, ``t`` temporary.
        subscribed: Whether a subscription writes it.
        parted: Whether it is a partition, or has some, or takes part in inheritance.
        refreshed: Whether it is a materialized view that the framework refreshes.
        traced: Whether its writes are logged now.
    """

    oid: int
    schema: str
    name: str
    kind: str
    secured: bool
    owned: bool
    catalog: bool
    persistence: str
    subscribed: bool
    parted: bool
    refreshed: bool
    traced: bool

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def holds_rows(self) -> bool:
        """Whether writes of it count: it is no view."""
        return self.kind != "v"


@dataclass(frozen=True, slots=True)
class InspectedCall:
    """One function that is called and that is not immutable, or not PostgreSQL's own.

    Attributes:
        name: Without schema.
        volatility: ``i``, ``s`` or ``v``.
        builtin: Whether it is PostgreSQL's own.
        arguments: Names of the types that it takes, with commas.
        shown: Whether it only converts a value of a type in the query to text.
        worded: Whether a word in a body names it, in code, a string or a comment.
    """

    name: str
    volatility: str
    builtin: bool
    arguments: str = ""
    shown: bool = False
    worded: bool = False

    @property
    def kind(self) -> Kind | None:
        """Kind of a built-in function; None for a user-defined one."""
        return kind_of(self.name, self.arguments, self.volatility) if self.builtin else None

    @property
    def is_opaque(self) -> bool:
        """Whether it is a function of somebody's own, which may ask for any session variable."""
        # Whatever its label says: PostgreSQL checks no label against the body.
        return not self.builtin


@dataclass(frozen=True, slots=True)
class DependencyInspection:
    """All that is behind an answer, in one snapshot.

    Attributes:
        relations: Tables, views and materialized views, by schema and name.
        calls: Functions whose result may change, or whose definition may.
        named: Quoted names of relations that parsed predicates read themselves.
        meaning: Functions, operators and types of somebody's own that parsed predicates name.
        functions: Numbers of user-defined functions.
        objects: Numbers of all that an answer is computed from.
        prompt: Query for the numbers that are read each time.
        shape: Fingerprint of all definitions.
    """

    relations: tuple[InspectedRelation, ...]
    calls: tuple[InspectedCall, ...]
    named: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()
    functions: tuple[int, ...] = ()
    objects: tuple[int, ...] = ()
    prompt: str = ""
    shape: int = 0

    @property
    def tables(self) -> tuple[InspectedRelation, ...]:
        """Relations that hold rows."""
        return tuple(relation for relation in self.relations if relation.holds_rows)

    @property
    def clock(self) -> bool:
        """Whether an answer changes with time alone."""
        return any(call.kind is Kind.CLOCK for call in self.calls)

    @property
    def session(self) -> bool:
        """Whether an answer may depend on role or session variables."""
        secured = any(relation.secured for relation in self.relations)
        return secured or any(call.kind is Kind.SESSION or call.is_opaque for call in self.calls)


async def inspect_dependencies(
    read: Read, relations: Sequence[str], trees: Sequence[str] = (), *, shape: bool = True
) -> DependencyInspection:
    """Return all that is behind an answer.

    Args:
        read: Asks the database.
        relations: Quoted, qualified names of relations that the answer's statement names.
        trees: Parsed predicates of the query, as ``parse_predicates`` returns them.
        shape: Whether ``functions``, ``objects``, ``prompt`` and ``shape`` are needed; else they
            are empty.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be asked.
    """
    args = [sorted(set(relations)), sorted(set(trees))]
    (row,) = await read(inspection_statement(shape=shape), args)
    if row["missing"]:
        raise SourceError(f"There is no relation {row['missing'][0]}.")
    return DependencyInspection(
        tuple(InspectedRelation(**relation) for relation in json.loads(row["relations"])),
        tuple(_calls(json.loads(row["calls"]))),
        tuple(row["named"]),
        tuple(row["meaning"]),
        *(
            (tuple(row["functions"]), tuple(row["objects"]), row["prompt"], row["shape"])
            if shape
            else ()
        ),
    )


def _calls(rows: list[dict[str, Any]]) -> Iterator[InspectedCall]:
    for row in rows:
        call = InspectedCall(**row)
        # Every query has types; words such as to_char and length have constant overloads.
        dropped = (call.shown and call.kind is not Kind.SERVER) or (
            call.worded and call.kind is Kind.SETTINGS
        )
        if not dropped:
            yield call
