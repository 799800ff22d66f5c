"""Kept answers equal live answers byte for byte, data and errors, whatever strategy keeps them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraiseql.database.embedded import EmbeddedServer
from fraiseql.schema import build_schema
from fraiseql.serving.planning import stored_query

from . import shop
from .shop_operations import shop_operations
from .stored_env import STRATEGIES, Bench, benches

EXAMPLES = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "100"))
"""Sets of rows that are tried on each server, by all strategies together."""


@pytest.fixture(scope="module", params=STRATEGIES)
def bench(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[Bench]:
    # Whatever can be read from what is kept is, also where it would not pay.
    patch = pytest.MonkeyPatch()
    patch.setattr(stored_query, "_is_cheaper", lambda *_: True)
    with benches(server, request.param) as running:
        yield running
    patch.undo()


SCHEMAS = {
    embeds: build_schema(queries=shop.queries(embeds=embeds)).graphql for embeds in (True, False)
}
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(
    max_examples=max(1, EXAMPLES // len(STRATEGIES)),
    derandomize="FRAISEQL_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=QUIET,
)
@given(shop.rows(), st.data())
def test_the_stored_answer_is_the_live_answer(
    bench: Bench, rows: shop.Rows, data: st.DataObject
) -> None:
    bench.fill(rows)
    schema = SCHEMAS[STRATEGIES[bench.name][1]]
    for _ in range(4):
        operation = data.draw(shop_operations(schema))
        stored, live = bench.answers(operation)
        assert stored == live, operation.text


def test_the_strategies_are_what_answers(bench: Bench) -> None:
    """Without this, two live answers could be compared."""
    embeds = STRATEGIES[bench.name][1]
    assert (
        bench.stored_roots('{ authors { id name } author(id: 1) { id } named(name: "") { id } }')
        == 3
    )
    if embeds:
        assert bench.stored_roots("{ authors(limit: 1) { country { name } posts { title } } }") == 1
        deep = bench.stored_roots("{ authors(limit: 1) { posts { remarks { writer { name } } } } }")
        assert deep == (bench.name in {"projection", "text"})
        for arguments, stored in (
            ("limit: 2", True),
            ("limit: 1, offset: 3", True),
            ("limit: 2, offset: 3", False),
            ("offset: 1", False),
            ("orderBy: [{price: DESC}, {title: ASC}], limit: 1", True),
            ("orderBy: [{price: ASC}]", False),
            ("where: {price: {gt: 1}}", False),
        ):
            part = (
                f"{{ authors(limit: 1) {{ posts({arguments}) {{ id }} posts2: posts {{ id }} }} }}"
            )
            # Texts are sent as they are stored.
            assert bench.stored_roots(part) == (stored and bench.name != "text"), arguments
