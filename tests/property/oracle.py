"""The oracle: graphql-core executes the same schema over plain dicts."""

import json
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLUnionType,
    execute_sync,
    parse,
)

from fraiseql.schema import Schema
from tests.integration.serving.oracle import ordered, selected

from . import rich_schema


class Oracle:
    """Answers operations on the zoo from Python dicts."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        for type_ in schema.graphql.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
                type_.is_type_of = lambda value, _info: isinstance(value, dict)

    def answer(
        self, text: str, variables: dict[str, Any], items: list[dict[str, Any]]
    ) -> ExecutionResult:
        """Execute ``text`` over ``items``, in the order of their ids."""
        result = execute_sync(
            self._schema.graphql,
            parse(text),
            root_value={"items": items},
            variable_values=variables,
            field_resolver=self._field,
            type_resolver=self._type,
        )
        assert isinstance(result, ExecutionResult)
        return result

    def _type(self, value: Any, _info: Any, abstract: Any) -> str | None:
        assert isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType)
        if not isinstance(value, dict):
            return None
        tags = {
            self._schema.objects[type_.name].tag or type_.name: type_.name
            for type_ in self._schema.graphql.get_possible_types(abstract)
        }
        kind = value.get("kind")
        return tags.get(kind) if isinstance(kind, str) else None

    def _field(self, source: dict[str, Any], info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.parent_type.name == "Query":
            root = self._root(source["items"], info.field_name, arguments)
            if info.field_name != "itemsAsDicts":
                return root
            # The developer's SQL made these, with the list as it is declared.
            return [{**item, "bones": _cut(item["bones"], {}), "by hand": True} for item in root]
        definition = self._schema.fields[info.parent_type.name][info.field_name]
        if definition.embed is not None:
            return _listed(source, definition.name, arguments)
        if definition.computed is None:
            return source.get(definition.name)
        return _computed(definition.name, source, arguments)

    @staticmethod
    def _root(items: list[dict[str, Any]], name: str, arguments: dict[str, Any]) -> Any:
        if name in ("item", "itemByPython"):
            return next((item for item in items if item["id"] == arguments["id"]), None)
        return items


def _listed(source: dict[str, Any], name: str, arguments: dict[str, Any]) -> Any:
    """Return an embedded list; only rows that SQL reads have all its items."""
    rows = source.get(name)
    if "rank" not in source or "by hand" in source:
        if arguments:
            raise TypeError
        return rows
    return _cut(source[name], arguments)


def _cut(rows: list[dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any]]:
    limit = arguments.get("limit")
    limit, offset = 3 if limit is None else limit, arguments.get("offset") or 0
    if not 0 <= limit <= 3 or offset < 0:
        raise ValueError
    rows = [dict(row) for row in selected(rows, arguments.get("where") or {})]
    rows = ordered(rows, arguments.get("order_by") or ["-weight"], "id")
    return rows[offset : offset + limit]


def _computed(name: str, source: dict[str, Any], arguments: dict[str, Any]) -> Any:
    title = _text(source, "title") if name != "twin" else None
    if name in ("loud", "maybe_loud"):
        return rich_schema.loud(title)
    if name == "scores":
        number = source.get("id")
        if isinstance(number, list | dict):
            raise TypeError
        return rich_schema.score(number, title, arguments["times"])
    return rich_schema.twin(_text(source, "note"))


def _text(source: dict[str, Any], name: str) -> Any:
    value = source.get(name)
    if isinstance(value, list | dict):
        raise TypeError(f"{name} is not text")
    return value


def normalised(value: Any) -> str:
    """One form for equal JSON: key order is kept, a whole number is written without a point."""
    return json.dumps(json.loads(json.dumps(value), parse_float=_number), ensure_ascii=False)


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def paths(errors: Any) -> list[list[Any]]:
    """Paths of errors, in a fixed order."""
    return sorted([list(error) for error in errors], key=repr)
