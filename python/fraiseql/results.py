"""Interface between the serving pipeline and result caches.

A cache entry holds the JSON text of one root field with its selection, ready for the response.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol

from fraiseql.catalog import Relation
from fraiseql.database import Identity, Pool
from fraiseql.events import OperationEvents
from fraiseql.schema import Schema
from fraiseql.schema.cache import Cache
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.sources import Freshness


@dataclass(frozen=True, slots=True, eq=False)
class CacheableField:
    """One root field of an operation that a result cache may answer.

    Attributes:
        definition: The declared query.
        cache: The declared cache, or the operation's.
        text: Canonical text of the field, its selection and its fragments, without the response
            key. Together with the values of ``variables`` it identifies the request.
        variables: Names of the variables that ``text`` uses.
        relations: Relations that the live answer reads; those of ``freshness`` where that is set;
            empty for a Python resolver, whose declaration lists its reads.
        predicates: SQL that developers wrote, each with the quoted relation that it filters.
        functions: Names (``Type.field``) of its Python functions that may read more than their
            parent.
        freshness: Set where the source that answers in place of the live one may be stale.
        type_name: GraphQL name of the field's type.
        statements: Statements that a Python resolver ran, sorted, where its reads are recorded.
        role: Role that they ran as; None for the connection's own.
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
    statements: tuple[str, ...] = ()
    role: str | None = None


@dataclass(slots=True)
class FieldRequest:
    """One request for a field.

    Attributes:
        variables: Variables as sent.
        arguments: Returns the field's arguments by Python name.
        identity: Role and session variables.
        context: The context of resolvers, for ``vary``.
        etags: Digests of the values that the client has.
    """

    variables: Mapping[str, Any]
    arguments: Callable[[], Mapping[str, Any]]
    identity: Identity
    context: Mapping[str, Any]
    etags: frozenset[str] = frozenset()


@dataclass(slots=True)
class ComputedValue:
    """A field's value as computed, without a cache.

    Attributes:
        value: JSON text; None where it is too large to be held as one text.
        cacheable: False after an error, or where the value may be stale and was not planned so.
        payload: Data for the caller that computed the value; never shared or stored.
        source_seconds: Age of ``CacheableField.freshness`` when the value was computed; None where
            it is not set or unknown.
        unvaried: What Python functions read of the request that the key does not contain.
        conflict: Why the value may be shared with requests that wait, but not stored; one word.
    """

    value: bytes | None
    cacheable: bool
    payload: Any = None
    source_seconds: float | None = None
    unvaried: tuple[str, ...] = ()
    conflict: str = ""


Outcome = Literal["hit", "miss", "stale", "bypass"]
"""``stale``: the entry could no longer be used; ``bypass``: the cache was not asked."""


# Built for every request: a frozen dataclass takes three times as long to build.
@dataclass(slots=True)
class CacheResult:
    """How a cache answered a request for a field.

    Attributes:
        outcome: Whether the value came from the cache, or why not.
        value: JSON text; None where ``computed`` has it, or ``unchanged``.
        computed: Set when this request computed the value.
        unchanged: Whether the client has the value already: one of its ``etags``.
        collapsed: Whether the request waited for another request's computation.
        stored: Whether the value is stored now.
        detail: One word of ``docs/reference``: the reason for anything but a hit; for a hit,
            ``memory`` where the value was in the process's memory, else empty.
        ttl: Seconds until the entry expires; None for never.
        lag_seconds: How far the value may be behind: 0.0 where it equals the live answer; None if
            unknown.
        age_seconds: Time since the value was computed.
        cost_ms: Milliseconds that computing the value took, for a hit.
        source_seconds: Age of ``CacheableField.freshness``; None where it is not set or unknown.
        etag: Digest of the value, in hexadecimal digits; empty where it is unknown.
    """

    outcome: Outcome
    value: bytes | None = None
    computed: ComputedValue | None = None
    unchanged: bool = False
    collapsed: bool = False
    stored: bool = False
    detail: str = ""
    ttl: float | None = None
    lag_seconds: float | None = 0.0
    age_seconds: float = 0.0
    cost_ms: float = 0.0
    source_seconds: float | None = None
    etag: str = ""

    def for_client(self, etags: Collection[str], *, collapsed: bool = False) -> "CacheResult":
        """Return the result for a client that has the values with these digests."""
        unchanged = self.value is None or self.etag in etags
        if not (unchanged or collapsed):
            return self
        value = None if unchanged else self.value
        return replace(self, value=value, unchanged=unchanged, collapsed=collapsed)


Compute = Callable[[], Awaitable[ComputedValue]]


class Remembered(Protocol):
    """An exact value in the process's memory, which a freshness check has to confirm."""

    @property
    def etag(self) -> str:
        """Digest of the value; empty where it is unknown."""


class FieldCache(Protocol):
    """Cache of one field."""

    @property
    def max_age(self) -> float:
        """Seconds for which a client may reuse a value without asking; 0 for none."""

    @property
    def private(self) -> bool:
        """Whether a value is for one client only."""

    def remembered(self, request: FieldRequest) -> Remembered | None:
        """Return the exact value in memory for ``Results.confirm``, or None."""

    async def answer(self, request: FieldRequest, compute: Compute) -> CacheResult:
        """Answer from the cache, or with ``compute``.

        Raises:
            Whatever ``compute`` raises; errors of the cache itself never fail a request.
        """


class Results(Protocol):
    """Result caches of one application."""

    async def start(self, schema: Schema, pool: Pool) -> None:
        """Prepare the caches.

        Raises:
            DeclarationError: A declared cache cannot work; the message says why.
            DatabaseError: The database cannot be reached.
        """

    async def stop(self) -> None:
        """Flush pending writes and close connections."""

    async def refresh(self) -> None:
        """Reload the dependencies of the declarations from the database."""

    def field_cache(self, field: CacheableField) -> FieldCache | None:
        """Return the cache of a field; None where it is not cached."""

    def confirm(self, values: Sequence[Any]) -> Awaitable[list[CacheResult] | None]:
        """Return the hits of values in memory, counted, after one freshness check for all.

        None where any of them may have changed: then the caches have to answer.

        Args:
            values: What ``FieldCache.remembered`` returned for the fields of one request.
        """

    def replanned(self) -> None:
        """Have no server give a response again that was made with earlier plans."""

    def metrics(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, in the text format of Prometheus."""


@dataclass(slots=True)
class CacheStatus:
    """How result caches took part in a response.

    Attributes:
        answers: Results of the cached root fields, by response key.
        roots: Number of root fields, without ``__typename``.
        whole: Whether every root field came from these caches and none failed.
        etag: Digest of the response; empty for none.
        unchanged: Whether the client has the response already.
        max_age: Seconds for which a client may reuse the response without asking.
        private: Whether it is for one client only.
        remembered: The confirmed values in memory that the response is made of; empty for another.
        operation: Receiver of the requests of the operation.
    """

    answers: Mapping[str, CacheResult] = field(default_factory=dict)
    roots: int = 0
    whole: bool = False
    etag: str = ""
    unchanged: bool = False
    max_age: float = 0.0
    private: bool = True
    remembered: Sequence[Remembered] = ()
    operation: OperationEvents | None = None


@dataclass(frozen=True, slots=True)
class RequestCaches:
    """The caches that Python functions of a request may use.

    Attributes:
        results: The application's result caches.
        identity: Role and session variables of the request.
        note: Reports a value that may be stale: its name, and by how many seconds (None: unknown).
            The response says so.
    """

    results: Results
    identity: Identity
    note: Callable[[str, float | None], None]


current: Final[ContextVar[RequestCaches | None]] = ContextVar("fraiseql_results", default=None)
"""Set while Python functions of a request run; None outside of requests, and without caches."""
