"""Queries of root fields that SQL answers."""

from collections.abc import Mapping
from typing import Any

from fraiseql.schema import Schema
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.keys import equal_to_key
from fraiseql.serving.document import input_limits
from fraiseql.serving.document.sizes import check_filter, check_order
from fraiseql.serving.planning.costs import CostReader
from fraiseql.serving.planning.filters import parse_filter
from fraiseql.serving.planning.plan import Cost
from fraiseql.serving.planning.reads import RelationQuery, RelationRead
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.settings import Settings
from fraiseql.sources import SourceMap


class QueryPlanner:
    """Plans the queries of root fields that SQL answers.

    Args:
        schema: The declared schema.
        sources: The relation of each type.
        settings: Limits of lists.
    """

    def __init__(self, schema: Schema, sources: SourceMap, settings: Settings) -> None:
        self.relations = Relations(
            schema, sources, settings.max_embed_items, settings.default_limit
        )
        self._settings = settings
        self._inputs = input_limits(settings)
        limits = {
            (type_name, name): field.embed.most(settings.max_embed_items)
            for type_name, fields in schema.fields.items()
            for name, field in fields.items()
            if field.embed is not None
        }
        self._costs = CostReader(limits, settings.default_limit)

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
