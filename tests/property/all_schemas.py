"""Stages: each schema of the test suite with its tables and its operations."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fraiseql.schema import build_schema
from tests.golden import application as golden
from tests.golden import test_golden
from tests.integration.serving import (
    positions,
    samples,
    stored_by_hand,
    test_abstract,
    test_columns,
    test_computed,
    test_embed_bounds,
    test_filters,
    test_fixed_filter,
    test_pages,
    test_related_filters,
    test_repository,
    test_reserved_names,
    test_resolvers,
)
from tests.integration.serving.results import application as results
from tests.property import documents, rich_schema, shop
from tests.property.operations import Operation, operations
from tests.property.shop_operations import shop_operations

_SAMPLED = 61
"""Of operations that a test makes from tables of values, one in so many is taken."""

_DRAWN = 15
"""Random operations that are taken of those that a property test draws."""

Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class Stage:
    """One schema of the test suite.

    Attributes:
        name: Of the stage.
        tables: SQL that makes and fills its tables.
        queries: Declared queries.
        types: Types that no query names.
        rows: Statements with values that fill the tables further.
        operations: Operations that its tests make, in addition to those in their text.
        limits: Settings that its tests serve it with.
    """

    name: str
    tables: str
    queries: Sequence[Any]
    types: Sequence[Any] = ()
    rows: Sequence[Statement] = ()
    operations: Sequence[Operation] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)


def stages() -> Iterator[Stage]:
    """Yield every stage."""
    bounded = {"max_embed_items": 50}
    modules: list[tuple[str, Any]] = [
        ("abstract", test_abstract),
        ("columns", test_columns),
        ("computed", test_computed),
        ("fixed_filter", test_fixed_filter),
        ("repository", test_repository),
        ("results", results),
        ("reserved_names", test_reserved_names),
        ("writers", stored_by_hand),
    ]
    for name, module in modules:
        yield Stage(name, module.TABLES, module.QUERIES, getattr(module, "TYPES", ()))
    yield Stage("bounds", test_embed_bounds.TABLES, test_embed_bounds.QUERIES, limits=bounded)
    yield Stage(
        "golden", golden.TABLES, golden.QUERIES, golden.TYPES, operations=list(golden_operations())
    )
    places = list(islice(_positions(), 0, None, _SAMPLED))
    yield Stage("positions", positions.TABLES, positions.QUERIES, operations=places)
    yield Stage("resolvers", test_resolvers.TABLE, test_resolvers.QUERIES)
    related = test_related_filters
    yield Stage(
        "related", related.TABLES, related.QUERIES, rows=related.FILLED, operations=list(_related())
    )
    pages = list(_pages())
    yield Stage("pages", related.TABLES, test_pages.QUERIES, rows=related.FILLED, operations=pages)
    filters = list(islice(_filters(), 0, None, _SAMPLED))
    yield Stage(
        "samples", samples.TABLE, test_filters.QUERIES, rows=test_filters.FILLED, operations=filters
    )
    yield _shop()
    yield _rich_schema()


def golden_operations() -> Iterator[Operation]:
    """Yield the operations of the golden files."""
    for name in test_golden.NAMES:
        place = test_golden.HERE / name
        variables = place / "variables.json"
        values = json.loads(variables.read_text()) if variables.exists() else {}
        yield Operation((place / "query.graphql").read_text(), values)


def _positions() -> Iterator[Operation]:
    for position in positions.POSITIONS:
        for text in position.operations():
            for variables in position.variables():
                yield Operation(text, dict(variables))


def _filters() -> Iterator[Operation]:
    fields = build_schema(queries=test_filters.QUERIES).fields["Sample"]
    text = test_filters.QUERY.replace("{ id }", f"{{ {' '.join(fields)} }}")
    for name in samples.COLUMNS + samples.KEYS:
        for operator in test_filters.operators(name):
            for operand in test_filters.operands(name, operator):
                where = test_filters.as_input({name: {operator: operand}})
                yield Operation(text, {"where": where})


def _related() -> Iterator[Operation]:
    chosen = random.Random(7)
    text = "query ($where: AuthorWhere) { authors(where: $where) { id name } }"
    for _ in range(_DRAWN):
        yield Operation(text, {"where": test_related_filters.random_filter(chosen, "author", 3)})


def _pages() -> Iterator[Operation]:
    chosen = random.Random(7)
    for _ in range(_DRAWN):
        parts = " ".join(chosen.sample(test_pages.PARTS, chosen.choice([1, 2, 3])))
        text = f"query ($where: PostWhere) {{ posts(where: $where, offset: 1) {{ {parts} }} }}"
        yield Operation(text, {"where": test_related_filters.random_filter(chosen, "post", 1)})


def _shop() -> Stage:
    queries = shop.queries()
    drawn = _drawn(shop_operations(build_schema(queries=queries).graphql))
    rows = _drawn(shop.rows(), 4)[-1]
    filled = [_insert(table, row) for table in shop.NAMES for row in rows[table]]
    return Stage("shop", shop.TABLES, queries, rows=filled, operations=drawn)


def _insert(table: str, row: Mapping[str, Any]) -> Statement:
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values())


def _rich_schema() -> Stage:
    types = [rich_schema.Dog, rich_schema.Cat]
    drawn = _drawn(operations(build_schema(types=types, queries=rich_schema.QUERIES).graphql))
    items = _drawn(documents.item, 6)
    filled = [
        ("INSERT INTO tb_item VALUES ($1, $2, $3)", [n, n * 3, json.dumps(item)])
        for n, item in enumerate(items, 1)
    ]
    return Stage("rich_schema", rich_schema.TABLE, rich_schema.QUERIES, types, filled, drawn)


def _drawn(strategy: st.SearchStrategy[Any], count: int = _DRAWN) -> list[Any]:
    """Return what a strategy draws, the same every time."""
    collected: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: Any) -> None:
        collected.append(value)

    draw()
    return collected
