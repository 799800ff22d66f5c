"""Parsing and validation of documents, within limits."""

from dataclasses import dataclass
from time import perf_counter
from typing import Final, Self

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from fraiseql.events import Timings
from fraiseql.serving.document.limits import check_limits
from fraiseql.serving.document.operation import Operation, RequestError
from fraiseql.serving.document.repeats import check_repeats
from fraiseql.serving.document.request import Request
from fraiseql.serving.document.rules import breakable_rules
from fraiseql.serving.document.sizes import InputLimits, input_limits
from fraiseql.settings import Settings

_MAX_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Limits of documents.

    Attributes:
        max_bytes: Characters.
        max_tokens: Lexical tokens.
        max_fields: Fields of an operation, with fragments counted where they are used.
        max_depth: Levels of nested fields.
        max_aliases: Aliased fields, with fragments counted each time they are spread.
        introspection: Whether ``__schema`` and ``__type`` are allowed.
        inputs: Limits of the variables' values.
    """

    max_bytes: int
    max_tokens: int
    max_fields: int
    max_depth: int
    max_aliases: int
    introspection: bool
    inputs: InputLimits

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits in the settings."""
        return cls(
            settings.max_document_bytes,
            settings.max_tokens,
            settings.max_fields,
            settings.max_depth,
            settings.max_aliases,
            settings.introspection,
            input_limits(settings),
        )


def parse_document(
    schema: GraphQLSchema, request: Request, limits: DocumentLimits, timings: Timings
) -> Operation:
    """Return the operation that ``request`` asks for.

    Raises:
        RequestError: The text is not GraphQL, exceeds a limit or is not valid for the schema; or
            the operation does not exist, or the schema or the method does not allow its kind.
    """
    start = perf_counter()
    document = _parse(request.query, limits)
    node = _operation(document, request.operation_name)
    check_kind(node, schema, read_only=request.read_only)
    check_limits(document, limits.max_depth, limits.max_aliases)
    sizes = _sizes(schema, document, limits.max_fields)
    parsed = perf_counter()
    timings.parse += parsed - start
    _validate(schema, request.query, document, limits)
    operation = Operation(
        schema,
        document,
        node,
        limits.inputs,
        size=sizes[id(node)],
        hide_suggestions=not limits.introspection,
    )
    timings.validate += perf_counter() - parsed
    return operation


def _parse(text: str, limits: DocumentLimits) -> DocumentNode:
    # Comments do not count as tokens, but each is lexed as one.
    if len(text) > limits.max_bytes or text.count("#") > limits.max_tokens:
        message = f"The document has more than {limits.max_bytes} characters, or too many comments."
        raise RequestError([GraphQLError(message)], "DOCUMENT_TOO_LARGE")
    try:
        return parse(text, max_tokens=limits.max_tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        code = "DOCUMENT_TOO_LARGE" if "tokens" in error.message else "GRAPHQL_PARSE_FAILED"
        raise RequestError([error], code) from error


def _sizes(schema: GraphQLSchema, document: DocumentNode, max_fields: int) -> dict[int, int]:
    """Return the number of fields that each definition selects, by the id of its node."""
    try:
        return check_repeats(document, max_fields)
    except RequestError:
        # Fragments that spread each other select fields without end: say so.
        if cycles := validate(schema, document, [NoFragmentCyclesRule], max_errors=_MAX_ERRORS):
            raise RequestError(cycles, "GRAPHQL_VALIDATION_FAILED") from None
        raise


def _validate(
    schema: GraphQLSchema, text: str, document: DocumentNode, limits: DocumentLimits
) -> None:
    more = () if limits.introspection else (NoSchemaIntrospectionCustomRule,)
    rules = [breakable_rules(text, *more)]
    # Suggestions would reveal names that a closed introspection hides.
    errors = validate(
        schema, document, rules, max_errors=_MAX_ERRORS, hide_suggestions=not limits.introspection
    )
    if errors:
        raise RequestError(errors, "GRAPHQL_VALIDATION_FAILED")


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if name is not None:
        # Of several with this name, which validation refuses, the first.
        operations = [node for node in operations if node.name and node.name.value == name][:1]
    if len(operations) == 1:
        return operations[0]
    if name is not None:
        message = f"The document has no operation named {name!r}."
    elif operations:
        message = "The document has several operations: send operationName to choose one."
    else:
        message = "The document has no operation."
    raise RequestError([GraphQLError(message)], "OPERATION_NOT_FOUND")


def check_kind(node: OperationDefinitionNode, schema: GraphQLSchema, *, read_only: bool) -> None:
    """Refuse subscriptions, and mutations where there are none or with 405 for a GET.

    Raises:
        RequestError: The schema or the method does not allow the operation's kind.
    """
    kind = node.operation
    allowed = kind is OperationType.MUTATION and not read_only and schema.mutation_type
    if kind is OperationType.QUERY or allowed:
        return
    if read_only:
        message, status = f"A GET request may only run a query, not a {kind.value}.", 405
    else:
        message, status = f"This schema has no {kind.value} type.", 400
    raise RequestError([GraphQLError(message, node)], "OPERATION_NOT_SUPPORTED", status)
