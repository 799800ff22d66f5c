"""Python fields whose reads are recorded.

Their answers are exact without tags.

The statements of a computation say what its value depends on, but only after it ran, and a look-up
must know the definitions before. So the statements that earlier computations ran decide the
dependencies, and a value is stored only if its own statements are among them. The value of the
first computation in a process is not stored: it teaches the statements.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fraiseql.caching.results.backoff import Backoff
from fraiseql.caching.results.cached_field import CachedField
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.database import Identity, Observation, Pool, RecordedStatement, observation, observed
from fraiseql.events import logger
from fraiseql.results import (
    CacheableField,
    CacheResult,
    Compute,
    ComputedValue,
    FieldRequest,
    Remembered,
)

_MOST_STATEMENTS: Final = 64
"""Different statements of one function, above which its SQL seems to contain values."""

_MOST_ROLES: Final = 1_000

_LEARNING: Final = "learning"
_UNRECORDED: Final = "unrecorded"
_FAILED: Final = "statement_failed"


class RecordedField:
    """Answers one Python field; see ``fraiseql.results.FieldCache``.

    Args:
        runtime: Shared state of the process.
        definition: The field.
        make: Makes the cache of a field with known statements.
        pool: Returns the application's connections.
    """

    def __init__(
        self,
        runtime: CacheRuntime,
        definition: CacheableField,
        make: Callable[[CacheableField], CachedField],
        pool: Callable[[], Pool],
    ) -> None:
        self._runtime = runtime
        self._make = make
        self._pool = pool
        self._definition = definition
        self._unlearned = make(definition)
        self._roles: dict[str | None, _RoleReads] = {}
        self._logged: set[str] = set()

    @property
    def max_age(self) -> float:
        """Seconds for which a client may reuse a value without asking; 0 for none."""
        return self._unlearned.max_age

    @property
    def private(self) -> bool:
        """Whether a value is for one client only."""
        return True

    async def answer(self, request: FieldRequest, compute: Compute) -> CacheResult:
        """Answer from the cache, or with ``compute``.

        Raises:
            Whatever ``compute`` raises; errors of the cache itself never fail a request.
        """
        role = request.identity.role
        reads = self._roles.get(role)
        if reads is None:
            if len(self._roles) >= _MOST_ROLES:
                self._roles.clear()
            # A text may mean another relation for another role.
            definition = replace(self._definition, role=role)
            reads = self._roles[role] = _RoleReads(self, definition, self._unlearned)
        return await reads.answer(request, compute)

    def remembered(self, request: FieldRequest) -> Remembered | None:
        """Return the exact value in memory, to be confirmed, or None."""
        reads = self._roles.get(request.identity.role)
        return None if reads is None else reads.remembered(request)

    async def compute_uncached(self, compute: Compute) -> CacheResult:
        """Compute an answer whose reads are not known."""
        name = self._definition.definition.graphql_name
        return await self._runtime.compute_uncached(name, compute, _UNRECORDED)

    def learned(self, definition: CacheableField) -> CachedField:
        """Return the cache of a field with known statements."""
        return self._make(definition)

    def pool(self) -> Pool:
        """Return the application's connections."""
        return self._pool()

    def log(self, reason: str, *, limited: bool) -> None:
        """Say once why answers are not exact."""
        if reason not in self._logged:
            self._logged.add(reason)
            write = logger.info if limited else logger.warning
            name = self._definition.definition.graphql_name
            write(
                "Answers of %s are %s: %s Name what it reads in tags=, or limit the age of answers"
                " with ttl=.",
                name,
                "limited by time only" if limited else "not cached",
                reason,
            )


class _RoleReads:
    """What one field reads for requests with one role.

    Args:
        field: The field.
        definition: Its definition, with the role.
        unlearned: Its cache without statements; stores values that only time limits.
    """

    def __init__(
        self, field: RecordedField, definition: CacheableField, unlearned: CachedField
    ) -> None:
        cache = definition.cache
        self._field = field
        self._definition = definition
        self._unlearned = unlearned
        self._limited = cache.ttl is not None or cache.stale is not None
        self._exact: CachedField | None = None
        self._statements: frozenset[str] = frozenset()
        self._timed = False
        self._backoff = Backoff()

    def remembered(self, request: FieldRequest) -> Remembered | None:
        """Return the exact value in memory, to be confirmed, or None."""
        timed = self._limited and self._timed
        # A computation that uses the value records its reads.
        if self._exact is None or timed or self._backoff.active or observation.get() is not None:
            return None
        return self._exact.remembered(request)

    async def answer(self, request: FieldRequest, compute: Compute) -> CacheResult:
        """Answer with the statements that are known now."""
        if self._backoff.active:
            return await self._field.compute_uncached(compute)
        exact, statements = self._exact, self._statements
        if self._limited and exact is not None and (self._timed or await exact.unavailable()):
            exact = None
        judge = self._judge_exact if exact is not None else self._judge_timed
        answered = await (exact or self._unlearned).answer(
            request, _recorded(compute, lambda seen: judge(seen, request.identity, statements))
        )
        self._report(answered, request.identity, None if exact is None else statements)
        return answered

    def _judge_exact(
        self, seen: Observation, identity: Identity, statements: frozenset[str]
    ) -> str:
        """Return why a value may not be stored with the dependencies of ``statements``."""
        if seen.failed:
            return _FAILED
        if self._unknown(seen, identity):
            return _UNRECORDED
        texts = {statement.text for statement in seen.statements}
        return _LEARNING if not texts <= statements and self._learn(texts) else ""

    def _judge_timed(
        self, seen: Observation, identity: Identity, statements: frozenset[str]
    ) -> str:
        """Return why a value may not be stored without dependencies."""
        if seen.failed:
            return _FAILED
        texts = {statement.text for statement in seen.statements}
        unknown = self._unknown(seen, identity)
        if not texts and not unknown:
            unknown = self._give_up("it ran no statement.")
        if unknown:
            return "" if self._limited else _UNRECORDED
        if self._learn(texts) and not statements:
            return _LEARNING
        return "" if self._limited else _UNRECORDED

    def _unknown(self, seen: Observation, identity: Identity) -> bool:
        """Whether a computation read what was not recorded."""
        reason = next(iter(seen.unrecorded), "")
        if reason:
            return self._give_up(f"it read with {reason}.")
        pool = self._field.pool()
        if any(statement.pool is not pool for statement in seen.statements):
            return self._give_up("it read with other connections than those of the application.")
        if any(statement.identity != identity for statement in seen.statements):
            return self._give_up("it read with another role or other session variables.")
        return False

    def _give_up(self, reason: str) -> bool:
        self._field.log(reason, limited=self._limited)
        if self._limited:
            self._timed = True
        else:
            # Requests would wait for each other, for nothing.
            self._backoff.failed()
        return True

    def _learn(self, texts: set[str]) -> bool:
        """Add statements to those that are known; return whether they are now."""
        if texts <= self._statements:
            return True
        statements = self._statements | texts
        if len(statements) > _MOST_STATEMENTS:
            self._give_up(
                f"it ran more than {_MOST_STATEMENTS} different statements: pass values as"
                " parameters."
            )
            return False
        self._statements = statements
        self._exact = self._field.learned(
            replace(self._definition, statements=tuple(sorted(statements)))
        )
        return True

    def _report(
        self, answered: CacheResult, identity: Identity, statements: frozenset[str] | None
    ) -> None:
        """Record the reads of a cached value for a computation that uses it."""
        outer = observation.get()
        if outer is None or answered.computed is not None:
            return
        if statements is None:
            outer.miss("a cached value that only time limits")
            return
        pool = self._field.pool()
        for text in statements:
            outer.record(RecordedStatement(pool, identity, text))


def _recorded(compute: Compute, judge: Callable[[Observation], str]) -> Compute:
    """Return ``compute`` with the reason against storing its value."""

    async def recorded() -> ComputedValue:
        if observation.get() is None:
            # The value is for this request only.
            return await compute()
        with observed() as seen:
            computed = await compute()
        conflict = judge(seen)
        return replace(computed, conflict=conflict) if conflict else computed

    return recorded
