"""Operations that stand in the test suite's own text, and those that ask for everything."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    parse,
    type_from_ast,
    validate,
)

from tests.property.operations import Operation

TESTS = Path(__file__).parent.parent
_FOLDERS = ("integration/serving", "integration/http", "integration/caching", "property", "golden")
_MOST_DEPTH = 2
"""Objects inside of objects in the operations that ask for everything."""

_SCALARS: Mapping[str, Any] = {
    "Int": 1,
    "Float": 1.5,
    "Boolean": True,
    "String": "a",
    "ID": "1",
    "JSON": {"a": [1, None]},
    "BigInt": 9,
    "Decimal": "9.5",
    "Date": "2024-01-09",
    "Time": "10:30:00",
    "DateTime": "2024-01-01T00:00:00Z",
    "UUID": "00000000-0000-0000-0000-000000000001",
}


def written(schema: GraphQLSchema) -> Iterator[Operation]:
    """Yield the operations in the tests' text that are valid for a schema, with made-up values."""
    assert schema.query_type is not None
    for text, document in _documents():
        (operation,) = document.definitions[:1]
        assert isinstance(operation, OperationDefinitionNode)
        roots = {
            node.name.value
            for node in operation.selection_set.selections
            if isinstance(node, FieldNode)
        }
        fields = {*schema.query_type.fields, "__schema", "__type", "__typename"}
        if roots and roots <= fields and not validate(schema, document):
            for variables in _variables(schema, operation):
                yield Operation(text, variables)


def everything(schema: GraphQLSchema) -> Iterator[Operation]:
    """Yield an operation for each root field, with all that can be selected of it."""
    assert schema.query_type is not None
    for name, field in schema.query_type.fields.items():
        required = [
            argument for argument in field.args if is_required_argument(field.args[argument])
        ]
        typed = [(item, field.args[item].type) for item in required]
        head = ", ".join(f"${each}: {type_}" for each, type_ in typed)
        arguments = ", ".join(f"{value}: ${value}" for value in required)
        text = f"{name}({arguments})" if required else name
        values = {first: example(type_) for first, type_ in typed}
        body = f"{{ {text} {_selection(schema, get_named_type(field.type), 0)} }}"
        yield Operation(f"query ({head}) {body}" if required else body, values)


def example(type_: GraphQLInputType) -> Any:
    """Return a value of an input type; what may be left out of an object is."""
    if isinstance(type_, GraphQLNonNull):
        return example(type_.of_type)
    if isinstance(type_, GraphQLList):
        return [example(type_.of_type)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        return {
            name: example(field.type)
            for name, field in type_.fields.items()
            if isinstance(field.type, GraphQLNonNull)
        }
    return _SCALARS.get(type_.name, "a")


@cache
def _documents() -> list[tuple[str, DocumentNode]]:
    """Return each text of the tests that is one query."""
    collected: dict[str, DocumentNode] = {}
    for folder in _FOLDERS:
        for path in sorted((TESTS / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    document = _query(node.value)
                    if document is not None:
                        collected.setdefault(node.value, document)
    return list(collected.items())


def _query(text: str) -> DocumentNode | None:
    if "{" not in text or text.lstrip()[:1] not in ("{", "q"):
        return None
    try:
        document = parse(text)
    except GraphQLError:
        return None
    kinds = [isinstance(definition, OperationDefinitionNode) for definition in document.definitions]
    return document if kinds[0] and sum(kinds) == 1 else None


def _variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode
) -> Iterator[dict[str, Any]]:
    """Yield values for all variables, and for those only that must have one."""
    types = {
        node.variable.name.value: (type_from_ast(schema, node.type), node.default_value is None)
        for node in operation.variable_definitions or ()
    }
    least = {
        name: example(type_)
        for name, (type_, bare) in types.items()
        if bare and isinstance(type_, GraphQLNonNull)
    }
    yield least
    most = {name: example(type_) for name, (type_, _) in types.items()}
    if most != least:
        yield most


def _selection(schema: GraphQLSchema, type_: Any, depth: int) -> str:
    if not is_composite_type(type_):
        return ""
    parts = ["__typename"]
    if is_abstract_type(type_):
        selections = [
            (possible_type, _selection(schema, possible_type, depth))
            for possible_type in schema.get_possible_types(type_)
        ]
        parts += [f"... on {selection.name} {text}" for selection, text in selections]
    if isinstance(type_, GraphQLObjectType):
        parts += [part for name in type_.fields if (part := _field(schema, type_, name, depth))]
    return f"{{ {' '.join(parts)} }}"


def _field(schema: GraphQLSchema, type_: GraphQLObjectType, name: str, depth: int) -> str:
    field = type_.fields[name]
    inner = get_named_type(field.type)
    if any(is_required_argument(argument) for argument in field.args.values()):
        return ""
    if is_composite_type(inner) and depth == _MOST_DEPTH:
        return ""
    # Members of an abstract type may have fields of one name and different types.
    text = f"{type_.name.lower()}_{name}: {name} {_selection(schema, inner, depth + 1)}"
    return text.rstrip()
