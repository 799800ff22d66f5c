"""Service: one application's serving road, from a request's text to the response's bytes."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Final

from graphql import GraphQLError
from graphql.execution.values import VariableValues

from fraiseql.database import Database, Identity, Pool, open_pool
from fraiseql.errors import DatabaseUnavailable, FraiseQLError
from fraiseql.events import Timings
from fraiseql.schema import Schema
from fraiseql.serving.bounded import Bounded
from fraiseql.serving.document import DocumentLimits, Operation, RequestError, parse_document
from fraiseql.serving.edition import Edition, ServingPlan
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.kept import Noted
from fraiseql.serving.execution.reading import CONTEXT_KEY, Reads
from fraiseql.serving.execution.resolvers import Call
from fraiseql.serving.execution.run import Run
from fraiseql.serving.explain import Explanation, explain_plan
from fraiseql.serving.finding import Publish, all_live, find_sources
from fraiseql.serving.planning.plan import Cost, KeptQuery
from fraiseql.serving.request import Request, Response
from fraiseql.serving.response.errors import finished, rendered_errors, request_errors
from fraiseql.serving.response.staleness import staleness
from fraiseql.serving.watch import LOOK_AGAIN, Watch
from fraiseql.settings import Settings
from fraiseql.sources import SourceMap

_NO_VARIABLES: Mapping[str, Any] = {}

_MOST_KEPT: Final = 65_536
"""Characters of a document, or of the structure of its variables, above which it is not kept: the
caches are bounded by entries, and a client must not decide how large an entry is."""


def _unnoted(_noted: Noted) -> None:
    """Tell nobody what was read: there is no response to say it in."""


class Service:
    """Serves the operations of one schema from one database.

    Args:
        schema: What is declared.
        settings: Address of the database, limits and switches.
        publish: Says which kept documents are read instead of live ones.
        look_again: Seconds after which it is asked again.

    Attributes:
        schema: The declared schema.
        settings: The settings in force.
    """

    def __init__(
        self,
        schema: Schema,
        settings: Settings,
        publish: Publish = all_live,
        *,
        look_again: float = LOOK_AGAIN,
    ) -> None:
        self.schema = schema
        self._publish = publish
        self._rest = look_again
        self.settings = settings
        self._limits = DocumentLimits(
            settings.max_tokens, settings.max_depth, settings.max_aliases, settings.introspection
        )
        self._operations: Bounded[tuple[str, str | None], Operation] = Bounded(
            settings.document_cache_size
        )
        self._encoder = Encoder(schema)
        self._pool: Pool | None = None
        self._edition: Edition | None = None
        self._watch: Watch | None = None

    # Life.

    async def start(self) -> None:
        """Connect, and check that every declared relation and column is there.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
            SourceError: A relation or column does not exist; the message has the nearest name.
        """
        pool = await open_pool(self.settings.database_url, self.settings)
        try:
            found = await find_sources(self.schema, pool, self._publish, prove=True)
            self._use(found.read)
        except BaseException:
            await pool.close()
            raise
        self._pool = pool
        # Where nothing is declared to be kept, there is nothing to look for later.
        if found.read is not found.live:
            self._watch = Watch(self._look, found.read, self._use, self._rest)

    async def stop(self) -> None:
        """Close every connection."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.stop()
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def republish(self) -> None:
        """Read anew which documents are kept, and answer from them.

        It happens by itself some seconds after they were made, and at once when they cannot be
        read; call it where that is too late.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        if self._watch is not None:
            await self._watch.look()

    async def _look(self) -> SourceMap:
        found = await find_sources(self.schema, self.pool, self._publish)
        return found.read

    def _use(self, sources: SourceMap) -> None:
        self._edition = Edition(self.schema, sources, self.settings, self._lost)

    def _lost(self, kept: KeptQuery, error: FraiseQLError | None) -> None:
        if self._watch is not None:
            self._watch.lost(kept, error)

    async def ready(self) -> bool:
        """Return whether the database answers, with one round trip."""
        return self._pool is not None and await self._pool.ready()

    @property
    def pool(self) -> Pool:
        """The connections of the started service."""
        if self._pool is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._pool

    def context(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a context as resolvers see it, for a request or for a script of one's own."""
        return self._context(dict(given or {}), self._identity(given or {}), _unnoted)

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
            serving, operation, values = self._prepare(request, timings)
        except RequestError as error:
            return Response(request_errors(error.errors, error.code), False, error.status)
        compiled, shape = serving.compiled, serving.shape
        identity = self._identity(context)
        run = Run(self.pool, identity, values, self._encoder)
        if compiled.needs_python:
            full = self._context(context, identity, run.note)
            run.call = self._call(operation, values, request, full)
        start = perf_counter()
        streams = await compiled.roots(run)
        fetched = perf_counter()
        timings.sql = fetched - start
        body, errors, missing = shape.render(streams)
        while missing:
            await compiled.compute(run, missing, streams)
            body, errors, missing = shape.render(streams)
        debug = self.settings.debug
        shown = rendered_errors(errors, compiled.plan, run.failures, debug=debug) if errors else ()
        timings.render = perf_counter() - fetched
        stale = staleness(run.noted, compiled.plan) if run.noted is not None else None
        return Response(finished(body, shown, stale))

    async def explain(
        self, request: Request, context: Mapping[str, Any] | None = None, *, analyze: bool = False
    ) -> Explanation:
        """Return how an operation is answered, without answering it.

        Args:
            request: The operation and the variables to explain it with.
            context: ``role`` and ``session``, as for ``execute``.
            analyze: Whether PostgreSQL also runs the statements and tells times.

        Raises:
            RequestError: The operation cannot be executed.
            InputError: A value has not the form of its field.
        """
        serving, _, values = self._prepare(request, Timings())
        run = Run(self.pool, self._identity(context or {}), values, self._encoder)
        sources = self._current.planner.relations.sources.sources.values()
        declared = frozenset().union(*[source.indexes.names for source in sources])
        return await explain_plan(serving.compiled, run, declared, analyze=analyze)

    def _prepare(
        self, request: Request, timings: Timings
    ) -> tuple[ServingPlan, Operation, dict[str, Any]]:
        """Return the plan that serves ``request``, its operation and its variables."""
        edition = self._current
        operation = self._operations.get((request.query, request.operation_name))
        if operation is None:
            operation = self._first_sight(request, timings)
        values = operation.coerce(request.variables or _NO_VARIABLES)
        key = (operation, operation.variables.structure(values))
        serving = edition.plans.get(key)
        if serving is None:
            start = perf_counter()
            serving = self._plan(edition, operation, values, request)
            if len(repr(key[1])) <= _MOST_KEPT:
                edition.plans.put(key, serving)
            timings.plan = perf_counter() - start
        if serving.compiled.plan.cost.terms:
            self._check_cost(serving.compiled.plan.cost, values)
        return serving, operation, values

    def _first_sight(self, request: Request, timings: Timings) -> Operation:
        operation = parse_document(self.schema.graphql, request, self._limits, timings)
        if len(request.query) <= _MOST_KEPT:
            self._operations.put((request.query, request.operation_name), operation)
        return operation

    @property
    def _current(self) -> Edition:
        if self._edition is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._edition

    def _plan(
        self,
        edition: Edition,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
    ) -> ServingPlan:
        try:
            plan = edition.planner.plan(operation, values, request.variables or _NO_VARIABLES)
        except FraiseQLError as error:
            raise RequestError([GraphQLError(error.message)], error.code) from error
        except RecursionError:
            message = "The variables are nested too deeply."
            raise RequestError([GraphQLError(message)], "BAD_USER_INPUT") from None
        if not plan.cost.terms:
            self._check_cost(plan.cost, values)
        return edition.compiled(plan)

    def _check_cost(self, plan_cost: Cost, values: Mapping[str, Any]) -> None:
        cost = plan_cost.of(values)
        if cost > self.settings.max_complexity:
            limit = self.settings.max_complexity
            message = f"The operation may answer {cost} values; the limit is {limit}."
            raise RequestError([GraphQLError(message)], "TOO_COMPLEX")

    def _call(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
        context: dict[str, Any],
    ) -> Call:
        full = operation.variables.full_values(request.variables or _NO_VARIABLES)
        assert isinstance(full, VariableValues)  # noqa: S101 - they were coerced before
        name = operation.node.name.value if operation.node.name else None
        return Call(context, values, full, name, self._encoder)

    def _context(
        self, context: dict[str, Any], identity: Identity, note: Callable[[Noted], None]
    ) -> dict[str, Any]:
        context.setdefault("db", Database(self.pool, identity))
        context[CONTEXT_KEY] = Reads(self._current.reader, note)
        return context

    @staticmethod
    def _identity(context: Mapping[str, Any]) -> Identity:
        role, session = context.get("role"), context.get("session")
        if role is None and not session:
            return Identity.NONE
        return Identity.of(role, session or {})
