"""Requests for traced documents, with values of the right types."""

from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    FloatValueNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_required_input_field,
    parse,
    print_ast,
    type_from_ast,
    visit,
)

from fraiseql.serving import Request

_VALUES: Final[tuple[Any, ...]] = (
    1,
    "1",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "00:00:00",
    "00000000-0000-0000-0000-000000000000",
    True,
    1.5,
    {},
)


def example_requests(schema: GraphQLSchema, document: str) -> Iterator[Request]:
    """Yield requests with a traced document: with all variables, and with the required ones.

    The trace has no values. The plan depends on which variables are present, not on their values.

    Args:
        schema: The schema of the application.
        document: The text in the trace, whose literals are empty.
    """
    parsed = parse(document)
    info = TypeInfo(schema)
    text = print_ast(visit(parsed, TypeInfoVisitor(info, _Literals(info))))
    every: dict[str, Any] = {}
    required: dict[str, Any] = {}
    name = None
    for node in parsed.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        name = node.name.value if node.name else None
        for variable in node.variable_definitions or ():
            declared: Any = type_from_ast(schema, variable.type)
            value = example_value(declared)
            every[variable.variable.name.value] = value
            if isinstance(declared, GraphQLNonNull) and variable.default_value is None:
                required[variable.variable.name.value] = value
    yield Request(text, name, every)
    if required != every:
        yield Request(text, name, required)


def example_value(declared: Any) -> Any:
    """Return a value of an input type."""
    if isinstance(declared, GraphQLNonNull):
        return example_value(declared.of_type)
    if isinstance(declared, GraphQLList):
        return [example_value(declared.of_type)]
    if isinstance(declared, GraphQLEnumType):
        return next(iter(declared.values))
    if isinstance(declared, GraphQLInputObjectType):
        required = {
            key: field for key, field in declared.fields.items() if is_required_input_field(field)
        }
        return {key: example_value(field.type) for key, field in required.items()}
    return next((each for each in _VALUES if _fits(declared, each)), None)


def _fits(scalar: GraphQLScalarType, value: Any) -> bool:
    try:
        scalar.parse_value(value)
    except (GraphQLError, ValueError, TypeError):
        return False
    return True


class _Literals(Visitor):
    """Replaces empty literals that do not fit their type."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        return self._replaced(node)

    def _replaced(self, node: StringValueNode) -> StringValueNode | None:
        declared = self._info.get_input_type()
        named = None if declared is None else get_named_type(declared)
        if not isinstance(named, GraphQLScalarType) or _fits(named, node.value):
            return None
        value = example_value(named)
        if isinstance(value, int | float) and not isinstance(value, bool):
            kind = IntValueNode if isinstance(value, int) else FloatValueNode
            return kind(value=str(value))  # type: ignore[return-value]
        return StringValueNode(value=str(value))
