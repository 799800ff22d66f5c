"""The demo's check finds answers that differ from plain SQL."""

from collections.abc import Iterator, Sequence

import pytest

import fraiseql
from fraiseql.cli.listen import bind, port_of
from fraiseql.cli.server import serving
from fraiseql.database import Database, Pool
from fraiseql.demo.application import create_demo
from fraiseql.demo.check import Outcome, check
from fraiseql.demo.client import HttpClient
from fraiseql.demo.declarations import Airline
from fraiseql.demo.gains import Gain, measure_gains
from fraiseql.demo.queries import QUERIES
from fraiseql.demo.tour import INVALID, OPERATIONS, PASTE, TourOperation
from fraiseql.demo.tour.selections import DEPTH, FRAGMENTS
from fraiseql.settings import Settings
from tests.integration.flights import at_once, with_pool

HOST = "127.0.0.1"
AIRLINES = next(query for query in QUERIES if getattr(query, "name", "") == "airlines")


@pytest.fixture(scope="module")
def port(flights: str) -> Iterator[int]:
    """Port of the demo, served over HTTP."""
    bound = bind(HOST, 0)
    with serving(create_demo(flights), bound):
        yield port_of(bound)


def outcomes(
    port: int, oracle: str, operations: Sequence[TourOperation] = OPERATIONS
) -> list[Outcome]:
    async def work(pool: Pool) -> list[Outcome]:
        with HttpClient(HOST, port) as client:
            return [outcome async for outcome in check(client, Database(pool), operations)]

    return at_once(with_pool(oracle, work))


def test_every_answer_is_the_one_of_plain_sql(port: int, flights: str) -> None:
    checked = outcomes(port, flights)
    assert [(outcome.name, outcome.fault) for outcome in checked if outcome.fault] == []
    assert len(checked) == len(OPERATIONS) + len(INVALID)
    assert all(outcome.rows for outcome in checked[: len(OPERATIONS)])


def test_an_answer_that_differs_is_found_and_placed(flights: str) -> None:
    backwards = fraiseql.find("airlines", Airline, order_by="-carrier")
    queries = [backwards if query is AIRLINES else query for query in QUERIES]
    bound = bind(HOST, 0)
    with serving(fraiseql.create_app(queries=queries, database_url=flights), bound):
        checked = outcomes(port_of(bound), flights, [FRAGMENTS, DEPTH])
    assert [(outcome.name, outcome.fault) for outcome in checked if outcome.fault] == [
        (
            DEPTH.name,
            "data.airlines[0].name is 'Mesa Airlines Inc.', plain SQL says 'Endeavor Air Inc.'",
        )
    ]


def test_stored_documents_answer_as_the_live_definition_does(flights: str) -> None:
    async def work() -> list[Gain]:
        settings = Settings().with_values(database_url=flights)
        return [gain async for gain in measure_gains(settings)]

    gains = at_once(work())
    assert [gain.name for gain in gains if not gain.same] == []
    kinds = {gain.strategy for gain in gains}
    assert kinds == {
        "projection",
        "materialized view",
        "result cache",
        "partial index",
        "rolling index",
    }


def test_the_tour_is_long_enough() -> None:
    assert len(PASTE) == 3
    assert len(OPERATIONS) - len(PASTE) >= 12
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
