"""Generated types of connections: edges with cursors, nodes, page info, total count."""

from typing import Any, Final, Literal

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDefaultInput,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    get_named_type,
)

EDGES: Final = "edges"
NODES: Final = "nodes"
CURSOR: Final = "cursor"
NODE: Final = "node"
PAGE_INFO: Final = "pageInfo"
HAS_NEXT: Final = "hasNextPage"
HAS_PREVIOUS: Final = "hasPreviousPage"
START_CURSOR: Final = "startCursor"
END_CURSOR: Final = "endCursor"
COUNT: Final = "totalCount"
COUNT_KIND: Final = "totalCountKind"
AGGREGATE: Final = "aggregate"

CountMode = Literal["exact", "capped", "estimated"]
"""How a total is counted: all rows, rows up to a cap, or PostgreSQL's estimate."""

DEFAULT_CAP: Final = 1000

_CONNECTION: Final = "fraiseql.connection"

BY_VALUE: Final = "fraiseql.by_value"
"""Extension of types whose values decide the statement, not only its parameters."""

COUNT_MODE: Final = GraphQLEnumType(
    "TotalCountMode",
    {
        "EXACT": GraphQLEnumValue("exact", description="Count all rows."),
        "CAPPED": GraphQLEnumValue("capped", description="Count at most `cap` rows."),
        "ESTIMATED": GraphQLEnumValue("estimated", description="PostgreSQL's estimate, at once."),
    },
    description="How to count the rows of all pages.",
    extensions={BY_VALUE: True},
)
KIND: Final = GraphQLEnumType(
    "TotalCountKind",
    {
        "EXACT": GraphQLEnumValue("EXACT", description="The number of rows."),
        "CAPPED": GraphQLEnumValue("CAPPED", description="There are more rows than the cap."),
        "ESTIMATED": GraphQLEnumValue("ESTIMATED", description="An estimate of the number."),
    },
    description="Meaning of a total count.",
)
PAGE_INFO_TYPE: Final = GraphQLObjectType(
    "PageInfo",
    {
        HAS_NEXT: GraphQLField(
            GraphQLNonNull(GraphQLBoolean), description="Whether rows follow this page."
        ),
        HAS_PREVIOUS: GraphQLField(
            GraphQLNonNull(GraphQLBoolean), description="Whether rows precede this page."
        ),
        START_CURSOR: GraphQLField(GraphQLString, description="Cursor of the first edge."),
        END_CURSOR: GraphQLField(GraphQLString, description="Cursor of the last edge."),
    },
    description="Place of a page among all rows.",
)
SHARED_NAMES: Final = (COUNT_MODE.name, KIND.name, PAGE_INFO_TYPE.name)
"""GraphQL names of the types that all connections share."""


def connection_names(type_name: str) -> tuple[str, str]:
    """Return the GraphQL names of the connections and edges of a type."""
    return f"{type_name}Connection", f"{type_name}Edge"


def connection_type(nodes: Any, aggregate: GraphQLObjectType | None = None) -> GraphQLObjectType:
    """Build the type of one connection.

    Args:
        nodes: GraphQL type of the list of its nodes.
        aggregate: Type of the aggregates of its rows; None for none.
    """
    node = get_named_type(nodes)
    name, edge_name = connection_names(node.name)
    edge = GraphQLObjectType(
        edge_name,
        {
            CURSOR: GraphQLField(
                GraphQLNonNull(GraphQLString), description="Place of the node in the order."
            ),
            NODE: GraphQLField(GraphQLNonNull(node), description="The row."),
        },
        description=f"One {node.name} in a connection.",
    )
    fields = _fields(nodes, edge)
    if aggregate is not None:
        text = "Aggregates of the rows of all pages."
        fields[AGGREGATE] = GraphQLField(GraphQLNonNull(aggregate), description=text)
    return GraphQLObjectType(
        name,
        fields,
        description=f"One page of {node.name}.",
        extensions={_CONNECTION: True},
    )


def row_named(type_: Any) -> GraphQLNamedType:
    """Return the named type of a field's rows: of a connection, that of its nodes."""
    named: Any = get_named_type(type_)
    if _CONNECTION in named.extensions:
        named = get_named_type(named.fields[NODES].type)
    row: GraphQLNamedType = named
    return row


def _fields(nodes: Any, edge: GraphQLObjectType) -> dict[str, GraphQLField]:
    mode = GraphQLArgument(GraphQLNonNull(COUNT_MODE), default=GraphQLDefaultInput("EXACT"))
    cap = GraphQLArgument(
        GraphQLNonNull(GraphQLInt),
        default=GraphQLDefaultInput(DEFAULT_CAP),
        description="Where CAPPED stops counting.",
    )
    edges = GraphQLNonNull(GraphQLList(GraphQLNonNull(edge)))
    return {
        EDGES: GraphQLField(edges, description="Rows of this page with their cursors."),
        NODES: GraphQLField(nodes, description="Rows of this page, in order."),
        PAGE_INFO: GraphQLField(
            GraphQLNonNull(PAGE_INFO_TYPE), description="Place of this page among all rows."
        ),
        COUNT: GraphQLField(
            GraphQLNonNull(GraphQLInt),
            {"mode": mode, "cap": cap},
            description="Number of rows of all pages.",
        ),
        COUNT_KIND: GraphQLField(
            GraphQLNonNull(KIND), description="Meaning of the selected totalCount."
        ),
    }
