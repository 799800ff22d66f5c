"""Views of the schema without hidden places, by failed checks."""

from dataclasses import dataclass
from itertools import count
from typing import Final

from graphql import GraphQLSchema

from fraiseql.bounded import Bounded
from fraiseql.errors import FraiseQLError
from fraiseql.schema import Check, Schema

_MOST: Final = 64
"""Views that are cached; each is a whole schema."""


@dataclass(frozen=True, slots=True)
class SchemaView:
    """The schema that some requests see.

    Attributes:
        schema: The GraphQL schema; None if it would have no root field.
        number: Different for each view, and 0 for the whole schema.
    """

    schema: GraphQLSchema | None
    number: int

    def required(self) -> GraphQLSchema:
        """Return the schema.

        Raises:
            FraiseQLError: The request may not use any operation.
        """
        if self.schema is None:
            raise FraiseQLError("The request may not use any operation.", code="FORBIDDEN")
        return self.schema


class SchemaViews:
    """Builds and caches views.

    Args:
        schema: The declarations.

    Attributes:
        whole: The view of requests that see everything.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._numbers = count(1)
        self._views: Bounded[frozenset[Check], SchemaView] = Bounded(_MOST)
        self.whole = SchemaView(schema.graphql, 0)

    def cached(self, failed: frozenset[Check]) -> SchemaView | None:
        """Return the view of requests that fail these checks, or None."""
        return self._views.get(failed) if failed else self.whole

    def built(self, failed: frozenset[Check]) -> SchemaView:
        """Return the same, built if needed; this takes as long as building the schema."""
        view = self.cached(failed)
        if view is None:
            view = SchemaView(self._schema.without(failed), next(self._numbers))
            self._views.put(failed, view)
        return view
