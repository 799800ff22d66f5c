"""Queries with inputs of any depth and size."""

from typing import Any

import fraiseql
from tests.golden import application


@fraiseql.input
class Tree:
    n: int = 1
    tree: "Tree | None" = None


@fraiseql.query
def tree(of: Tree) -> int:
    return of.n


@fraiseql.query
def echo(value: Any | None = None) -> Any | None:
    return value


@fraiseql.query
def echoes(values: list[Any] | None = None) -> int:
    return len(values or ())


@fraiseql.query
def by(where: fraiseql.Where[application.Book] | None = None) -> int:
    return len(where or ())


HOSTILE_QUERIES = [tree, echo, echoes, by]
