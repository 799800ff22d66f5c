"""Complexity of operations from their text and limits."""

from typing import Any

import pytest
from graphql import build_schema, parse
from graphql.language import OperationDefinitionNode

from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.costs import DOCUMENT_LIST, CostReader, total
from fraiseql.serving.planning.plan import Cost
from fraiseql.serving.planning.selection import Collector, SelectedField

SCHEMA = build_schema(
    """
    type Query { user: User users(limit: Int): [User!]! thing: Thing }
    type User { id: Int tags: [String] posts: [Post!]! loose: [Post!]! friend: User }
    type Post { id: Int title: String author: User }
    union Thing = User | Post
    """
)
COSTS = CostReader({("User", "posts"): 5, ("User", "loose"): 100}, 100)


def root(text: str) -> SelectedField:
    node = parse(text).definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    assert SCHEMA.query_type is not None
    selection = Collector(SCHEMA, {}, {}).select(SCHEMA.query_type, [node.selection_set])
    return selection.objects["Query"][0]


@pytest.mark.parametrize(
    ("text", "arguments", "cost"),
    [
        ("{ user { id } }", {}, 2),
        ("{ user { id friend { id } } }", {}, 4),
        ("{ user { __typename } }", {}, 2),
        ("{ user { tags } }", {}, 1 + 1 + DOCUMENT_LIST),
        ("{ user { posts { id title } } }", {}, 1 + 1 + 5 * 2),
        ("{ user { loose { id } } }", {}, 1 + 1 + 100),
        ("{ user { posts { author { posts { id } } } } }", {}, 1 + 1 + 5 * (1 + 1 + 5)),
        ("{ users { id } }", {}, 1 + 100 * 2),
        ("{ users { id } }", {"limit": 7}, 1 + 7 * 2),
        ("{ users { id } }", {"limit": None}, 1 + 100 * 2),
        ("{ users { id } }", {"limit": -7}, 1),
        ("{ thing { ... on User { id friend { id } } ... on Post { id } } }", {}, 1 + 3),
    ],
)
def test_the_cost_of_a_root_field(text: str, arguments: dict[str, Any], cost: int) -> None:
    assert COSTS.root(root(text), arguments).of({}) == cost


def test_a_limit_from_a_variable_counts_per_request() -> None:
    cost = COSTS.root(root("{ users { id } }"), {"limit": ValueRef("n")}, default=20)
    assert [cost.of({"n": n}) for n in (0, 1, 1000, None, -5)] == [1, 3, 2001, 41, 1]


def test_roots_are_added() -> None:
    first, second = Cost(3, ((((ValueRef("a"), 9),), 2),)), Cost(4, ((((ValueRef("b"), 9),), 1),))
    assert total([first, second]).of({"a": 10, "b": -100}) == 3 + 20 + 4
    assert total([]).of({}) == 0
