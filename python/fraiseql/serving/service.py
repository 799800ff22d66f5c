"""Service: the serving pipeline of one application."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

from fraiseql.database import (
    UNBOUNDED,
    Budget,
    Database,
    Identity,
    Pool,
    SessionMonitor,
    WriteTransaction,
    open_pool,
)
from fraiseql.database.pool_metrics import pool_metrics
from fraiseql.errors import DatabaseUnavailable, FraiseQLError
from fraiseql.events import Events, OperationEvents, Timings, current_request
from fraiseql.results import FieldRequest, Results
from fraiseql.schema import Schema
from fraiseql.schema.info import CONTEXT_KEY
from fraiseql.serving.document import RequestError
from fraiseql.serving.document.identity import request_identity
from fraiseql.serving.document.request import NO_VARIABLES, Request
from fraiseql.serving.execution.context_reads import ContextReads
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.explain import Explanation, explain_plan
from fraiseql.serving.execution.reading import Reads
from fraiseql.serving.execution.run import Run
from fraiseql.serving.execution.stored_statement import (
    LiveFallback,
    StalenessReport,
    ignore_report,
)
from fraiseql.serving.execution.withheld import WithheldRoles
from fraiseql.serving.native.plans import NativePlans
from fraiseql.serving.planning.plan import StoredQuery
from fraiseql.serving.preparation.policy import Policy
from fraiseql.serving.preparation.prepare import Prepared, Preparer
from fraiseql.serving.preparation.rights import ALL_RIGHTS, RequestRights, Rights
from fraiseql.serving.preparation.snapshot import PlanSnapshot
from fraiseql.serving.preparation.statement_facts import PlanFacts
from fraiseql.serving.response.answer import PartitionedRequest, add_report, render
from fraiseql.serving.response.errors import NO_DATA, ResponseErrors, finished
from fraiseql.serving.response.from_memory import answer_from_memory
from fraiseql.serving.response.mutation import MutationAnswers
from fraiseql.serving.response.outage import outage
from fraiseql.serving.response.reporting import operation_events, report_answers
from fraiseql.serving.response.response import Response
from fraiseql.serving.response.runs import Runs
from fraiseql.serving.response.split import answer_split
from fraiseql.serving.response.staleness import staleness, withheld
from fraiseql.serving.startup.load_sources import Publish, all_live, load_sources
from fraiseql.serving.startup.source_monitor import REFRESH_SECONDS, SourceMonitor
from fraiseql.settings import Settings
from fraiseql.sources import SourceMap


class Service:
    """Serves the operations of one schema from one database.

    Args:
        schema: The declarations.
        settings: Address of the database, limits and switches.
        publish: Returns the sources to read instead of the live ones.
        results: Result caches; None for none.
        policy: The ``Cache`` of whole operations; None to cache only declared root fields.
        events: Receives the events of requests; None for no receiver.
        refresh_seconds: Seconds between two refreshes of the sources.

    Attributes:
        schema: The declared schema.
        settings: The settings.
        results: The result caches.
        native: Hands plans over to the native engine, if there is one.
    """

    def __init__(
        self,
        schema: Schema,
        settings: Settings,
        publish: Publish = all_live,
        results: Results | None = None,
        *,
        policy: Policy | None = None,
        events: Events | None = None,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self.schema = schema
        self.results = results
        self._guarded = schema.guards.present
        self._policy = policy
        self._events = events
        self._publish = publish
        self._refresh_seconds = refresh_seconds
        self.settings = settings
        self._preparer = Preparer(schema, settings, results, policy)
        self._runs = Runs(settings, Encoder(schema), results)
        self._pool: Pool | None = None
        self._snapshot: PlanSnapshot | None = None
        self._source_monitor: SourceMonitor | None = None
        self._session_monitor: SessionMonitor | None = None
        self._fallback = LiveFallback(self._lost, WithheldRoles())
        self.native = NativePlans(schema, settings)

    # Lifecycle.

    async def start(self) -> None:
        """Connect, and check that every declared relation and column exists.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
            SourceError: A relation or column does not exist; the message has the nearest name.
            DeclarationError: A declared result cache is impossible.
        """
        pool = await open_pool(self.settings.database_url, self.settings)
        try:
            loaded = await load_sources(
                self.schema, pool, self._publish, prove=True, mark=self.settings.debug
            )
            if self.results is not None:
                await self.results.start(self.schema, pool)
            if self._caches_results:
                self._preparer.code.read()
            self._use(loaded.read)
        except BaseException:
            if self.results is not None:
                await self.results.stop()
            await pool.close()
            raise
        self._pool = pool
        self.native.start(pool)
        self._session_monitor = SessionMonitor(pool)
        # Without stored types and cached results there is nothing to refresh.
        if loaded.read is not loaded.live or self._caches_results:
            after = None if self.results is None else self.results.refresh
            self._source_monitor = SourceMonitor(
                self._load, loaded.read, self._use, self._refresh_seconds, after
            )

    @property
    def _caches_results(self) -> bool:
        declared = any(query.cache is not None for query in self.schema.queries.values())
        return self.results is not None and (declared or self._policy is not None)

    async def stop(self) -> None:
        """Close every connection."""
        monitors = self._source_monitor, self._session_monitor
        self._source_monitor = self._session_monitor = None
        for monitor in monitors:
            if monitor is not None:
                await monitor.stop()
        self._preparer.close()
        self.native.stop()
        pool, self._pool = self._pool, None
        if pool is not None:
            if self.results is not None:
                await self.results.stop()
            await pool.close()

    async def republish(self) -> None:
        """Look up which documents are stored, and answer from them.

        This happens some seconds after they were created anyway, and where they cannot be read.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        self._fallback.withheld.clear()
        if self._source_monitor is not None:
            await self._source_monitor.refresh()

    async def _load(self) -> SourceMap:
        return (await load_sources(self.schema, self.pool, self._publish)).read

    def _use(self, sources: SourceMap) -> None:
        self.native.begin()
        self._snapshot = PlanSnapshot(self.schema, sources, self.settings, self._fallback)
        if self.results is not None:
            self.results.replanned()

    def _lost(self, query: StoredQuery, error: FraiseQLError | None) -> None:
        if self._source_monitor is not None:
            self._source_monitor.lost(query, error)

    async def ready(self) -> bool:
        """Return whether the database answers, with one round trip."""
        return self._pool is not None and await self._pool.ready()

    def metrics(self) -> Sequence[str]:
        """Return the metrics, as lines in the text format of Prometheus."""
        lines: tuple[str, ...] = tuple(self.native.lines())
        if self._pool is not None:
            plans = 0 if self._snapshot is None else len(self._snapshot.plans)
            lines = (*lines, *pool_metrics(self._pool), *self._preparer.counts.lines(plans))
        return lines if self.results is None else (*lines, *self.results.metrics())

    @property
    def pool(self) -> Pool:
        """The connections of the started service."""
        if self._pool is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._pool

    def context(self, entries: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a context as resolvers see it, for a request or for a script."""
        own = dict(entries or {})
        return self._context(own, self.identity(own), ignore_report, UNBOUNDED)

    # Requests.

    async def execute(
        self, request: Request, context: dict[str, Any], timings: Timings
    ) -> Response:
        """Answer one request; errors of fields are in the response.

        Args:
            request: The request.
            context: The ``info.context`` of resolvers; ``role`` (str or None) and ``session``
                (mapping of session variables) decide the privileges of the statements.
            timings: Records the time of each step.
        """
        start, edition = perf_counter(), self.native.edition
        try:
            rights = self._rights(context) if self._guarded else ALL_RIGHTS
            prepared = await self._prepare(request, timings, rights)
        except RequestError as error:
            if self._events is not None:
                self._events.refused(error.code)
            errors = self._errors(request.operation_name)
            refused = errors.of_request(error.errors, error.code, executed=error.executed)
            return Response(refused, error.executed, error.status)
        if self._events is None:
            response = await self._answer(prepared, request, context, timings)
            if self.native.engine is not None:
                self.native.offer(edition, prepared, request, rights)
            return response
        events = (prepared[0].events or self._observed(prepared, request, timings)).request()
        token = current_request.set(events)
        try:
            response = await self._answer(prepared, request, context, timings)
        except BaseException:
            # A deadline, a client that is gone, or an internal error.
            events.error("INTERNAL_ERROR")
            events.done(perf_counter() - start, 0)
            raise
        finally:
            current_request.reset(token)
        if response.cached is not None:
            report_answers(events, response.cached)
            response.cached.operation = prepared[0].events
        events.done(perf_counter() - start, len(response.body))
        if self.native.engine is not None:
            self.native.offer(edition, prepared, request, rights)
        return response

    def _observed(self, prepared: Prepared, request: Request, timings: Timings) -> OperationEvents:
        """Return the receiver of a plan that runs for the first time."""
        serving, operation, _ = prepared
        assert self._events is not None  # noqa: S101 - the caller has checked it
        facts = PlanFacts(serving, self.schema, self._current.planner.relations.sources)
        serving.events = operation_events(self._events, operation, request, facts)
        serving.events.planned(timings)
        return serving.events

    async def _answer(
        self, prepared: Prepared, request: Request, context: dict[str, Any], timings: Timings
    ) -> Response:
        serving, operation, values = prepared
        identity = self.identity(context)
        if serving.serial:
            asked = self._partitioned(prepared, request, context, timings, identity)
            whole = self.settings.mutation_transaction == "operation"
            answers = MutationAnswers(self.pool, self.schema, whole, self._current.changes)
            return await answers.answer(serving, asked)
        if serving.split is not None and self.results is not None:
            shared = FieldRequest(request.variables or NO_VARIABLES, dict, identity, context)
            response = await answer_from_memory(
                serving.split, shared, request.etags, self.results.confirm, timings
            )
            if response is None:
                partitioned = self._partitioned(prepared, request, context, timings, identity)
                response = await answer_split(serving, serving.split, partitioned, request.etags)
            return response
        budget = self.pool.budget()
        run = self._runs.run(self.pool, identity, values, budget)
        if serving.compiled.needs_python:
            full = self._context(context, identity, run.note, budget)
            current = self._runs.reached(identity, run.note)
            run.call = self._runs.call(operation, values, request, full, current)
        body, errors = await render(serving, run, timings, self._errors(operation.name))
        if errors:
            away = outage(errors, serving.roots, no_data=body == NO_DATA)
            if away is not None:
                return away
        if run.noted is None:
            return Response(finished(body, errors))
        stale = staleness(run.noted, serving.compiled.plan)
        return Response(finished(body, errors, stale), withheld=withheld(run.noted))

    def _partitioned(
        self,
        prepared: Prepared,
        request: Request,
        context: dict[str, Any],
        timings: Timings,
        identity: Identity,
    ) -> PartitionedRequest:
        (_, operation, values), raw = prepared, request.variables or NO_VARIABLES
        # Nothing here refers to the returned object: the cycle would wait for the collector.
        reports: dict[str, list[StalenessReport]] = {}
        note = partial(add_report, reports)
        budget = self.pool.budget()
        full = self._context(context, identity, note, budget)

        def new_run(
            *,
            python: bool,
            reads: ContextReads | None = None,
            db: WriteTransaction | None = None,
        ) -> Run:
            if db is not None and isinstance(full["db"], Database | WriteTransaction):
                full["db"] = db
            run = self._runs.run(self.pool, identity, values, budget)
            if python:
                current = self._runs.reached(identity, note)
                run.call = self._runs.call(operation, values, request, full, current, reads=reads)
            return run

        return PartitionedRequest(
            identity,
            full,
            values,
            raw,
            partial(operation.full_values, raw),
            new_run,
            timings,
            errors=self._errors(operation.name),
            reports=reports,
        )

    def _errors(self, operation: str | None) -> ResponseErrors:
        return ResponseErrors(operation, debug=self.settings.debug)

    async def explain(
        self, request: Request, context: Mapping[str, Any] | None = None, *, analyze: bool = False
    ) -> Explanation:
        """Return how an operation is answered for a request with all rights, without answering it.

        Args:
            request: The operation and its variables.
            context: ``role`` and ``session``, as for ``execute``.
            analyze: Whether PostgreSQL also runs the statements and measures them.

        Raises:
            RequestError: The operation cannot be executed.
            InputError: A value does not fit the type of its field.
        """
        serving, operation, values = await self._prepare(request, Timings(), ALL_RIGHTS)
        run = self._runs.run(self.pool, self.identity(context or {}), values, self.pool.budget())
        sources = self._current.planner.relations.sources.sources.values()
        declared = frozenset().union(*[source.indexes.names for source in sources])
        explanation = await explain_plan(serving.compiled, run, declared, analyze=analyze)
        cached = () if serving.split is None else serving.split.described(run.identity)
        python = self.native.why_not(serving, operation, run.identity) or ""
        return replace(explanation, plan="\n".join([explanation.plan, *cached]), python=python)

    def _prepare(self, request: Request, timings: Timings, rights: Rights) -> Awaitable[Prepared]:
        return self._preparer.prepare(self._current, request, timings, rights)

    def _rights(self, context: Mapping[str, Any]) -> Rights:
        return RequestRights(
            context, lambda: Database(self.pool, self.identity(context), self.pool.budget())
        )

    @property
    def _current(self) -> PlanSnapshot:
        if self._snapshot is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._snapshot

    def _context(
        self,
        context: dict[str, Any],
        identity: Identity,
        note: Callable[[StalenessReport], None],
        budget: Budget,
    ) -> dict[str, Any]:
        context.setdefault("db", Database(self.pool, identity, budget))
        current = self._current
        context[CONTEXT_KEY] = Reads(current.reader, note, current.writer)
        return context

    def identity(self, context: Mapping[str, Any]) -> Identity:
        """Return the role and session variables in a context, checked as for ``execute``."""
        login_role = "" if self._pool is None else self._pool.login_role
        return request_identity(context, self.settings, login_role)
