"""Service: one application's serving pipeline, from a request's text to the response's bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from time import perf_counter
from typing import Any

from fraiseql.database import UNBOUNDED, Budget, Database, Identity, Pool, SessionMonitor, open_pool
from fraiseql.database.pool_metrics import pool_metrics
from fraiseql.errors import DatabaseUnavailable, FraiseQLError
from fraiseql.events import Timings
from fraiseql.results import Current, Results
from fraiseql.schema import Schema
from fraiseql.serving.document import Operation, RequestError
from fraiseql.serving.document.identity import request_identity
from fraiseql.serving.document.request import Request
from fraiseql.serving.execution.context_reads import ContextReads
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.explain import Explanation, explain_plan
from fraiseql.serving.execution.reading import CONTEXT_KEY, Reads, note_in_field
from fraiseql.serving.execution.resolvers import Call
from fraiseql.serving.execution.run import Run
from fraiseql.serving.execution.stored_statement import LiveFallback, StalenessReport
from fraiseql.serving.execution.withheld import WithheldRoles
from fraiseql.serving.planning.plan import KeptQuery
from fraiseql.serving.preparation.policy import Policy
from fraiseql.serving.preparation.prepare import Prepared, Preparer
from fraiseql.serving.preparation.serving_plan import ServingPlan, Split
from fraiseql.serving.preparation.snapshot import Edition
from fraiseql.serving.response.answer import (
    Asked,
    answer_anew,
    answer_parts,
    note_under_key,
    render,
)
from fraiseql.serving.response.assemble import cached, joined, known_values
from fraiseql.serving.response.errors import NO_DATA, ResponseErrors, finished
from fraiseql.serving.response.outage import outage
from fraiseql.serving.response.response import Response
from fraiseql.serving.response.staleness import staleness, withheld
from fraiseql.serving.startup.load_sources import Publish, all_live, find_sources
from fraiseql.serving.startup.source_monitor import REFRESH_SECONDS, SourceMonitor
from fraiseql.settings import Settings
from fraiseql.sources import SourceMap

_NO_VARIABLES: Mapping[str, Any] = {}


def _unnoted(_noted: StalenessReport) -> None:
    """Tell nobody what was read: there is no response to say it in."""


class Service:
    """Serves the operations of one schema from one database.

    Args:
        schema: What is declared.
        settings: Address of the database, limits and switches.
        publish: Says which kept documents are read instead of live ones.
        results: Result caches; None to keep no results.
        policy: Which whole operations they keep; None for those of declared root fields only.
        look_again: Seconds after which it is asked again what is kept.

    Attributes:
        schema: The declared schema.
        settings: The settings in force.
        results: The result caches.
    """

    def __init__(
        self,
        schema: Schema,
        settings: Settings,
        publish: Publish = all_live,
        results: Results | None = None,
        *,
        policy: Policy | None = None,
        look_again: float = REFRESH_SECONDS,
    ) -> None:
        self.schema = schema
        self.results = results
        self._policy = policy
        self._publish = publish
        self._rest = look_again
        self.settings = settings
        self._preparer = Preparer(schema, settings, results, policy)
        self._encoder = Encoder(schema)
        self._pool: Pool | None = None
        self._edition: Edition | None = None
        self._watch: SourceMonitor | None = None
        self._monitor: SessionMonitor | None = None
        self._fallback = LiveFallback(self._lost, WithheldRoles())

    # Life.

    async def start(self) -> None:
        """Connect, and check that every declared relation and column is there.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
            SourceError: A relation or column does not exist; the message has the nearest name.
            DeclarationError: A result is declared to be kept that cannot be.
        """
        pool = await open_pool(self.settings.database_url, self.settings)
        try:
            found = await find_sources(self.schema, pool, self._publish, prove=True)
            if self.results is not None:
                await self.results.start(self.schema, pool)
            if self._keeps_results:
                self._preparer.code.read()
            self._use(found.read)
        except BaseException:
            if self.results is not None:
                await self.results.stop()
            await pool.close()
            raise
        self._pool = pool
        self._monitor = SessionMonitor(pool)
        # Where nothing is declared to be kept, there is nothing to look for later.
        if found.read is not found.live or self._keeps_results:
            also = None if self.results is None else self.results.look
            self._watch = SourceMonitor(self._look, found.read, self._use, self._rest, also)

    @property
    def _keeps_results(self) -> bool:
        declared = any(query.cache is not None for query in self.schema.queries.values())
        return self.results is not None and (declared or self._policy is not None)

    async def stop(self) -> None:
        """Close every connection."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.stop()
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.stop()
        self._preparer.close()
        pool, self._pool = self._pool, None
        if pool is not None:
            if self.results is not None:
                await self.results.stop()
            await pool.close()

    async def republish(self) -> None:
        """Read anew which documents are kept, and answer from them.

        It happens by itself some seconds after they were made, and at once when they cannot be
        read; call it where that is too late.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        self._fallback.withheld.clear()
        if self._watch is not None:
            await self._watch.look()

    async def _look(self) -> SourceMap:
        found = await find_sources(self.schema, self.pool, self._publish)
        return found.read

    def _use(self, sources: SourceMap) -> None:
        self._edition = Edition(self.schema, sources, self.settings, self._fallback)

    def _lost(self, kept: KeptQuery, error: FraiseQLError | None) -> None:
        if self._watch is not None:
            self._watch.lost(kept, error)

    async def ready(self) -> bool:
        """Return whether the database answers, with one round trip."""
        return self._pool is not None and await self._pool.ready()

    def metrics(self) -> Sequence[str]:
        """Return what is counted, as lines in the text format of Prometheus."""
        pool = () if self._pool is None else tuple(pool_metrics(self._pool.usage()))
        return pool if self.results is None else (*pool, *self.results.metrics())

    @property
    def pool(self) -> Pool:
        """The connections of the started service."""
        if self._pool is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._pool

    def context(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a context as resolvers see it, for a request or for a script of one's own."""
        identity = self._identity(given or {})
        return self._context(dict(given or {}), identity, _unnoted, UNBOUNDED)

    # Requests.

    async def execute(
        self, request: Request, context: dict[str, Any], timings: Timings
    ) -> Response:
        """Answer one request; every failure of a field is in the response.

        Args:
            request: The request.
            context: What resolvers see as ``info.context``; ``role`` (str or None) and ``session``
                (mapping of session variables) decide whose rights the statements have.
            timings: Takes the time of each step.
        """
        try:
            serving, operation, values = await self._prepare(request, timings)
        except RequestError as error:
            refused = self._errors(request.operation_name).of_request(
                error.errors, error.code, executed=error.executed
            )
            return Response(refused, error.executed, error.status)
        if serving.split is not None:
            asked = self._asked(operation, values, request, context, timings)
            return await self._answer_parts(serving, serving.split, asked, request.etags)
        identity = self._identity(context)
        budget = self.pool.budget()
        run = self._run(identity, values, budget)
        if serving.compiled.needs_python:
            full = self._context(context, identity, run.note, budget)
            current = self._reached(identity, run.note)
            run.call = self._call(operation, values, request, full, current)
        body, errors = await render(serving, run, timings, self._errors(operation.name))
        if errors:
            away = outage(errors, serving.roots, no_data=body == NO_DATA)
            if away is not None:
                return away
        if run.noted is None:
            return Response(finished(body, errors))
        stale = staleness(run.noted, serving.compiled.plan)
        return Response(finished(body, errors, stale), withheld=withheld(run.noted))

    async def _answer_parts(
        self,
        serving: ServingPlan,
        split: Split,
        asked: Asked,
        etags: Sequence[str],
    ) -> Response:
        """Answer an operation of which some root fields are kept."""
        asked.known = known_values(split, etags) if etags else {}
        start = perf_counter()
        given = await answer_parts(split.parts, asked)
        told = cached(split, given, asked.identity)
        known = told.unchanged and told.etag in etags
        if told.unchanged and not known:
            given = await answer_anew(split.parts, given, asked)
            told = cached(split, given, asked.identity)
        # Several fields are rendered while others are fetched.
        asked.timings.sql = max(0.0, perf_counter() - start - asked.timings.render)
        if known:
            return Response(b"", cached=told)
        errors = [error for one in given for error in one.errors]
        if errors:
            no_data = any(one.value is None for one in given)
            away = outage(errors, split.roots, no_data=no_data)
            if away is not None:
                return away
        noted = [noted for one in given for noted in one.noted]
        stale = staleness(noted, serving.compiled.plan)
        whole = joined(split.parts, given, stale)
        return Response(whole, cached=told if told.answers else None, withheld=withheld(noted))

    def _asked(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
        context: dict[str, Any],
        timings: Timings,
    ) -> Asked:
        identity = self._identity(context)
        raw = request.variables or _NO_VARIABLES
        # Nothing here leads back to what is returned: such rings live until they are collected.
        read: dict[str, list[StalenessReport]] = {}
        note = partial(note_under_key, read)
        budget = self.pool.budget()
        seen = self._context(context, identity, note, budget)

        def new_run(*, python: bool, reads: ContextReads | None = None) -> Run:
            run = self._run(identity, values, budget)
            if python:
                current = self._reached(identity, note)
                run.call = self._call(operation, values, request, seen, current, reads=reads)
            return run

        return Asked(
            identity,
            seen,
            values,
            raw,
            partial(operation.full_values, raw),
            new_run,
            timings,
            errors=self._errors(operation.name),
            read=read,
        )

    def _errors(self, operation: str | None) -> ResponseErrors:
        return ResponseErrors(operation, debug=self.settings.debug)

    async def explain(
        self, request: Request, context: Mapping[str, Any] | None = None, *, analyze: bool = False
    ) -> Explanation:
        """Return how an operation is answered, without answering it.

        Args:
            request: The operation and the variables to explain it with.
            context: ``role`` and ``session``, as for ``execute``: why stored documents are not
                read for the role is said.
            analyze: Whether PostgreSQL also runs the statements and tells times.

        Raises:
            RequestError: The operation cannot be executed.
            InputError: A value has not the form of its field.
        """
        serving, _, values = await self._prepare(request, Timings())
        run = self._run(self._identity(context or {}), values, self.pool.budget())
        sources = self._current.planner.relations.sources.sources.values()
        declared = frozenset().union(*[source.indexes.names for source in sources])
        found = await explain_plan(serving.compiled, run, declared, analyze=analyze)
        if serving.split is None:
            return found
        kept = [line for part in serving.split.parts for line in part.described(run.identity)]
        return replace(found, plan="\n".join([found.plan, *kept]))

    async def _prepare(self, request: Request, timings: Timings) -> Prepared:
        return await self._preparer.prepare(self._current, request, timings)

    @property
    def _current(self) -> Edition:
        if self._edition is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._edition

    def _run(self, identity: Identity, values: Mapping[str, Any], budget: Budget) -> Run:
        hidden = not self.settings.introspection
        return Run(
            self.pool, identity, values, self._encoder, hide_suggestions=hidden, budget=budget
        )

    def _call(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
        context: dict[str, Any],
        current: Current | None,
        *,
        reads: ContextReads | None = None,
    ) -> Call:
        full = cache(partial(operation.full_values, request.variables or _NO_VARIABLES))
        name, encoder = operation.name, self._encoder
        return Call(context, values, full, name, encoder, reached=current, reads=reads)

    def _reached(
        self, identity: Identity, note: Callable[[StalenessReport], None]
    ) -> Current | None:
        """Return what Python functions find of the result caches."""
        if self.results is None:
            return None
        return Current(self.results, identity, partial(note_in_field, note))

    def _context(
        self,
        context: dict[str, Any],
        identity: Identity,
        note: Callable[[StalenessReport], None],
        budget: Budget,
    ) -> dict[str, Any]:
        context.setdefault("db", Database(self.pool, identity, budget))
        context[CONTEXT_KEY] = Reads(self._current.reader, note)
        return context

    def _identity(self, context: Mapping[str, Any]) -> Identity:
        login_role = "" if self._pool is None else self._pool.login_role
        return request_identity(context, self.settings, login_role)
