"""Embedded fields that an operation selects."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
)

from fraiseql.schema import Schema
from fraiseql.schema.definitions import EmbedDefinition

Embeds = dict[str, EmbedDefinition]
"""Embeds by their dotted path."""


def selected_embeds(schema: Schema, document: str, root: str) -> Embeds:
    """Return the embeds below a root field, by dotted path in Python names.

    Args:
        schema: The declared schema.
        document: Text of the operation.
        root: GraphQL name of the root field.
    """
    try:
        parsed = parse(document)
    except GraphQLError:
        return {}
    fragments = {
        each.name.value: each.selection_set
        for each in parsed.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    embeds: Embeds = {}
    for selection in _roots(parsed, fragments):
        if selection.name.value == root and selection.selection_set is not None:
            query_type = schema.graphql.query_type
            assert query_type is not None  # noqa: S101 - the operation was answered
            named = get_named_type(query_type.fields[root].type)
            embeds |= _below(schema, named.name, selection.selection_set, fragments)
    return embeds


def _roots(
    document: DocumentNode, fragments: Mapping[str, SelectionSetNode]
) -> Iterator[FieldNode]:
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            yield from _fields(each.selection_set, fragments)


def _fields(
    selections: SelectionSetNode, fragments: Mapping[str, SelectionSetNode]
) -> Iterator[FieldNode]:
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, InlineFragmentNode):
            yield from _fields(each.selection_set, fragments)
        elif isinstance(each, FragmentSpreadNode) and each.name.value in fragments:
            yield from _fields(fragments[each.name.value], fragments)


def _below(
    schema: Schema,
    type_name: str,
    selections: SelectionSetNode,
    fragments: Mapping[str, SelectionSetNode],
) -> Embeds:
    embeds: Embeds = {}
    declared = schema.fields.get(type_name, {})
    for field in _fields(selections, fragments):
        definition = declared.get(field.name.value)
        if definition is None or definition.embed is None or field.selection_set is None:
            continue
        embeds[definition.name] = definition.embed
        type_ = schema.graphql.type_map[type_name]
        inner = get_named_type(type_.fields[field.name.value].type).name  # type: ignore[attr-defined]
        below = _below(schema, inner, field.selection_set, fragments)
        embeds |= {f"{definition.name}.{path}": embed for path, embed in below.items()}
    return embeds
