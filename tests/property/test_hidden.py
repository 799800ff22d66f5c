"""What is hidden from a request is not there: answers equal those of a schema without it."""

from collections import Counter
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from graphql import get_introspection_query, print_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraiseql.bounded import Bounded
from fraiseql.events import Timings
from fraiseql.schema import build_schema
from fraiseql.serving import Request
from fraiseql.serving.preparation.views import SchemaViews
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served, unnumbered

from . import staff
from .operations import Operation
from .staff_operations import staff_operations

SCHEMA = build_schema(**staff.application(hide=True))
SUBSETS = ("", *staff.RIGHTS, "NS", "CP", "PT", "OA", "LUM", "NSCPTLUAOM")
LACKING = ("S", "NP", "CTU", "LAM", "O")

WRITTEN = (
    get_introspection_query(),
    "{ __schema { types { name } } }",
    '{ __type(name: "StaffLive") { fields { name } inputFields { name } } }',
    '{ __type(name: "City") { name } }',
    '{ __type(name: "StaffLiveWhere") { inputFields { name type { name } } } }',
    "{ livePlain { salry } }",
    "{ livePlain { nam labl pai citty taskz } }",
    "{ livePlain(where: {salry: {gt: 1}}) { id } }",
    "{ livePlain(salery: 1) { id } }",
    "{ livePlainOne(id: 1) { times(facter: 3) city { nme } tasks { titel } } }",
    "{ livePlainNamd(name: 1) { id } }",
    "{ liveObject { id } }",
    "{ liveObjects(limt: 2) { id } }",
    "{ liveMembers { __typename ... on Bos { id } } }",
    "{ liveMembers { __typename } }",
    "query ($where: StaffLiveWere) { livePlain(where: $where) { id } }",
    "query ($where: StaffLiveWhere) { livePlain(where: $where, orderBy: {id: ASC}) { id } }",
    "fragment F on Citty { id } { livePlain { ...F } }",
)


class Bench:
    """The staff with hidden places, and as if they were not declared."""

    def __init__(self, url: str, redis_url: str) -> None:
        options: dict[str, Any] = {"max_complexity": 10**9, "worker": False}
        options["redis_url"] = redis_url
        self.whole = Served(url, **staff.application(hide=True), **options)
        self.whole.execute(staff.tables())
        self.without = {
            lacking: Served(url, **staff.application(lacking=lacking), **options)
            for lacking in LACKING
        }
        self.whole.run(apply_schema(url, self.whole.service.schema))
        self.outcomes: Counter[str] = Counter()
        for served in (self.whole, *self.without.values()):
            served.run(served.service.start())

    def check(self, operation: Operation, lacking: str) -> None:
        """Compare the answer without some rights with that of the schema without the places."""
        rights = "".join(letter for letter in staff.RIGHTS if letter not in lacking)
        whole = self.answer(self.whole, operation, rights)
        assert whole == self.answer(self.without[lacking], operation, staff.RIGHTS), operation

    def answer(self, served: Served, operation: Operation, rights: str) -> bytes:
        context: dict[str, Any] = {"rights": rights, "evaluated": []}
        request = Request(operation.text, None, operation.variables)
        response = served.run(served.service.execute(request, context, Timings()))
        assert len(set(context["evaluated"])) == len(context["evaluated"])
        if response.cached is not None:
            self.outcomes.update(each.outcome for each in response.cached.answers.values())
        return unnumbered(bytes(response.body))


@pytest.fixture(scope="module")
def bench(database: str, redis_url: str) -> Iterator[Bench]:
    running = Bench(database, redis_url)
    yield running
    for served in (running.whole, *running.without.values()):
        served.close()


@pytest.mark.parametrize("lacking", SUBSETS)
def test_the_visible_schema_is_that_without_the_places(lacking: str) -> None:
    failed = {check for check in SCHEMA.guards.hiding if check.__name__ in lacking}
    assert len(failed) == len(lacking)
    visible = SCHEMA.without(failed)
    assert visible is not None
    expected = build_schema(**staff.application(lacking=lacking)).graphql
    assert print_schema(visible) == print_schema(expected)


@pytest.mark.parametrize("lacking", LACKING)
def test_introspection_and_suggestions_do_not_tell(bench: Bench, lacking: str) -> None:
    for text in WRITTEN:
        for variables in ({}, {"where": {"salary": {"gt": 10}}}):
            bench.check(Operation(text, variables), lacking)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(staff_operations(SCHEMA.graphql), st.sampled_from(LACKING))
def test_answers_are_those_without_the_places(
    bench: Bench, operation: Operation, lacking: str
) -> None:
    bench.answer(bench.whole, operation, staff.RIGHTS)
    bench.check(operation, lacking)


def one_view(patch: pytest.MonkeyPatch, views: SchemaViews) -> None:
    patch.setattr(SchemaViews, "cached", lambda *_: views.whole)


def one_number(patch: pytest.MonkeyPatch, views: SchemaViews) -> None:
    patch.setattr(views, "_numbers", repeat(0))
    patch.setattr(views, "_views", Bounded(64))


@pytest.mark.parametrize("damage", [one_view, one_number])
def test_each_request_needs_its_view(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    damage(monkeypatch, bench.whole.service._preparer._views)
    bench.answer(bench.whole, Operation(WRITTEN[1], {}), staff.RIGHTS)
    with pytest.raises(AssertionError):
        bench.check(Operation(WRITTEN[1], {}), "CTU")


@pytest.mark.parametrize("field", ["liveMemory", "projectionLogged", "liveRedis", "liveRows"])
def test_caches_answer_as_without_the_places(bench: Bench, field: str) -> None:
    for text in (f"{{ {field} {{ id }} }}", f"{{ {field} {{ id salary }} }}"):
        operation = Operation(text, {})
        before = bench.outcomes["hit"]
        for _ in range(2):
            bench.answer(bench.whole, operation, staff.RIGHTS)
            bench.check(operation, "S")
        assert bench.outcomes["hit"] > before
