"""Preparation of requests: documents, variables and plans, cached in memory."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, TypeVar

import orjson
from graphql import GraphQLError

from fraiseql.bounded import Bounded
from fraiseql.errors import FraiseQLError
from fraiseql.events import Timings
from fraiseql.results import Results
from fraiseql.schema import Check, Schema
from fraiseql.serving.document import (
    DocumentLimits,
    Operation,
    Refusals,
    RequestError,
    check_kind,
    digest_of,
    parse_document,
)
from fraiseql.serving.document.nodes import used_names
from fraiseql.serving.document.request import Request
from fraiseql.serving.planning.plan import Cost, OperationPlan
from fraiseql.serving.preparation.declared_code import DeclaredCode
from fraiseql.serving.preparation.partition import Splitter
from fraiseql.serving.preparation.plan_metrics import PlanCounts
from fraiseql.serving.preparation.policy import Policy
from fraiseql.serving.preparation.rights import Rights
from fraiseql.serving.preparation.serving_plan import RootPart, ServingPlan
from fraiseql.serving.preparation.snapshot import PlanKey, PlanSnapshot
from fraiseql.serving.preparation.views import SchemaView, SchemaViews
from fraiseql.serving.preparation.weights import operation_weight, plan_weight
from fraiseql.settings import Settings

_NOTHING: Final[frozenset[Check]] = frozenset()
_NO_VARIABLES: Final[Mapping[str, Any]] = {}

_MOST_CACHED: Final = 65_536
"""Characters of a document, or of the signature of its variables, above which it is not cached: it
is seldom sent again, and would displace many others."""

_AT_ONCE: Final = 2_000
"""Characters of a document, or of a signature, that is processed at once. Larger ones are processed
in another thread, so that other requests do not wait for them."""

_FIELDS_AT_ONCE: Final = 100
"""The same for the fields of an operation."""

Prepared = tuple[ServingPlan, Operation, dict[str, Any]]
"""The plan that serves a request, its operation, and its coerced variables."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    """The input of a new plan.

    Attributes:
        snapshot: Plans over the current sources.
        operation: The operation.
        values: Coerced variables.
        signature: Signature of the variables.
        denied: Checks of the operation that the request fails.
        request: The current request.
    """

    snapshot: PlanSnapshot
    operation: Operation
    values: dict[str, Any]
    signature: tuple[Any, ...]
    denied: frozenset[Check]
    request: Request

    @property
    def key(self) -> PlanKey:
        """Key of the plan."""
        return self.operation, self.signature, self.denied

    @property
    def raw(self) -> Mapping[str, Any]:
        """Variables as sent."""
        return self.request.variables or _NO_VARIABLES


class Preparer:
    """Prepares requests: parses, coerces and plans, with caches for each.

    Args:
        schema: The declarations.
        settings: Limits of documents, and how many are cached.
        results: Result caches; None for none.
        policy: The operations whose results are cached as a whole.

    Attributes:
        code: Digests of the Python code behind fields.
        operations: Validated operations by text, operation name and number of the schema's view.
        refusals: Documents that were rejected.
        counts: Uses of cached plans.
    """

    def __init__(
        self, schema: Schema, settings: Settings, results: Results | None, policy: Policy | None
    ) -> None:
        self._schema = schema
        self.code = DeclaredCode(schema, settings.code_version)
        self._results = results
        self._policy = policy
        self._max_complexity = settings.max_complexity
        self._limits = DocumentLimits.of(settings)
        self._views = SchemaViews(schema)
        self.operations: Bounded[tuple[str, str | None, int], Operation] = Bounded(
            settings.document_cache_size, settings.document_cache_bytes * 3 // 8
        )
        self.refusals = Refusals()
        self.counts = PlanCounts()
        self._hiding = schema.guards.hiding
        self._thread: ThreadPoolExecutor | None = None

    async def prepare(
        self, snapshot: PlanSnapshot, request: Request, timings: Timings, rights: Rights
    ) -> Prepared:
        """Return the plan that serves ``request``, its operation and its variables.

        Raises:
            RequestError: The operation cannot be executed.
            Whatever a check of the request's rights raises.
        """
        view = self._views.whole if not self._hiding else await self._view(rights)
        operation = self.operations.get((request.query, request.operation_name, view.number))
        if operation is None:
            operation = await self._first_sight(request, view, timings)
        elif request.read_only and operation.is_mutation:
            # A POST has brought the same document before.
            check_kind(operation.node, operation.schema, read_only=True)
        values = operation.coerce(request.variables or _NO_VARIABLES)
        signature = operation.variables.signature(values)
        denied = await rights.failed(operation.checks) if operation.checks else _NOTHING
        serving = snapshot.plans.get((operation, signature, denied))
        if serving is not None:
            self.counts.hits += 1
        else:
            self.counts.misses += 1
            job = _Job(snapshot, operation, values, signature, denied, request)
            serving = await self._first_plan(job, timings)
        if isinstance(serving, RequestError):
            raise serving.again()
        if serving.compiled.plan.cost.terms:
            self._check_cost(serving.compiled.plan.cost, values)
        return serving, operation, values

    def close(self) -> None:
        """End the thread for large work."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do work in the other thread; a single one, so that it takes little time from this one."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "fraiseql-documents")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _view(self, rights: Rights) -> SchemaView:
        failed = await rights.failed(self._hiding)
        view = self._views.cached(failed)
        if view is None:
            view = await self._in_thread(lambda: self._views.built(failed))
        return view

    async def _first_sight(self, request: Request, view: SchemaView, timings: Timings) -> Operation:
        digest, schema = digest_of(request, view.number), view.required()
        self.refusals.check(digest)

        def read() -> Operation:
            operation = parse_document(schema, request, self._limits, timings)
            if self._schema.guards.names:
                operation.checks = self._schema.guards.checks(used_names(operation.document))
            return operation

        try:
            large = len(request.query) > _AT_ONCE
            operation = await self._in_thread(read) if large else read()
        except RequestError as error:
            self.refusals.add(digest, error)
            raise
        if len(request.query) <= _MOST_CACHED:
            weight = operation_weight(operation) + len(request.query)
            key = (request.query, request.operation_name, view.number)
            self.operations.put(key, operation, weight)
        return operation

    async def _first_plan(self, job: _Job, timings: Timings) -> ServingPlan | RequestError:
        """Return the plan, or the reason for none, and cache it unless it is huge."""
        start = perf_counter()
        size = len(repr(job.signature))
        large = size > _AT_ONCE or job.operation.size > _FIELDS_AT_ONCE

        def plan() -> ServingPlan | RequestError:
            return self._plan(job)

        serving = await self._in_thread(plan) if large else plan()
        if size <= _MOST_CACHED:
            self._cache(job, serving, size)
        timings.plan = perf_counter() - start
        return serving

    def _cache(self, job: _Job, serving: ServingPlan | RequestError, size: int) -> None:
        weight = size + operation_weight(job.operation)
        plans = job.snapshot.plans
        if isinstance(serving, ServingPlan):
            weight = size + plan_weight(serving, job.operation)
            if plans.takes(weight):
                self._split(job, serving)
                weight = size + plan_weight(serving, job.operation)
        plans.put(job.key, serving, weight)

    def _plan(self, job: _Job) -> ServingPlan | RequestError:
        try:
            plan = job.snapshot.planner.plan(job.operation, job.values, job.raw, denied=job.denied)
            if not plan.cost.terms:
                self._check_cost(plan.cost, job.values)
            return self._compiled(job, plan)
        except FraiseQLError as error:
            if not error.for_clients:
                raise
            return RequestError([GraphQLError(error.message)], error.code)
        except GraphQLError as error:
            # The root fields are unknown, as in graphql-core's execution.
            return RequestError([error], "BAD_USER_INPUT", 200, executed=True).again()
        except RequestError as error:
            return error.again()
        except RecursionError:
            message = "The operation or its variables are nested too deeply."
            return RequestError([GraphQLError(message)], "BAD_USER_INPUT")

    def _compiled(self, job: _Job, plan: OperationPlan) -> ServingPlan:
        serving = job.snapshot.compiled(plan)
        if job.operation.is_mutation:
            serving.serial = tuple(self._serial(job))
        return serving

    def _serial(self, job: _Job) -> Iterator[RootPart]:
        """Yield the root fields of a mutation, each with its own plan."""
        planner, operation, values = job.snapshot.planner, job.operation, job.values
        collected = planner.collect(operation, values)
        for field in collected.roots:
            plan = planner.plan(
                operation, values, job.raw, collected=collected, only={field.key}, denied=job.denied
            )
            name, constant = orjson.dumps(field.key) + b":", field.field is None
            serving = job.snapshot.compiled(plan)
            yield RootPart(field.key, serving, name, {}, constant=constant)

    def _split(self, job: _Job, serving: ServingPlan) -> None:
        """Partition a plan whose root fields are cached; plans that are not cached are not."""
        cacheable = not job.operation.is_mutation and len(job.request.query) <= _MOST_CACHED
        if self._results is not None and cacheable:
            name, query = job.operation.name, job.request.query
            default = self._policy(name, query) if self._policy else None
            planner, compiled = job.snapshot.planner, job.snapshot.compiled
            splitter = Splitter(
                self._schema, planner, compiled, self._results, self.code, job.denied
            )
            serving.split = splitter.split(job.operation, job.values, job.raw, default)

    def _check_cost(self, plan_cost: Cost, values: Mapping[str, Any]) -> None:
        cost = plan_cost.of(values)
        if cost > self._max_complexity:
            limit = self._max_complexity
            message = f"The operation may answer {cost} values; the limit is {limit}."
            raise RequestError([GraphQLError(message)], "TOO_COMPLEX")
