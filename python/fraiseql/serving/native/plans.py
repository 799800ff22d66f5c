"""Hand-over of plans to the native engine, and counts of requests."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from fraiseql.bounded import Bounded
from fraiseql.database import Endpoint, Identity, Pool
from fraiseql.errors import FraiseQLError
from fraiseql.events import OperationEvents, RunCounts
from fraiseql.exposition import head, sample
from fraiseql.native import Engine
from fraiseql.schema import Check, Schema
from fraiseql.serving.document import Operation
from fraiseql.serving.document.request import Request
from fraiseql.serving.native import native_connections, refusals
from fraiseql.serving.native.connection_log import ConnectionLog
from fraiseql.serving.native.plan import NativePlan, NotNativeError, native_plan
from fraiseql.serving.preparation.prepare import Prepared
from fraiseql.serving.preparation.rights import Rights
from fraiseql.serving.preparation.serving_plan import ServingPlan
from fraiseql.settings import Settings

_LONGEST: Final = 65_536
"""Characters of a document above which it is not handed over, as it is not cached."""

_FORMS: Final = 64
"""Forms of the variables of one plan whose numbers are remembered."""

_SHARE: Final = 0.1
"""Share of ``statement_timeout`` after which Rust leaves a statement to Python."""

_REQUESTS: Final = "fraiseql_native_requests_total"
_OUTCOMES: Final = ("memory", "live", "python", "unread")

_Handed = tuple[OperationEvents | None, Sequence[str]]


class NativePlans:
    """Hands plans over to an engine after Python has answered with them.

    A plan belongs to one edition of the sources: a later edition drops it in Rust, too.

    Args:
        schema: The declarations.
        settings: Settings of the application.

    Attributes:
        engine: The engine of the process; None without one.
        edition: Number of the current edition.
        refusal: Why no operation is native; None if some may be.
        keeps_rights: Whether outcomes of checks may be used again, as the context hook declares.
    """

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.refusal = refusals.of_application(settings)
        self.keeps_rights = False
        self._guards = schema.guards
        self._checks: dict[Check, int] = {}
        self.engine: Engine | None = None
        self._settings = settings
        self._pool: Pool | None = None
        self._endpoint: Endpoint | None = None
        self._target = b""
        self._unsupported: str | None = None
        self._log: ConnectionLog | None = None
        self._handed: dict[int, _Handed] = {}
        self._bytes = 0
        self._most = 2 * settings.document_cache_size
        self._most_bytes = 2 * settings.native_plan_bytes
        self._last = 0
        self.edition = 0

    # Lifecycle.

    def begin(self) -> None:
        """Drop all plans: the sources have changed."""
        if self.engine is None:
            return
        self.edition = self.engine.begin()

    def start(self, pool: Pool) -> None:
        """Use the server of a pool that is open."""
        self._pool = pool
        if self.engine is not None:
            pool.connections.on_outdated = self._reconnect
            self._connect(self.engine)
            self._log = ConnectionLog(self.fault)

    def fault(self) -> str | None:
        """Return why the engine cannot connect; None if it can, or need not."""
        return None if self.engine is None else self.engine.fault()

    def stop(self) -> None:
        """Close the connections."""
        log, self._log = self._log, None
        if log is not None:
            log.stop()
        if self._pool is not None:
            self._pool.connections.on_outdated = None
        self._pool = None
        if self.engine is not None:
            self.edition = self.engine.begin()
            self._disconnect(self.engine)
        self.drain()

    def _reconnect(self) -> None:
        """Replace the connections: roles or settings have changed."""
        if self.engine is not None:
            self._disconnect(self.engine)
            self._connect(self.engine)

    def _disconnect(self, engine: Engine) -> None:
        engine.disconnect()
        self._endpoint, self._target = None, b""

    def _connect(self, engine: Engine) -> None:
        endpoint = None if self._pool is None else self._pool.connections.endpoint
        if endpoint is None or endpoint is self._endpoint or self.refusal is not None:
            return
        if endpoint.refusal is not None:
            self._disconnect(engine)
            return
        self._endpoint = endpoint
        target = orjson.dumps(
            {
                "address": endpoint.content,
                "check": endpoint.check and tuple(endpoint.check),
                "connect_seconds": self._settings.connect_timeout,
                "longest_seconds": self._settings.statement_timeout * _SHARE or None,
                "prepared_bytes": self._settings.prepared_bytes,
                "key_connections": native_connections.BY_KEY,
                "connections": native_connections.for_statements(self._settings),
            }
        )
        if target != self._target:
            self._target = target
            self._use(engine, target)

    def _use(self, engine: Engine, target: bytes) -> None:
        self._unsupported = None
        try:
            engine.connect(target)
        except ValueError:
            engine.disconnect()
            # The message may contain a secret.
            self._unsupported = "Rust cannot encrypt connections with these certificates"

    # Plans.

    def why_not(
        self, serving: ServingPlan, operation: Operation, identity: Identity = Identity.NONE
    ) -> str | None:
        """Return why Python answers an operation; None if the native server does.

        Args:
            serving: Its plan.
            operation: The operation.
            identity: Role and session variables of the request.
        """
        endpoint = None if self._pool is None else self._pool.connections.endpoint
        if endpoint is not None and endpoint.refusal is not None:
            return endpoint.refusal
        return (
            self.refusal
            or self._unsupported
            or (None if self.keeps_rights else refusals.of_rights(self._guards, operation))
            or refusals.of_plan(serving)
            or refusals.of_caches(serving, identity)
            or refusals.of_identity(serving, identity)
        )

    def _note_rights(self, operation: Operation, request: Request, rights: Rights) -> None:
        """Note in a request the outcomes that its answer depends on, if all of them last."""
        if self.engine is None:
            return
        needed, lasting = (*self._guards.hiding, *operation.checks), rights.lasting
        if not needed:
            request.outcomes = {}
        elif self.keeps_rights and all(check in lasting for check in needed):
            numbers = self._checks
            request.outcomes = {
                numbers.setdefault(check, len(numbers)): lasting[check] for check in needed
            }

    def offer(self, edition: int, prepared: Prepared, request: Request, rights: Rights) -> None:
        """Hand over the plan of a request that Python has answered, if Rust can run it.

        Args:
            edition: The edition in which the request was prepared.
            prepared: The plan, its operation and the coerced variables.
            request: The request; gets the outcomes that its answer depends on.
            rights: Its rights.
        """
        self._note_rights(prepared[1], request, rights)
        if self.engine is None or edition != self.edition or len(request.query) > _LONGEST:
            return
        serving, operation, values = prepared
        if serving.native is None:
            serving.native = self.why_not(serving, operation) or ""
        if serving.native:
            return
        if request.outcomes is None:
            return
        self._connect(self.engine)
        try:
            plan = native_plan(serving, operation, request, values, self._settings)
        except (NotNativeError, FraiseQLError):
            return
        number = self._number(serving, plan)
        text = plan.text(number)
        self.engine.add(self.edition, text)
        self._handed[number] = (serving.events, plan.statements)
        self._bytes += len(text)
        if self._bytes > self._most_bytes or len(self._handed) > self._most:
            # Dropped plans stay in Rust until their counts are taken.
            self.drain()

    def _number(self, serving: ServingPlan, plan: NativePlan) -> int:
        """Return the number of a plan; Rust ignores a plan that it has, but may have dropped it."""
        if serving.numbers is None:
            serving.numbers = Bounded(_FORMS)
        number = serving.numbers.get(plan.key)
        if number is None:
            self._last += 1
            number = serving.numbers.put(plan.key, self._last)
        return number

    # Counts.

    def drain(self) -> None:
        """Report the requests that Rust has answered, and forget the plans that it has dropped."""
        if self.engine is None:
            return
        self._bytes = 0
        taken = orjson.loads(self.engine.take_counts())
        for counted in taken["counts"]:
            events, statements = self._handed.get(counted["number"], (None, ()))
            if events is not None:
                requests, *runs = map(_run_counts, counted["runs"])
                events.ran_natively(requests, list(zip(statements, runs, strict=True)))
        for number in taken["gone"]:
            self._handed.pop(number, None)

    def lines(self) -> Iterator[str]:
        """Yield the lines of ``/metrics``."""
        yield from head(_REQUESTS, "Requests that the native server saw, by outcome", "counter")
        if self.engine is not None:
            for outcome, count in zip(_OUTCOMES, self.engine.outcomes(), strict=True):
                yield sample(_REQUESTS, {"outcome": outcome}, count)


def _run_counts(counted: Mapping[str, Any]) -> RunCounts:
    classes = tuple((units, runs) for units, runs in counted["classes"])
    return RunCounts(classes, counted["seconds"], counted["rows"], counted["bytes"])
