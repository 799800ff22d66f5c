"""Preparing: from a request to the plan that serves it, made once for all requests of its form."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final

from graphql import GraphQLError

from fraiseql.errors import FraiseQLError
from fraiseql.events import Timings
from fraiseql.results import Results
from fraiseql.schema import Schema
from fraiseql.serving.bounded import Bounded
from fraiseql.serving.declared_code import DeclaredCode
from fraiseql.serving.document import DocumentLimits, Operation, RequestError, parse_document
from fraiseql.serving.edition import Edition
from fraiseql.serving.planning.plan import Cost
from fraiseql.serving.plans import ServingPlan
from fraiseql.serving.policy import Policy
from fraiseql.serving.request import Request
from fraiseql.serving.splitting import Splitter
from fraiseql.settings import Settings

_NO_VARIABLES: Final[Mapping[str, Any]] = {}

_MOST_KEPT: Final = 65_536
"""Characters of a document, or of the structure of its variables, above which it is not kept: the
caches are bounded by entries, and a client must not decide how large an entry is."""


class Preparer:
    """Finds or makes plans.

    Args:
        schema: What is declared.
        settings: Limits of documents, and how many are kept.
        results: Result caches; None to keep no results.
        policy: Which whole operations they keep.

    Attributes:
        code: Digests of the Python code behind fields.
        operations: Validated operations by text and operation name.
    """

    def __init__(
        self, schema: Schema, settings: Settings, results: Results | None, policy: Policy | None
    ) -> None:
        self._schema = schema
        self.code = DeclaredCode(schema, settings.code_version)
        self._results = results
        self._policy = policy
        self._max_complexity = settings.max_complexity
        self._limits = DocumentLimits(
            settings.max_tokens, settings.max_depth, settings.max_aliases, settings.introspection
        )
        self.operations: Bounded[tuple[str, str | None], Operation] = Bounded(
            settings.document_cache_size
        )

    def prepare(
        self, edition: Edition, request: Request, timings: Timings
    ) -> tuple[ServingPlan, Operation, dict[str, Any]]:
        """Return the plan that serves ``request``, its operation and its variables.

        Raises:
            RequestError: The operation cannot be executed.
        """
        operation = self.operations.get((request.query, request.operation_name))
        if operation is None:
            operation = self._first_sight(request, timings)
        values = operation.coerce(request.variables or _NO_VARIABLES)
        key = (operation, operation.variables.structure(values))
        serving = edition.plans.get(key)
        if serving is None:
            start = perf_counter()
            serving = self._plan(edition, operation, values, request)
            if len(repr(key[1])) <= _MOST_KEPT:
                self._split(edition, serving, operation, values, request)
                edition.plans.put(key, serving)
            timings.plan = perf_counter() - start
        if serving.compiled.plan.cost.terms:
            self._check_cost(serving.compiled.plan.cost, values)
        return serving, operation, values

    def _first_sight(self, request: Request, timings: Timings) -> Operation:
        operation = parse_document(self._schema.graphql, request, self._limits, timings)
        if len(request.query) <= _MOST_KEPT:
            self.operations.put((request.query, request.operation_name), operation)
        return operation

    def _plan(
        self,
        edition: Edition,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
    ) -> ServingPlan:
        raw = request.variables or _NO_VARIABLES
        try:
            plan = edition.planner.plan(operation, values, raw)
        except FraiseQLError as error:
            raise RequestError([GraphQLError(error.message)], error.code) from error
        except GraphQLError as error:
            # Which root fields there are cannot be told, as execution finds out.
            raise RequestError([error], "BAD_USER_INPUT", 200, executed=True) from None
        except RecursionError:
            message = "The variables are nested too deeply."
            raise RequestError([GraphQLError(message)], "BAD_USER_INPUT") from None
        if not plan.cost.terms:
            self._check_cost(plan.cost, values)
        return edition.compiled(plan)

    def _split(
        self,
        edition: Edition,
        serving: ServingPlan,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
    ) -> None:
        """Split a plan whose root fields are kept; one that is made anew each time is not."""
        if self._results is not None and len(request.query) <= _MOST_KEPT:
            usual = self._policy(operation.name, request.query) if self._policy else None
            splitter = Splitter(
                self._schema, edition.planner, edition.compiled, self._results, self.code
            )
            raw = request.variables or _NO_VARIABLES
            serving.split = splitter.split(operation, values, raw, usual)

    def _check_cost(self, plan_cost: Cost, values: Mapping[str, Any]) -> None:
        cost = plan_cost.of(values)
        if cost > self._max_complexity:
            limit = self._max_complexity
            message = f"The operation may answer {cost} values; the limit is {limit}."
            raise RequestError([GraphQLError(message)], "TOO_COMPLEX")
