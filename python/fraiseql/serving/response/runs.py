"""Runs of plans, and calls of Python functions, for requests."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from fraiseql.database import Budget, Identity, Pool
from fraiseql.results import RequestCaches, Results
from fraiseql.serving.document import Operation
from fraiseql.serving.document.request import Request
from fraiseql.serving.execution.context_reads import ContextReads
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.reading import note_in_field
from fraiseql.serving.execution.resolvers import Call
from fraiseql.serving.execution.run import Run
from fraiseql.serving.execution.stored_statement import StalenessReport
from fraiseql.settings import Settings

_NO_VARIABLES: Mapping[str, Any] = {}


class Runs:
    """Makes the runs of an application's requests.

    Args:
        settings: ``introspection`` is used.
        encoder: Encodes results of Python functions.
        results: Result caches; None for none.
    """

    __slots__ = ("_encoder", "_hidden", "_results")

    def __init__(self, settings: Settings, encoder: Encoder, results: Results | None) -> None:
        self._hidden = not settings.introspection
        self._encoder = encoder
        self._results = results

    def run(self, pool: Pool, identity: Identity, values: Mapping[str, Any], budget: Budget) -> Run:
        """Return a run without Python functions."""
        return Run(
            pool, identity, values, self._encoder, hide_suggestions=self._hidden, budget=budget
        )

    def call(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        request: Request,
        context: dict[str, Any],
        current: RequestCaches | None,
        *,
        reads: ContextReads | None = None,
    ) -> Call:
        """Return the caller of a run's Python functions."""
        full = cache(partial(operation.full_values, request.variables or _NO_VARIABLES))
        name, encoder = operation.name, self._encoder
        return Call(context, values, full, name, encoder, reached=current, reads=reads)

    def reached(
        self, identity: Identity, note: Callable[[StalenessReport], None]
    ) -> RequestCaches | None:
        """Return the result caches as Python functions use them."""
        if self._results is None:
            return None
        return RequestCaches(self._results, identity, partial(note_in_field, note))
