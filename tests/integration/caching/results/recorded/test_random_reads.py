"""Random reads: no answer is stale, and each part of the recorder is needed for that."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest

from fraiseql.caching.results import fill, recorded_dependencies
from fraiseql.caching.results.recorded_field import _RoleReads
from fraiseql.database import facade
from fraiseql.database import pool as pools
from tests.integration.caching.results.recorded.env import TABLES
from tests.integration.caching.results.recorded.random_reads import (
    MORE_TABLES,
    QUERIES,
    TYPES,
    stale_answers,
)
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import served_with_caches
from tests.integration.serving.served import Served

STEPS = 60

Patch = Callable[[pytest.MonkeyPatch, Served], None]


@pytest.fixture(scope="module")
def url(database: str) -> str:
    """Address of the module's database, with the tables and those of the caches."""
    at_once(run_sql(database, TABLES, MORE_TABLES))
    with served_with_caches(database, queries=QUERIES, types=TYPES):
        return database


@contextmanager
def serving(url: str) -> Iterator[Served]:
    """Serve the resolvers, none of whose statements is known yet."""
    running = Served(url, queries=QUERIES, types=TYPES, worker=False)
    try:
        running.execute(
            "TRUNCATE fraiseql.results_u0, fraiseql.results_u1, fraiseql.results_u2,"
            " fraiseql.results_u3"
        )
        running.run(running.service.start())
        yield running
    finally:
        running.close()


def test_answers_of_random_reads_equal_the_live_ones(url: str) -> None:
    with serving(url) as served:
        hits, stale = served.run(stale_answers(served, 1, STEPS))
    assert stale == 0
    assert hits >= 5


def _forget(owner: Any, name: str, value: Any = None) -> Patch:
    def patch(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
        del served
        monkeypatch.setattr(owner, name, lambda *_: value)

    return patch


def _without_closure(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    del served
    whole = recorded_dependencies.dependencies_of  # type: ignore[attr-defined]

    def named(reads: Any, inspection: Any) -> Any:
        direct = (str(table.oid) for table in inspection.tables if table.sql in inspection.named)
        return replace(whole(reads, inspection), tags=tuple(sorted(direct)))

    monkeypatch.setattr(recorded_dependencies, "dependencies_of", named)


def _late_label(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    compute_value = fill.compute_value  # type: ignore[attr-defined]

    async def late(compute: Any, request: Any, lookup: Any, since: float) -> Any:
        computed = await compute_value(compute, request, lookup, since)
        rows = await served.service.pool.inspect("SELECT pg_current_snapshot()::text")
        lookup.snapshot = rows[0][0]
        return computed

    monkeypatch.setattr(fill, "compute_value", late)


MUTANTS: dict[str, tuple[Patch, Sequence[int]]] = {
    "no statement of repositories": (_forget(pools, "recording", nullcontext()), [2]),
    "no statement of a resolver's own": (_forget(facade, "record"), [2]),
    "no closure": (_without_closure, [3]),
    "label after computing": (_late_label, [3]),
    "statements that are not known yet": (_forget(_RoleReads, "_judge_exact", ""), [3]),
    "no reads of cached values": (_forget(_RoleReads, "_report"), [0, 1]),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_without_a_part_of_the_recorder_an_answer_is_stale(
    url: str, mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch, numbers = MUTANTS[mutant]
    with serving(url) as served:
        patch(monkeypatch, served)
        _, stale = served.run(stale_answers(served, 1, STEPS, numbers))
    assert stale
