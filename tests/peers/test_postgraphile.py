"""FraiseQL and PostGraphile on the same database: the same rows on the same pages."""

import os
import random
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.serving.served import Served, served
from tests.peers.comparison import Comparison
from tests.peers.differences import DIFFERENCES
from tests.peers.postgraphile import PostGraphile, postgraphile
from tests.peers.things import QUERIES, TABLES, fill

QUESTIONS: Final = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "12"))


@pytest.fixture(scope="module")
def ours(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        running.run(fill(database, random.Random(3)))
        yield running


@pytest.fixture(scope="module")
def peer(ours: Served) -> Iterator[PostGraphile]:
    with postgraphile(ours.url) as running:
        yield running


def test_pages_are_those_of_the_peer(ours: Served, peer: PostGraphile) -> None:
    comparison = Comparison(ours, peer, random.randrange(10**6))
    for _ in range(QUESTIONS):
        comparison.run_one()
    assert comparison.counts["pages"] > 2 * QUESTIONS


@pytest.fixture(scope="module")
def few(database: str, ours: Served) -> Iterator[None]:
    """Replace the rows by those of the differences."""
    ours.execute("TRUNCATE thing, shelf; INSERT INTO shelf VALUES (1, 'a', 0), (2, 'b', 1)")
    ours.execute("""INSERT INTO thing (id, shelf_id, code, name, score, day, done) VALUES
      (1, 1, 0, 'a', 1, NULL, true), (2, 1, 0, 'b', NULL, NULL, NULL),
      (3, NULL, 0, NULL, 2, 'infinity', NULL)""")
    yield
    ours.run(fill(database, random.Random(3)))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_the_one_with_a_reason(ours: Served, peer: PostGraphile, name: str) -> None:
    """If the peer changes, the difference or its reason is out of date."""
    difference = DIFFERENCES[name]
    assert ours.data(difference.ours)["v"]["nodes"] == difference.answer
    answer = peer.ask(difference.peers)
    if isinstance(difference.peers_answer, str):
        assert difference.peers_answer in answer["errors"][0]["message"]
    else:
        assert answer["data"]["v"]["nodes"] == difference.peers_answer


@pytest.mark.usefixtures("few")
def test_the_peer_loses_rows_whose_key_is_null(ours: Served, peer: PostGraphile) -> None:
    """The reason why its pages are compared by offset where a key may be null."""
    page = "{ v: allThings(orderBy: [SCORE_ASC], first: 1%s) { nodes { rowId } edges { cursor } } }"
    place, keys = "", []
    while (answer := peer.data(page % place)["v"])["nodes"]:
        keys.append(answer["nodes"][0]["rowId"])
        place = f', after: "{answer["edges"][0]["cursor"]}"'
    assert keys == [1, 3]
    rows = ours.data("{ v: things(orderBy: [{score: ASC}]) { nodes { id } } }")["v"]["nodes"]
    assert rows == [{"id": 1}, {"id": 3}, {"id": 2}]
