"""Looking: an application serves before its tables are applied, and keeps results from then on."""

from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.application import QUERIES, TABLES
from tests.integration.serving.results.env import applied, outcomes, respond
from tests.integration.serving.served import Served

QUERY = "{ books { id } live { id } }"


def test_results_are_kept_from_when_their_tables_are_there(database: str) -> None:
    at_once(run_sql(database, TABLES))
    made = Served(database, queries=QUERIES, worker=False)
    try:
        made.run(made.service.start())
        for _ in range(2):
            assert outcomes(respond(made, QUERY)) == {"books": "bypass"}
        made.run(applied(database, made.service.schema))
        made.run(made.service.republish())
        assert outcomes(respond(made, QUERY)) == {"books": "miss"}
        assert outcomes(respond(made, QUERY)) == {"books": "hit"}
    finally:
        made.close()


def test_a_service_can_be_started_again(database: str) -> None:
    made = Served(database, queries=QUERIES, worker=False)
    made.run(applied(database, made.service.schema))
    for _ in range(2):
        made.run(made.service.start())
        respond(made, QUERY)
        assert outcomes(respond(made, QUERY)) == {"books": "hit"}
        made.run(made.service.stop())
    made.loop.close()
