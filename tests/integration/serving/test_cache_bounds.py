"""Limits of the caches of documents, plans and prepared statements."""

import random
from collections.abc import Iterator

import pytest

from fraiseql.serving.document import Operation
from tests.golden.application import QUERIES, TABLES, TYPES
from tests.integration.serving.served import Served, served
from tests.soak_memory import KINDS, large_document

DOCUMENTS = 10_000_000
PREPARED = 32_768
MOST_DEVELOPERS = 400_000
"""Most characters of developers' own statements: a hundred of 4,096 at most, as the driver has."""


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    options = {"document_cache_bytes": DOCUMENTS, "prepared_bytes": PREPARED, "pool_size": 1}
    with served(database, TABLES, types=TYPES, queries=QUERIES, **options) as running:
        yield running


async def _look(bench: Served) -> tuple[list[str], int]:
    async with bench.service.pool.acquire() as connection:
        rows = await connection.fetch("SELECT statement FROM pg_prepared_statements")
        weight = connection.reads.weight
    texts = [row["statement"] for row in rows]
    return [text for text in texts if "pg_prepared_statements" not in text], weight


def prepared(bench: Served) -> list[str]:
    """Return the statements that the backend has prepared, apart from the one that asks."""
    return bench.run(_look(bench))[0]


@pytest.mark.parametrize(("kind", "number"), [("documents", 14), ("filters", 30), ("orders", 60)])
def test_what_is_held_stays_within_its_bytes(bench: Served, kind: str, number: int) -> None:
    chance = random.Random(number)
    preparer, edition = bench.service._preparer, bench.service._current
    for _ in range(number):
        bench.ask(*(large_document(chance, 4) if kind == "documents" else KINDS[kind](chance)))
        assert preparer.operations.weight <= DOCUMENTS * 3 // 8
        assert edition.plans.weight <= DOCUMENTS // 2
    assert edition.plans.weight > 0
    held, weight = bench.run(_look(bench))
    assert 0 < weight <= PREPARED
    assert sum(map(len, held)) <= PREPARED + MOST_DEVELOPERS
    assert max(map(len, held)) <= 4_096


def test_a_plan_weighs_the_operation_that_it_holds_on_to(bench: Served) -> None:
    bench.ask("{ books { id } }")
    plans = bench.service._current.plans
    operations = [key[0] for key in plans._entries]
    assert all(isinstance(operation, Operation) for operation in operations)
    tokens = sum(operation.document.token_count for operation in set(operations))
    assert plans.weight > 500 * tokens


def test_items_of_a_filter_in_any_number_and_order_are_one_plan(bench: Served) -> None:
    query = "query Items($where: BookWhere) { books(where: $where) { id } }"
    plans = bench.service._current.plans
    items = [{"id": {"eq": n}} for n in (1, 2, 4)] + [{"title": {"eq": "x"}}]
    answers = []
    for number in range(5, 9):
        more = [{"id": {"eq": 100 + n}} for n in range(number - 3)]
        random.Random(number).shuffle(more)
        answers.append(bench.data(query, {"where": {"or": [*items, *more][:: (-1) ** number]}}))
    assert len([key for key in plans._entries if key[0].name == "Items"]) == 1
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["books"]


def test_a_field_that_is_ordered_by_again_makes_no_statement(bench: Served) -> None:
    query = "query ($by: [BookOrderBy!]) { books(orderBy: $by) { id } }"
    ordered = bench.data(query, {"by": [{"genre": "ASC"}, {"id": "DESC"}]})
    held = set(prepared(bench))
    again = [{"genre": "ASC"}, {"genre": "DESC"}, {"id": "DESC"}, {"genre": "ASC"}, {"id": "ASC"}]
    assert bench.data(query, {"by": again}) == ordered
    assert set(prepared(bench)) == held
