"""``info``: the request and field of a resolver."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

CONTEXT_KEY: Final = "fraiseql"
"""Key of ``info.context`` under which a ``Repository`` finds the request's ``Reads``."""


def _no_documents(_row: object, type_name: str) -> object:
    raise RuntimeError(f"This info was made outside of a request: it has no {type_name} documents.")


@dataclass(slots=True, kw_only=True)
class Info:
    """The ``info`` argument of resolvers and computed fields.

    Attributes:
        context: Values of the request: ``db``, ``request``, and what ``create_app(context=…)``
            adds.
        field_name: GraphQL name of the field.
        path: Path of the field in the response: aliases and list positions.
        variables: Variables of the operation, as Python values.
        operation_name: Name of the operation, or None.
        selection: Python names of the fields that are asked for below this one.
        make_document: Called by ``document``; set by the serving pipeline.

    Example:
        A resolver can be called in a test without a server:

        >>> info = Info(context={"db": None}, field_name="user")
        >>> info.context["db"] is None
        True
    """

    context: dict[str, Any]
    field_name: str = ""
    path: tuple[str | int, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    selection: tuple[str, ...] = ()
    make_document: Callable[[Any, str], Any] = _no_documents

    def document(self, row: Any, type_name: str) -> Any:
        """Turn a row into a document that the response is rendered from.

        Args:
            row: A record, a mapping, JSON text or JSON bytes.
            type_name: GraphQL name of the type that the row is.

        Returns:
            An opaque document, to be returned by the resolver.
        """
        return self.make_document(row, type_name)
