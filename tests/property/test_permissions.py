"""What a request may not use is an error, on every path, as graphql-core over dicts says."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraiseql.bounded import Bounded
from fraiseql.events import Timings
from fraiseql.schema import build_schema
from fraiseql.serving import Request
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.preparation import partition
from fraiseql.serving.preparation.rights import RequestRights
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served

from . import staff
from .answers import counted
from .operations import Operation
from .oracle import normalised, paths
from .staff_operations import staff_operations

EXAMPLES = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "50"))
EVERY = staff.RIGHTS

CASES = {
    "field": ("{ livePlain(orderBy: {id: ASC}) { id salary } }", "S"),
    "stored": ("{ projectionPlain(orderBy: {id: ASC}) { id salary name label } }", "S"),
    "view": ("{ viewPlain(orderBy: {id: ASC}) { id salary } }", "S"),
    "column": ("{ columnPlain(orderBy: {id: ASC}) { id salary } }", "S"),
    "non-null": ("{ livePlainOne(id: 1) { id name } }", "N"),
    "type": ("{ livePlainOne(id: 1) { id city { name } } }", "C"),
    "member": ("{ liveMembers { __typename ... on Boss { bonus } ... on Hand { id } } }", "M"),
    "embed": ("{ projectionPlainOne(id: 1) { id tasks { id } } }", "P"),
    "nested": ("{ projectionPlainOne(id: 1) { tasks { id title } } }", "T"),
    "computed": ("{ livePlainOne(id: 1) { pay } }", "L"),
    "inherited": ("{ livePlainOne(id: 1) { label } }", "N"),
    "argument": ("{ livePlainOne(id: 1) { times(factor: 3) } }", "U"),
    "filter": ("{ livePlain(where: {not: {salary: {gt: 10}}}, orderBy: {id: ASC}) { id } }", "S"),
    "filter by an embed": (
        "{ livePlain(where: {tasks: {every: {id: {gt: 2}}}}, orderBy: {id: ASC}) { id } }",
        "P",
    ),
    "filter by a type": (
        '{ livePlain(where: {city: {name: {eq: "Oslo"}}}, orderBy: {id: ASC}) { id } }',
        "C",
    ),
    "filter by a field of an embed": (
        '{ liveRows(where: {not: {tasks: {some: {title: {eq: "task 4"}}}}}) { id } }',
        "T",
    ),
    "filter in Python": ("{ liveRows(where: {or: [{salary: {gt: 10}}]}) { id } }", "S"),
    "order": ("{ livePlain(orderBy: [{salary: ASC}, {id: ASC}]) { id } }", "S"),
    "place of nulls": (
        "{ livePlain(orderBy: [{salary: DESC_NULLS_LAST}, {id: ASC}]) { id } }",
        "S",
    ),
    "page of a connection": (
        "{ livePlainPages(orderBy: [{salary: ASC}, {id: ASC}], first: 2) { nodes { id } } }",
        "S",
    ),
    "rows of a connection": (
        "{ projectionPlainPages(orderBy: {id: ASC}) { edges { node { id salary } } totalCount } }",
        "S",
    ),
    "order in Python": ("{ liveRows(orderBy: [{salary: ASC}, {id: ASC}]) { id } }", "S"),
    "equality": ("{ livePlain(salary: 10, orderBy: {id: ASC}) { id } }", "S"),
    "one by name": ('{ livePlainNamed(name: "name 1") { salary } }', "N"),
    "operation": ("{ liveObjects { id } }", "O"),
    "argument of an operation": ("{ liveObjects(limit: 2) { id } }", "A"),
    "objects": ("{ liveObjects { id salary } }", "S"),
    "rows": ("{ liveRows { id salary } }", "S"),
    "unlogged cache": ("{ liveMemory(orderBy: {id: ASC}) { id salary } }", "S"),
    "logged cache": ("{ projectionLogged(orderBy: {id: ASC}) { id salary } }", "S"),
    "redis cache": ("{ liveRedis(orderBy: {id: ASC}) { id salary } }", "S"),
}
"""Operations, and a right that each needs."""

SCHEMA = build_schema(**staff.application())


class Bench:
    """The staff, served from one database, and counts of how it was answered."""

    def __init__(self, url: str, redis_url: str) -> None:
        options: dict[str, Any] = {"max_complexity": 10**9, "worker": False}
        self.served = Served(url, **staff.application(), redis_url=redis_url, **options)
        self.served.execute(staff.tables())
        self.served.run(apply_schema(url, self.served.service.schema))
        self.served.run(self.served.service.start())
        self.outcomes: Counter[str] = Counter()

    def answer(self, operation: Operation, rights: str) -> dict[str, Any]:
        """Return the response; each check is evaluated at most once for it."""
        context: dict[str, Any] = {"rights": rights, "evaluated": []}
        request = Request(operation.text, None, operation.variables)
        service = self.served.service
        response = self.served.run(service.execute(request, context, Timings()))
        assert len(set(context["evaluated"])) == len(context["evaluated"])
        if response.cached is not None:
            answers = response.cached.answers.values()
            self.outcomes.update(f"{each.outcome} {each.detail}" for each in answers)
        return json.loads(bytes(response.body))

    def check(self, operation: Operation, rights: str) -> None:
        """Compare an answer with the oracle's."""
        ours = self.answer(operation, rights)
        theirs = staff.Oracle(SCHEMA, rights).answer(operation.text, operation.variables)
        assert normalised(ours["data"]) == normalised(theirs.data), (operation, rights)
        errors = ours.get("errors", [])
        expected = paths(error.path for error in theirs.errors or [])
        assert paths(error["path"] for error in errors) == expected, (operation, rights)
        assert {error["extensions"]["code"] for error in errors} <= {"FORBIDDEN"}


@pytest.fixture(scope="module")
def bench(database: str, redis_url: str) -> Iterator[Bench]:
    with counted():
        running = Bench(database, redis_url)
        yield running
        running.served.close()


@pytest.mark.parametrize("case", CASES)
def test_each_place_needs_its_right(bench: Bench, case: str) -> None:
    text, right = CASES[case]
    operation = Operation(text, {})
    assert "errors" not in bench.answer(operation, EVERY)
    without = EVERY.replace(right, "")
    for rights in (without, without, EVERY):
        bench.check(operation, rights)
    assert "errors" in bench.answer(operation, without)


@pytest.mark.parametrize("way", ["live", "column", "projection", "view"])
def test_no_statement_reads_what_is_denied(bench: Bench, way: str) -> None:
    request = Request(f"{{ {way}Plain(orderBy: {{id: ASC}}) {{ id salary name label }} }}")
    service = bench.served.service
    for rights, reads in ((EVERY, True), ("", False)):
        granted = RequestRights({"rights": rights, "evaluated": []}, lambda: None)
        work = service._preparer.prepare(service._current, request, Timings(), granted)
        serving, _, _ = bench.served.run(work)
        (root,) = serving.compiled.sql
        assert ('"salary"' in root.query.text, '"name"' in root.query.text) == (reads, reads)


class Blind(Bounded[Any, Any]):
    """Plans by their operation and variables alone."""

    def get(self, key: Any) -> Any:
        return super().get(key[:2])

    def put(self, key: Any, value: Any, weight: int = 0) -> Any:
        return super().put(key[:2], value, weight)


def one_plan(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    patch.setattr(bench.served.service._current, "plans", Blind(1_000, 10**9))


def same_fingerprint(patch: pytest.MonkeyPatch, _bench: Bench) -> None:
    """The fingerprint of a plan differs for other rights, too."""
    patch.setattr(partition, "fingerprint", lambda *_: "")


def one_key(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    same_fingerprint(patch, bench)
    patch.setattr(Denials, "outcomes", lambda *_: "")


def without(method: str) -> Any:
    def damage(patch: pytest.MonkeyPatch, _bench: Bench) -> None:
        patch.setattr(Denials, method, lambda *_: None)

    return damage


MUTANTS = {
    "outcomes not in the plan's key": one_plan,
    "outcomes not in the key of results": one_key,
    "fields": without("of_field"),
    "types": without("of_type"),
    "arguments": without("of_arguments"),
}


def wrong(bench: Bench, patch: pytest.MonkeyPatch, damage: Any) -> list[str]:
    """Return the cases that fail when the application is damaged."""
    service = bench.served.service
    service._use(service._current.planner.relations.sources)
    damage(patch, bench)
    failed = []
    for name in CASES:
        try:
            test_each_place_needs_its_right(bench, name)
        except AssertionError:
            failed.append(name)
    service._use(service._current.planner.relations.sources)
    return failed


@pytest.mark.parametrize("name", MUTANTS)
def test_each_part_of_the_proof_is_needed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert wrong(bench, monkeypatch, MUTANTS[name]) != []


def test_results_need_no_fingerprint_to_differ(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong(bench, monkeypatch, same_fingerprint) == []


@settings(
    max_examples=EXAMPLES,
    derandomize="FRAISEQL_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    staff_operations(SCHEMA.graphql),
    st.sets(st.sampled_from(EVERY)).map(lambda few: sorted(set(EVERY) - few)),
)
def test_every_path_answers_as_the_oracle(
    bench: Bench, operation: Operation, rights: list[str]
) -> None:
    for some in (EVERY, "".join(rights), "".join(rights)):
        bench.check(operation, some)


def test_caches_of_all_kinds_answered(bench: Bench) -> None:
    """Without this, only live answers could have been compared."""
    assert bench.outcomes["hit "] + bench.outcomes["hit memory"] > EXAMPLES // 4, bench.outcomes
    assert staff_reads() > 0


def staff_reads() -> int:
    """Return how many reads of stored staff there were."""
    with counted() as reads:
        return sum(reads[f"Staff{way.title()}"] for way in ("column", "projection", "view"))
