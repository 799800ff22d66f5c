"""Limit on the fields that validation compares with each other."""

from collections.abc import Iterable, Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from fraiseql.serving.document.operation import RequestError

MAX_PAIRS: Final = 5_000
"""Pairs of one operation: a hundred fragments that select the same field make 4,950."""

_DOCUMENT_FACTOR: Final = 4
"""Factor of the limit for all operations of a document together."""


class _Counter:
    """Counts fields, and the pairs of fields and fragments that validation compares.

    Args:
        fragments: Fragments of the document, by name.
        max_fields: Limit of fields in one operation.
    """

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], max_fields: int) -> None:
        self._fragments = fragments
        self._max_fields = max_fields
        self._total_fields = self._total_pairs = 0

    def add(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> int:
        """Return the number of fields that an operation or fragment selects.

        Raises:
            RequestError: It selects too many.
        """
        fields = pairs = 0
        left: list[list[SelectionSetNode]] = [[definition.selection_set]]
        while left:
            by_key, spreads = self._merged(left.pop())
            pairs += _pairs(spreads) + sum(_pairs(len(nodes)) for nodes in by_key.values())
            fields += sum(len(nodes) for nodes in by_key.values())
            self._check(definition, fields, pairs)
            for nodes in by_key.values():
                below = [node.selection_set for node in nodes if node.selection_set]
                if below:
                    left.append(below)
        self._total_fields += fields
        self._total_pairs += pairs
        share = _DOCUMENT_FACTOR
        self._check(definition, self._total_fields // share, self._total_pairs // share)
        return fields

    def _merged(
        self, selection_sets: Iterable[SelectionSetNode]
    ) -> tuple[dict[str, list[FieldNode]], int]:
        """Return fields by response key, and the number of fragments spread."""
        by_key: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        left = list(selection_sets)
        while left:
            for node in left.pop().selections:
                if isinstance(node, FieldNode):
                    by_key.setdefault((node.alias or node.name).value, []).append(node)
                elif not isinstance(node, FragmentSpreadNode):
                    left.append(node.selection_set)  # type: ignore[attr-defined]
                elif node.name.value not in visited:
                    visited.add(node.name.value)
                    fragment = self._fragments.get(node.name.value)
                    left += [fragment.selection_set] if fragment else []
        return by_key, len(visited)

    def _check(
        self,
        definition: OperationDefinitionNode | FragmentDefinitionNode,
        fields: int,
        pairs: int,
    ) -> None:
        if fields > self._max_fields:
            message = (
                f"The operation selects more than {self._max_fields} fields; that is the limit."
            )
            raise RequestError([GraphQLError(message, definition)], "TOO_COMPLEX")
        if pairs > MAX_PAIRS:
            message = "The document selects the same fields too many times in one place."
            raise RequestError([GraphQLError(message, definition)], "DOCUMENT_TOO_LARGE")


def _pairs(number: int) -> int:
    return number * (number - 1) // 2


def check_repeats(document: DocumentNode, max_fields: int) -> dict[int, int]:
    """Refuse a document whose validation would compare too many fields with each other.

    Fragments are counted where they are used.

    Args:
        document: The document.
        max_fields: Limit of fields in one operation.

    Returns:
        The number of fields that each definition selects, by the id of its node.

    Raises:
        RequestError: With the code ``TOO_COMPLEX`` or ``DOCUMENT_TOO_LARGE``.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    counter = _Counter(fragments, max_fields)
    return {
        id(node): counter.add(node)
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    }
