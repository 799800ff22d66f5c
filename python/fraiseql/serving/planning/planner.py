"""Planner: from an operation and its variables' signature to a plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from fraiseql.schema import Check, Schema
from fraiseql.schema.definitions import QUERY, QueryDefinition
from fraiseql.schema.keys import equal_to_key
from fraiseql.schema.pages import row_type
from fraiseql.serving.document import Operation, input_limits
from fraiseql.serving.document.sizes import check_filter, check_order
from fraiseql.serving.planning.arguments import ArgumentReader, input_error
from fraiseql.serving.planning.connections import (
    fields_in_cursors,
    placed,
    plan_connection,
)
from fraiseql.serving.planning.costs import CostReader, total
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.filters import parse_filter
from fraiseql.serving.planning.groups import plan_groups
from fraiseql.serving.planning.nodes import NodePlanner
from fraiseql.serving.planning.objects import ObjectPlanner
from fraiseql.serving.planning.pages import plan_page
from fraiseql.serving.planning.plan import (
    ConstantRoot,
    Cost,
    OperationPlan,
    PythonRoot,
    RefusedRoot,
    Root,
    SqlRoot,
)
from fraiseql.serving.planning.reads import RelationQuery, RelationRead
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.planning.selection import Collector, SelectedField
from fraiseql.serving.planning.shapes import field_node
from fraiseql.serving.planning.stored_query import find_stored_query
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
        self.relations = Relations(
            schema, sources, settings.max_embed_items, settings.default_limit
        )
        self._schema = schema
        self._settings = settings
        self._inputs = input_limits(settings)
        limits = {
            (type_name, name): field.embed.most(settings.max_embed_items)
            for type_name, fields in schema.fields.items()
            for name, field in fields.items()
            if field.embed is not None
        }
        self._costs = CostReader(limits, settings.default_limit)

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
        denials = Denials(self._schema.guards, denied)
        roots = _RootPlanner(self, operation, collected.arguments, raw, denials)
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

    def query(
        self,
        definition: QueryDefinition,
        type_name: str,
        read: RelationRead,
        arguments: Mapping[str, Any],
    ) -> RelationQuery:
        """Return the query of a root field that SQL answers, for its arguments.

        Raises:
            InputError: A filter or order names an unknown field or operator.
        """
        bound = self.relations.bound_relation(type_name)
        assert bound is not None  # noqa: S101 - find() requires a sql_source
        equal = {name: arguments[name] for name in definition.by if name in arguments}
        if definition.keys:
            equal = equal_to_key(definition.keys, arguments["by"])
        # Only a list has a filter: arguments of a single row may have any name.
        filtered = arguments.get("where") if definition.many else None
        filters = [part for part in (definition.where, equal, filtered) if part]
        conditions = check_filter(filtered, self._inputs) if filtered else 0
        scope = self.relations.scope(type_name, bound)
        where = parse_filter({"and": filters}, scope) if filters else None
        if not definition.many:
            # Of several matching rows, always the same, from whichever relation it is read.
            unique = bool(bound.key) and equal.keys() >= set(bound.key)
            order = () if unique else self.relations.order((), type_name, bound)
            return RelationQuery(read, where, order, limit=1, conditions=conditions)
        terms = arguments.get("order_by") or definition.order_by
        check_order(terms, self._inputs)
        order = self.relations.order(terms, type_name, bound)
        limit = _limit(arguments)
        limit = self._default_limit(definition) if limit is None else limit
        conditions += len(arguments.get("order_by") or ())
        return RelationQuery(
            read, where, order, limit, arguments.get("offset"), conditions=conditions
        )

    def max_limit(self, definition: QueryDefinition) -> int:
        """Return the largest ``limit`` of a root field."""
        # A declared default counts even when it exceeds the setting.
        default = max(self._settings.max_limit, definition.default_limit or 0)
        return definition.max_limit or default

    def _default_limit(self, definition: QueryDefinition) -> int:
        default = min(self._settings.default_limit, self.max_limit(definition))
        return definition.default_limit or default

    def cost(
        self,
        selected: SelectedField,
        definition: QueryDefinition,
        arguments: Mapping[str, Any],
        limits: Mapping[int, Any],
    ) -> Cost:
        """Return the cost of a root field; ``limits`` are those of ``ObjectPlanner``."""
        default = self._default_limit(definition) if definition.function is None else None
        return self._costs.root(selected, arguments, default, limits)


def _limit(arguments: Mapping[str, Any]) -> Any:
    """Return the limit of a list, a page or a connection."""
    limits = [arguments.get(name) for name in ("limit", "first", "last")]
    return next((limit for limit in limits if limit is not None), None)


class _RootPlanner:
    """Plans the root fields of one operation."""

    def __init__(
        self,
        planner: Planner,
        operation: Operation,
        arguments: ArgumentReader,
        raw: Mapping[str, Any],
        denials: Denials,
    ) -> None:
        self._denials = denials
        self._planner = planner
        self._schema = planner.relations.schema
        self._operation = operation
        self._root = operation.root.name
        self._raw = raw
        self._arguments = arguments
        self.objects = ObjectPlanner(planner.relations, self._arguments, denials)
        self.roots: list[Root] = []
        self.costs: list[Cost] = []

    def entry(self, selected: SelectedField) -> dict[str, Any]:
        """Plan one root field and return its entry in the root object's node."""
        if selected.field is None:
            return {"id": selected.id, "key": selected.key, "source": {"typename": True}}
        stream = self.objects.stream()
        self.objects.root = selected.key
        if selected.name.startswith("__"):
            self.roots.append(self._introspected(selected, stream))
            node, nullable = self.objects.shape.any(), selected.name == "__type"
            return field_node(
                selected.id, selected.key, {"stream": stream}, node, nullable=nullable
            )
        roots = self._schema.queries if self._root == QUERY else self._schema.mutations
        node = self._plan(selected, roots[selected.name], stream)
        nullable = not str(selected.field.type).endswith("!")
        return field_node(selected.id, selected.key, {"stream": stream}, node, nullable=nullable)

    def _plan(self, selected: SelectedField, definition: QueryDefinition, stream: int) -> int:
        denial = self._denials.of_field(self._root, selected.name)
        if denial is not None:
            self.roots.append(RefusedRoot(stream, denial))
            return self.objects.shape.any()
        if definition.function is not None:
            node, field = self.objects.python_field(selected, self._root)
            self.roots.append(PythonRoot(stream, definition, field))
            self.costs.append(self._cost(selected, definition, field.arguments))
            return node
        if definition.nodes is not None:
            return self._plan_node(selected, definition, stream)
        return self._plan_sql(selected, definition, stream)

    def _plan_node(self, selected: SelectedField, definition: QueryDefinition, stream: int) -> int:
        assert selected.field is not None  # noqa: S101 - the caller checked
        try:
            arguments = self._arguments.for_sql(selected.field, selected.nodes[0])
        except GraphQLError as error:
            self.roots.append(RefusedRoot(stream, input_error(error)))
            return self.objects.shape.any()
        (ids,) = arguments.values()
        planner = NodePlanner(self._planner.relations, self.objects, self._denials)
        node, root = planner.plan(selected, definition, ids, stream)
        self.roots.append(root)
        number = len(ids) if isinstance(ids, list) else root.max_ids
        self.costs.append(self._cost(selected, definition, {"limit": number}))
        return node

    def _plan_sql(self, selected: SelectedField, definition: QueryDefinition, stream: int) -> int:
        assert selected.field is not None  # noqa: S101 - the caller checked
        type_name = row_type(self._schema.graphql, definition).name
        relations = self._planner.relations
        bound = relations.bound_relation(type_name)
        if definition.connected:
            return self._plan_connection(selected, definition, stream)
        if definition.aggregated:
            return self._plan_groups(selected, definition, stream)
        page = None
        if definition.paged:
            assert bound is not None  # noqa: S101 - page() requires a sql_source
            page = plan_page(self.objects, selected, bound)
            node, read = page.node, page.read
        else:
            node, rows = self.objects.value(selected.field.type, selected.selection, bound)
            assert rows is not None  # noqa: S101 - find() requires a sql_source
            read = rows
        try:
            arguments = self._arguments.for_sql(selected.field, selected.nodes[0])
            denial = self._denials.of_arguments(self._root, selected, self._arguments)
        except GraphQLError as error:
            denial = input_error(error)
        if denial is not None:
            self.roots.append(RefusedRoot(stream, denial))
            return node
        query = self._planner.query(definition, type_name, read, arguments)
        if page is not None:
            query = replace(query, outcome="page", page=page.parts)
        maximum = self._planner.max_limit(definition)
        stored = find_stored_query(relations, relations.sources.sources[type_name], query)
        many = definition.many and page is None
        root = SqlRoot(stream, selected.key, query, many, maximum, stored)
        self.roots.append(root)
        self.costs.append(Cost(query.conditions))
        for field in (selected,) if page is None else page.items:
            self.costs.append(self._cost(field, definition, arguments))
        return node

    def _cost(
        self, selected: SelectedField, definition: QueryDefinition, arguments: Mapping[str, Any]
    ) -> Cost:
        return self._planner.cost(selected, definition, arguments, self.objects.limits)

    def _plan_connection(
        self, selected: SelectedField, definition: QueryDefinition, stream: int
    ) -> int:
        assert selected.field is not None  # noqa: S101 - the caller checked
        type_name = row_type(self._schema.graphql, definition).name
        relations, reader = self._planner.relations, self._arguments
        bound = relations.bound_relation(type_name)
        assert bound is not None  # noqa: S101 - connection() requires a sql_source
        try:
            planned = plan_connection(self.objects, relations, reader, selected, bound)
            arguments = reader.for_sql(selected.field, selected.nodes[0])
            parts, limit = placed(planned.parts, arguments)
            denial = self._denials.of_arguments(QUERY, selected, reader)
        except GraphQLError as error:
            self.roots.append(RefusedRoot(stream, input_error(error)))
            return self.objects.shape.any()
        query = self._planner.query(definition, type_name, planned.read, arguments)
        fields = fields_in_cursors(relations, query.order, type_name, bound)
        denial = denial or self._denials.of_cursors(selected.name, fields)
        if denial is not None:
            self.roots.append(RefusedRoot(stream, denial))
            return planned.node
        query = replace(query, outcome="connection", connection=parts)
        maximum = self._planner.max_limit(definition)
        stored = find_stored_query(relations, relations.sources.sources[type_name], query)
        self.roots.append(SqlRoot(stream, selected.key, query, False, maximum, stored))
        self.costs.append(Cost(query.conditions))
        for field in planned.lists:
            self.costs.append(self._cost(field, definition, {"limit": limit}))
        return planned.node

    def _plan_groups(
        self, selected: SelectedField, definition: QueryDefinition, stream: int
    ) -> int:
        type_name = row_type(self._schema.graphql, definition).name
        relations, reader = self._planner.relations, self._arguments
        planned = plan_groups(self.objects, relations, reader, selected, type_name)
        if planned.denial is not None:
            self.roots.append(RefusedRoot(stream, planned.denial))
            return planned.node
        read, arguments = RelationRead(planned.bound.relation), planned.arguments
        query = self._planner.query(definition, type_name, read, planned.rows)
        query = replace(query, outcome="groups", groups=planned.groups, order=())
        maximum = self._planner.max_limit(definition)
        self.roots.append(SqlRoot(stream, selected.key, query, True, maximum))
        self.costs.append(Cost(query.conditions + planned.conditions))
        self.costs.append(self._cost(selected, definition, arguments))
        return planned.node

    def _introspected(self, selected: SelectedField, stream: int) -> Root:
        """Return the answer of an introspection field; it depends on the schema alone."""
        operation = self._operation.node
        only = OperationDefinitionNode(
            operation=operation.operation,
            variable_definitions=operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=selected.nodes),
        )
        document = DocumentNode(definitions=(only, *self._operation.fragments.values()))
        result = execute_sync(self._operation.schema, document, variable_values=dict(self._raw))
        errors = [input_error(error) for error in result.errors or ()]
        if result.data is None:
            return RefusedRoot(stream, errors[0])
        return ConstantRoot(stream, orjson.dumps(result.data.get(selected.key)), tuple(errors))
