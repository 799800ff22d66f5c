"""Facts: what an answer reads and calls at any depth, as PostgreSQL's own catalog has it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.caching.dependencies.catalog_query import facts_statement
from fraiseql.catalog.picture import quote
from fraiseql.errors import SourceError

Read = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs one statement with its parameters and returns its rows, as ``Pool.fetch_bytes`` does."""

CLOCK: Final = frozenset(
    {"now", "transaction_timestamp", "statement_timestamp", "timestamptz_in"}
    | {"json_populate_record", "jsonb_populate_record"}
    | {"json_populate_recordset", "jsonb_populate_recordset"}
)
"""What tells the time, or reads texts as moments, of which one may be ``'now'``."""
_SESSION: Final = frozenset(
    {
        "current_setting",
        "current_user",
        "session_user",
        "getpgusername",
        "current_schema",
        "current_schemas",
        "current_database",
    }
)
"""What these give is told by role, session variables and database: all are in the key."""

_OF_SERVER: Final = (
    "has_",
    "row_security",
    "reg",
    "format_type",
    "enum_",
    "inet_",
    "txid_",
    "pg_",
    "to_reg",
    "obj_",
    "col_",
    "shobj_",
    "query_to",
    "table_to",
    "schema_to",
    "database_to",
    "cursor_to",
)
"""How names of functions begin that read the catalog, the connection or any relation."""


@dataclass(frozen=True, slots=True)
class RelationFacts:
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
        kept: Whether it is a materialized view that the framework refreshes.
        traced: Whether its writes come to the change log now.
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
    kept: bool
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
class CallFacts:
    """One function that is called and that is not immutable, or not PostgreSQL's own.

    Attributes:
        name: Without schema.
        volatility: ``i``, ``s`` or ``v``.
        builtin: Whether it is PostgreSQL's own.
        arguments: How many it takes.
    """

    name: str
    volatility: str
    builtin: bool
    arguments: int

    @property
    def is_clock(self) -> bool:
        """Whether it tells the time of its transaction or statement."""
        # age(timestamp) of one argument counts from today's midnight.
        named = self.name in CLOCK or (self.name == "age" and self.arguments == 1)
        return self.builtin and named

    @property
    def is_session(self) -> bool:
        """Whether what it gives is told by role and session variables."""
        return self.builtin and self.name in _SESSION

    @property
    def is_opaque(self) -> bool:
        """Whether it is a function of somebody's own, which may ask for any session variable."""
        # Whatever its label says: PostgreSQL checks no label against the body.
        return not self.builtin

    @property
    def is_unknown(self) -> bool:
        """Whether what it gives may change without anything that is logged."""
        if self.builtin:
            return self.name.startswith(_OF_SERVER)
        return self.volatility != "i"


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """All that is behind an answer, in one snapshot.

    Attributes:
        relations: Tables, views and materialized views, by schema and name.
        calls: Functions whose result may change, or whose definition may.
        functions: Numbers of user-defined functions.
        types: Numbers of enums and composite types of what is read.
        shape: Fingerprint of all definitions.
        named: Quoted names of relations that parsed predicates read themselves.
    """

    relations: tuple[RelationFacts, ...]
    calls: tuple[CallFacts, ...]
    functions: tuple[int, ...]
    types: tuple[int, ...]
    shape: int
    named: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[RelationFacts, ...]:
        """What holds rows."""
        return tuple(one for one in self.relations if one.holds_rows)

    @property
    def clock(self) -> bool:
        """Whether an answer changes with time alone."""
        return any(call.is_clock for call in self.calls)

    @property
    def session(self) -> bool:
        """Whether an answer may depend on role or session variables."""
        secured = any(one.secured for one in self.relations)
        return secured or any(call.is_session or call.is_opaque for call in self.calls)


async def load_result_facts(
    read: Read, relations: Sequence[str], trees: Sequence[str] = ()
) -> ResultFacts:
    """Return all that is behind an answer.

    Args:
        read: Asks the database.
        relations: Quoted, qualified names of relations that the answer's statement names.
        trees: Parsed predicates that stand in it, as ``parse_predicates`` returns them.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be asked.
    """
    (row,) = await read(facts_statement(), [sorted(set(relations)), sorted(set(trees))])
    if row["missing"]:
        raise SourceError(f"There is no relation {row['missing'][0]}.")
    return ResultFacts(
        tuple(RelationFacts(**one) for one in json.loads(row["relations"])),
        tuple(CallFacts(**one) for one in json.loads(row["calls"])),
        tuple(row["functions"]),
        tuple(row["types"]),
        row["shape"],
        tuple(row["named"]),
    )
