"""Limits on the depth and aliases of a document."""

from collections.abc import Mapping

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

_Size = tuple[int, int]


class _Measure:
    """Depth and aliases of selection sets; each fragment is measured once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._sizes: dict[str, _Size] = {}

    def selection_set(self, node: SelectionSetNode | None) -> _Size:
        """Return (levels of fields, aliases) below ``node``."""
        depth = aliases = 0
        for selection in node.selections if node else ():
            below, more = self._selection(selection)
            depth = max(depth, below)
            aliases += more
        return depth, aliases

    def _selection(self, node: object) -> _Size:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, FieldNode):
            if node.name.value.startswith("__"):
                # graphql-core has its own limit on the depth of introspection.
                _, aliases = self.selection_set(node.selection_set)
                return 0, aliases + (node.alias is not None)
            depth, aliases = self.selection_set(node.selection_set)
            return depth + 1, aliases + (node.alias is not None)
        return self.selection_set(getattr(node, "selection_set", None))

    def _fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            # A cycle ends at this 0; validation reports it later.
            self._sizes[name] = (0, 0)
            fragment = self._fragments.get(name)
            self._sizes[name] = self.selection_set(fragment.selection_set if fragment else None)
        return self._sizes[name]


def check_limits(document: DocumentNode, max_depth: int, max_aliases: int) -> None:
    """Refuse a document that is nested too deeply or has too many aliases.

    Raises:
        RequestError: With the code ``DOCUMENT_TOO_DEEP`` or ``TOO_MANY_ALIASES``.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    measure = _Measure(fragments)
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        try:
            depth, aliases = measure.selection_set(node.selection_set)
        except RecursionError:
            # Hundreds of nested fragments.
            raise RequestError(
                [GraphQLError("The document nests its fragments too deeply.", node)],
                "DOCUMENT_TOO_DEEP",
            ) from None
        if depth > max_depth:
            message = f"The operation is {depth} levels deep; the limit is {max_depth}."
            raise RequestError([GraphQLError(message, node)], "DOCUMENT_TOO_DEEP")
        if aliases > max_aliases:
            message = f"The operation has {aliases} aliases; the limit is {max_aliases}."
            raise RequestError([GraphQLError(message, node)], "TOO_MANY_ALIASES")
