"""Plans of root fields."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from fraiseql.schema.definitions import QUERY, QueryDefinition
from fraiseql.schema.pages import row_type
from fraiseql.serving.document import Operation
from fraiseql.serving.planning.arguments import ArgumentReader, input_error
from fraiseql.serving.planning.connections import fields_in_cursors, placed, plan_connection
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.groups import plan_groups
from fraiseql.serving.planning.nodes import NodePlanner
from fraiseql.serving.planning.objects import ObjectPlanner
from fraiseql.serving.planning.pages import plan_page
from fraiseql.serving.planning.plan import (
    ConstantRoot,
    Cost,
    PythonRoot,
    RefusedRoot,
    Root,
    SqlRoot,
)
from fraiseql.serving.planning.reads import RelationRead
from fraiseql.serving.planning.root_queries import QueryPlanner
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.serving.planning.shapes import field_node
from fraiseql.serving.planning.stored_query import find_stored_query


class RootPlanner:
    """Plans the root fields of one operation."""

    def __init__(
        self,
        queries: QueryPlanner,
        operation: Operation,
        arguments: ArgumentReader,
        raw: Mapping[str, Any],
        denials: Denials,
    ) -> None:
        self._denials = denials
        self._queries = queries
        self._schema = queries.relations.schema
        self._operation = operation
        self._root = operation.root.name
        self._raw = raw
        self._arguments = arguments
        self.objects = ObjectPlanner(queries.relations, self._arguments, denials)
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
        planner = NodePlanner(self._queries.relations, self.objects, self._denials)
        node, root = planner.plan(selected, definition, ids, stream)
        self.roots.append(root)
        number = len(ids) if isinstance(ids, list) else root.max_ids
        self.costs.append(self._cost(selected, definition, {"limit": number}))
        return node

    def _plan_sql(self, selected: SelectedField, definition: QueryDefinition, stream: int) -> int:
        assert selected.field is not None  # noqa: S101 - the caller checked
        type_name = row_type(self._schema.graphql, definition).name
        relations = self._queries.relations
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
        query = self._queries.query(definition, type_name, read, arguments)
        if page is not None:
            query = replace(query, outcome="page", page=page.parts)
        maximum = self._queries.max_limit(definition)
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
        return self._queries.cost(selected, definition, arguments, self.objects.limits)

    def _plan_connection(
        self, selected: SelectedField, definition: QueryDefinition, stream: int
    ) -> int:
        assert selected.field is not None  # noqa: S101 - the caller checked
        type_name = row_type(self._schema.graphql, definition).name
        relations, reader = self._queries.relations, self._arguments
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
        query = self._queries.query(definition, type_name, planned.read, arguments)
        fields = fields_in_cursors(relations, query.order, type_name, bound)
        denial = denial or self._denials.of_cursors(selected.name, fields)
        if denial is not None:
            self.roots.append(RefusedRoot(stream, denial))
            return planned.node
        query = replace(query, outcome="connection", connection=parts)
        maximum = self._queries.max_limit(definition)
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
        relations, reader = self._queries.relations, self._arguments
        planned = plan_groups(self.objects, relations, reader, selected, type_name)
        if planned.denial is not None:
            self.roots.append(RefusedRoot(stream, planned.denial))
            return planned.node
        read, arguments = RelationRead(planned.bound.relation), planned.arguments
        query = self._queries.query(definition, type_name, read, planned.rows)
        query = replace(query, outcome="groups", groups=planned.groups, order=())
        maximum = self._queries.max_limit(definition)
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
