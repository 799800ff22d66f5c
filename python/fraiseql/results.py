"""Results: what the serving pipeline asks of a result cache, and what it is answered.

The unit that is kept is one root field of an operation with its selection: the JSON text of its
value, ready for the response.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from fraiseql.catalog import Relation
from fraiseql.database import Identity, Pool
from fraiseql.schema import Schema
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.storage import Cache
from fraiseql.sources import Freshness


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One root field of an operation, for one structure of its variables.

    Attributes:
        definition: The declared query.
        cache: Its ``fraiseql.Cache``: the declared one, or the operation's.
        text: Canonical text of the field, its selection and the fragments in it, without its
            response key: with the values of ``variables`` it says all that is asked.
        variables: Names of the variables that ``text`` uses.
        relations: Relations that the live answer reads; those of ``freshness`` where that is set;
            empty for a Python resolver, whose reads only its declaration tells.
        predicates: The developers' own SQL in it, each with the quoted relation it is over.
        functions: Names (``Type.field``) of the Python functions in it that could read more than
            their parent.
        freshness: Set where what is kept in place of the live source may be stale.
        type_name: GraphQL name of the field's type.
    """

    definition: QueryDefinition
    cache: Cache
    text: bytes
    variables: tuple[str, ...]
    relations: tuple[Relation, ...]
    predicates: tuple[tuple[str, str], ...] = ()
    functions: tuple[str, ...] = ()
    freshness: Freshness | None = None
    type_name: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one request brings to a part.

    Attributes:
        variables: As sent.
        arguments: Values of the field's arguments by Python name.
        identity: Role and session variables.
        context: What resolvers see, for ``vary``.
        etags: Digests of values that the client has.
    """

    variables: Mapping[str, Any]
    arguments: Callable[[], Mapping[str, Any]]
    identity: Identity
    context: Mapping[str, Any]
    etags: frozenset[str] = frozenset()


@dataclass(slots=True)
class Computed:
    """What computing a part gave.

    Attributes:
        value: JSON text of the field's value; None where it is too large to be held as one text.
        sound: Whether it may be kept: no error, nothing that may be stale but was not planned so.
        rest: For the one who computed it; nobody else sees it.
        source_seconds: The age of ``Part.freshness`` as it was computed, which everybody who is
            given this value is told; None where it is not set or unknown.
        unvaried: What Python functions read of the request that is not in the key.
    """

    value: bytes | None
    sound: bool
    rest: Any = None
    source_seconds: float | None = None
    unvaried: tuple[str, ...] = ()


Outcome = Literal["hit", "miss", "stale", "bypass"]
"""``stale``: there was an entry that could not be given any more; ``bypass``: not asked at all."""


@dataclass(slots=True)
class Answered:
    """How a part was answered.

    Attributes:
        outcome: What the cache had to say.
        value: JSON text of the field's value; None where ``computed`` has it, or ``unchanged``.
        computed: Set when this request computed it.
        unchanged: Whether the client has the value already: one of its ``etags``.
        collapsed: Whether another request's computation was waited for.
        stored: Whether it is kept now.
        detail: Why it was no hit, in one word of ``docs/reference``; empty for a hit.
        ttl: Seconds for which the entry can be given; None for no end.
        seconds: How stale the value may be: 0.0 where it equals the live answer; None if unknown.
        source_seconds: The age that ``Part.freshness`` tells; None where it is not set or unknown.
        etag: Digest of the value; empty where it is not known.
    """

    outcome: Outcome
    value: bytes | None = None
    computed: Computed | None = None
    unchanged: bool = False
    collapsed: bool = False
    stored: bool = False
    detail: str = ""
    ttl: float | None = None
    seconds: float | None = 0.0
    source_seconds: float | None = None
    etag: str = ""


Compute = Callable[[], Awaitable[Computed]]


class Unit(Protocol):
    """One part, ready to be asked for."""

    @property
    def max_age(self) -> float:
        """Seconds for which a value may be given without asking again; 0 for none."""

    @property
    def private(self) -> bool:
        """Whether a value is for one client only."""

    async def answer(self, ask: Ask, compute: Compute) -> Answered:
        """Answer a request; what the cache cannot do, ``compute`` does.

        Raises:
            Whatever ``compute`` raises; the cache itself fails no request.
        """


class Results(Protocol):
    """The result caches of one application, as the serving pipeline sees them."""

    async def start(self, schema: Schema, pool: Pool) -> None:
        """Make ready.

        Raises:
            DeclarationError: Something is declared to be kept that cannot be; the reason is told.
            DatabaseError: The database cannot be reached.
        """

    async def stop(self) -> None:
        """Write what is to be written and give back what was opened."""

    async def look(self) -> None:
        """Look anew at what the declarations read, as the database has it now."""

    def unit(self, part: Part) -> Unit | None:
        """Return what answers a part; None where it is not kept."""

    def metrics(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, in the text format of Prometheus."""


@dataclass(frozen=True, slots=True)
class Cached:
    """What a response tells of the caches that had a part in it.

    Attributes:
        answers: How each cached root field was answered, by response key.
        roots: How many root fields there are, ``__typename`` not counted.
        whole: Whether nothing else had a part in it, and no field failed.
        etag: Digest of the response; empty where there is none.
        unchanged: Whether the client has it already.
        max_age: Seconds for which it may be given without asking again.
        private: Whether it is for one client only.
    """

    answers: Mapping[str, Answered] = field(default_factory=dict)
    roots: int = 0
    whole: bool = False
    etag: str = ""
    unchanged: bool = False
    max_age: float = 0.0
    private: bool = True


@dataclass(frozen=True, slots=True)
class Current:
    """What Python functions of a request find of its caches.

    Attributes:
        results: The application's result caches.
        identity: Role and session variables of the request.
        note: Told the name of something that a function read which may be stale, and by how many
            seconds (None: unknown); the response says so.
    """

    results: Results
    identity: Identity
    note: Callable[[str, float | None], None]


current: Final[ContextVar[Current | None]] = ContextVar("fraiseql_results", default=None)
"""Set while Python functions of a request run; None outside of requests, and without caches."""
