"""The application of schemathesis starts, and answers each of its forms."""

import pytest

from tests.cache_environment import apply_schema
from tests.failure.traffic.complete import APPLICATION, TABLES
from tests.integration.serving.served import served

OPERATIONS = [
    "{ __schema { types { name } } }",
    '{ things(where: {span: {overlaps: "[1,2)"}, extra: {path: "$.a"}}) { id owner { name } } }',
    '{ thing(by: {codeAndName: {code: 1, name: "thing 1"}}) { id } }',
    "{ thingPages(first: 2) { nodes { id } totalCount aggregate { count max { id } } } }",
    "{ owners(limit: 2) { things { id } pages(first: 1) { nodes { id } } } }",
    "{ ownerLists { totalCount } }",
    "{ thingTotals(groupBy: [mood]) { key { mood } count } }",
    'mutation { createOwner(input: {name: "new"}) { name things { id } } }',
    "mutation { promote(ownerId: 1, byRanks: 2) { rank } }",
    'mutation { rename(ownerId: 1, name: "other") }',
    '{ wished(wish: {name: "w", moods: [GLAD]}) }',
]


@pytest.fixture(scope="module")
def answers(database: str) -> list[object]:
    options = {name: value for name, value in APPLICATION.items() if name != "context"}
    with served(database, TABLES, **options) as running:
        running.run(apply_schema(database, running.service.schema))
        running.run(running.service.republish())
        return [running.ask(each) for each in OPERATIONS]


@pytest.mark.parametrize("place", range(len(OPERATIONS)))
def test_each_form_is_answered(answers: list[dict[str, object]], place: int) -> None:
    assert "errors" not in answers[place], OPERATIONS[place]
