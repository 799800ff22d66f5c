"""Looking: an application serves before its tables are applied, and keeps results from then on."""

from tests.cache_environment import apply_schema
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.application import QUERIES, TABLES
from tests.integration.serving.results.env import outcomes, respond
from tests.integration.serving.served import Served

QUERY = "{ books { id } live { id } }"


def test_results_are_cached_once_their_tables_are_applied(database: str) -> None:
    at_once(run_sql(database, TABLES))
    served = Served(database, queries=QUERIES, worker=False)
    try:
        served.run(served.service.start())
        for _ in range(2):
            assert outcomes(respond(served, QUERY)) == {"books": "bypass"}
        served.run(apply_schema(database, served.service.schema))
        served.run(served.service.republish())
        assert outcomes(respond(served, QUERY)) == {"books": "miss"}
        assert outcomes(respond(served, QUERY)) == {"books": "hit"}
    finally:
        served.close()


def test_a_service_can_be_started_again(database: str) -> None:
    served = Served(database, queries=QUERIES, worker=False)
    served.run(apply_schema(database, served.service.schema))
    for _ in range(2):
        served.run(served.service.start())
        respond(served, QUERY)
        assert outcomes(respond(served, QUERY)) == {"books": "hit"}
        served.run(served.service.stop())
    served.loop.close()
