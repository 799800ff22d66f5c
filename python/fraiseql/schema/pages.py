"""Generated types of pages: items, their total number, whether more follow."""

from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from fraiseql.schema.aggregates import AGGREGATE_OF
from fraiseql.schema.connections import NODES
from fraiseql.schema.definitions import QueryDefinition

ITEMS: Final = "items"
TOTAL_COUNT: Final = "totalCount"
HAS_NEXT_PAGE: Final = "hasNextPage"


def page_name(type_name: str) -> str:
    """Return the GraphQL name of the pages of a type."""
    return f"{type_name}Page"


def page_type(items: Any) -> GraphQLObjectType:
    """Build the type of one page.

    Args:
        items: GraphQL type of the list of its items.
    """
    name = get_named_type(items).name
    return GraphQLObjectType(
        page_name(name),
        {
            ITEMS: GraphQLField(items, description="Rows of this page, in order."),
            TOTAL_COUNT: GraphQLField(
                GraphQLNonNull(GraphQLInt), description="Number of rows of all pages."
            ),
            HAS_NEXT_PAGE: GraphQLField(
                GraphQLNonNull(GraphQLBoolean), description="Whether rows follow this page."
            ),
        },
        description=f"One page of {name}.",
    )


def row_type(graphql: GraphQLSchema, query: QueryDefinition) -> GraphQLNamedType:
    """Return the type of a root field's rows: of a page the items', of a connection the nodes'."""
    root: Any = graphql.query_type
    named: Any = get_named_type(root.fields[query.graphql_name].type)
    if query.paged or query.connected:
        named = get_named_type(named.fields[ITEMS if query.paged else NODES].type)
    if query.aggregated:
        named = graphql.type_map[named.extensions[AGGREGATE_OF]]
    row: GraphQLNamedType = named
    return row
