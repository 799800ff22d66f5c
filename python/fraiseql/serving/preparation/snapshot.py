"""Planner, reader and cached plans over one state of the sources."""

from typing import Any

from fraiseql.bounded import Bounded
from fraiseql.schema import Check, Schema
from fraiseql.serving.document import Operation, RequestError
from fraiseql.serving.execution.changed_types import ChangedTypes
from fraiseql.serving.execution.compiled_plan import CompiledPlan
from fraiseql.serving.execution.reading import RepositoryReader
from fraiseql.serving.execution.stored_statement import LiveFallback
from fraiseql.serving.execution.writes import RowWriter
from fraiseql.serving.planning import Planner
from fraiseql.serving.planning.plan import OperationPlan
from fraiseql.serving.preparation.serving_plan import ServingPlan
from fraiseql.settings import Settings
from fraiseql.sources import SourceMap

PlanKey = tuple[Operation, Any, frozenset[Check]]
"""An operation, the signature of its variables, and the checks that fail."""


class PlanSnapshot:
    """Planner, reader and plans over one state of the sources, discarded together.

    Args:
        schema: The schema.
        sources: The relation of each type.
        settings: Limits of lists, and how many plans are cached.
        fallback: Receives stored documents that were not read.

    Attributes:
        changes: Reports the types that mutations write; None if the settings do not ask for it.
        planner: Plans operations.
        reader: Prepares the reads of resolvers.
        plans: Plans, or why there is none.
        writer: Runs generated mutations.
    """

    __slots__ = ("_fallback", "_schema", "changes", "planner", "plans", "reader", "writer")

    def __init__(
        self, schema: Schema, sources: SourceMap, settings: Settings, fallback: LiveFallback
    ) -> None:
        self._schema = schema
        self._fallback = fallback
        self.planner = Planner(schema, sources, settings)
        bytes_held = settings.document_cache_bytes
        self.reader = RepositoryReader(self.planner.relations, fallback, bytes_held // 8)
        self.writer = RowWriter(schema, self.planner.relations, self.reader)
        of_types = self.planner.relations.sources.sources
        self.changes = ChangedTypes(schema, of_types) if settings.changed_types else None
        self.plans: Bounded[PlanKey, ServingPlan | RequestError] = Bounded(
            settings.document_cache_size, bytes_held // 2
        )

    def compiled(self, plan: OperationPlan) -> ServingPlan:
        """Return a plan ready to serve."""
        return ServingPlan(CompiledPlan(plan, self._schema, self._fallback))
