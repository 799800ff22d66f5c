"""Planner: from an operation and its variables' signature to a plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fraiseql.schema import Check, Schema
from fraiseql.serving.document import Operation
from fraiseql.serving.planning.arguments import ArgumentReader
from fraiseql.serving.planning.costs import total
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.plan import Cost, OperationPlan
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.planning.root_queries import QueryPlanner
from fraiseql.serving.planning.roots import RootPlanner
from fraiseql.serving.planning.selection import Collector, SelectedField
from fraiseql.settings import Settings
from fraiseql.sources import SourceMap


@dataclass(frozen=True, slots=True)
class Collected:
    """The fields of one operation for one signature of its variables.

    Attributes:
        roots: Root fields, ``@skip`` and ``@include`` resolved.
        fields: All fields by id, with the name of their parent type.
        arguments: Reads the fields' arguments.
    """

    roots: tuple[SelectedField, ...]
    fields: tuple[tuple[SelectedField, str], ...]
    arguments: ArgumentReader


class Planner:
    """Plans the operations of one application.

    Args:
        schema: The declared schema.
        sources: The relation of each type.
        settings: Limits of lists.
    """

    def __init__(self, schema: Schema, sources: SourceMap, settings: Settings) -> None:
        self._queries = QueryPlanner(schema, sources, settings)
        self._guards = schema.guards

    @property
    def relations(self) -> Relations:
        """Relations of types."""
        return self._queries.relations

    def plan(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        raw: Mapping[str, Any],
        *,
        collected: Collected | None = None,
        only: Collection[str] | None = None,
        denied: Collection[Check] = frozenset(),
    ) -> OperationPlan:
        """Return the plan of ``operation`` for every request with this signature and these rights.

        Args:
            operation: The validated operation.
            values: Coerced variables of the current request; only their signature is used.
            raw: The same variables as sent, for introspection.
            collected: The result of ``collect``, when it was called before.
            only: Response keys of the root fields to plan; None for all.
            denied: Checks that failed: their fields are errors, and are not read.

        Raises:
            InputError: A filter or order names an unknown field or operator.
            GraphQLError: A directive of a root field has an invalid argument.
        """
        collected = collected or self.collect(operation, values)
        denials = Denials(self._guards, denied)
        roots = RootPlanner(self._queries, operation, collected.arguments, raw, denials)
        entries = [
            roots.entry(field) for field in collected.roots if only is None or field.key in only
        ]
        objects = roots.objects
        root = objects.shape.add({"kind": "object", "type": operation.root.name, "fields": entries})
        return OperationPlan(
            tuple(roots.roots),
            objects.computed,
            objects.shape.description(root),
            objects.streams,
            collected.fields,
            total([*roots.costs, Cost(objects.conditions)]),
            tuple(objects.refusals),
            objects.denied,
            frozenset(objects.limits),
        )

    def collect(self, operation: Operation, values: Mapping[str, Any]) -> Collected:
        """Return the fields of an operation; the arguments are those of ``plan``.

        Raises:
            GraphQLError: A directive of a root field has an invalid argument.
        """
        root = operation.root
        collector = Collector(operation.schema, operation.fragments, values)
        selection = collector.select(root, [operation.node.selection_set])
        for refusal in selection.refusals.values():
            raise refusal
        return Collected(
            selection.objects[root.name],
            tuple(zip(collector.fields, collector.parents, strict=True)),
            ArgumentReader(operation, values),
        )
