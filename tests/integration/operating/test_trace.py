"""The trace: what it counts, against ``pg_stat_statements``, and what it does not store."""

import logging
from collections.abc import Callable, Iterator

import asyncpg
import pytest

from fraiseql.caching.ddl.trace_objects import trace_privileges
from fraiseql.caching.results.sql.grants import grant_statements
from fraiseql.database import Pool, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.events import StatementFacts, Timings
from fraiseql.operating.doctor.examine import Scope, examine
from fraiseql.operating.doctor.fault import Diagnosis
from fraiseql.operating.trace import flush
from fraiseql.operating.trace.counters import OPERATIONS, STATEMENTS
from fraiseql.operating.trace.flush import Flusher
from fraiseql.operating.trace.generic_plans import UNKNOWN, statement_plans
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.serving import Request
from fraiseql.settings import Settings
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import TABLES, Traced


@pytest.fixture(scope="module")
def traced(server_kind: str, scratches: Scratches) -> Iterator[Traced]:
    """The application on a database of its own, on a server with statement statistics."""
    scratch: Scratch = scratches(server_kind)
    scratch.run("CREATE DATABASE traced")
    traced = Traced(scratch.url.replace("/doctor?", "/traced?"))
    traced.execute(TABLES, "CREATE EXTENSION pg_stat_statements")
    traced.apply()
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE traced WITH (FORCE)")


@pytest.fixture(autouse=True)
def empty(traced: Traced) -> None:
    traced.purge()


def flushing(url: str) -> tuple[Recorder, Callable[[Pool], Flusher]]:
    """Return a recorder, and what makes its one flusher for a pool."""
    recorder = Recorder(Settings())
    flushers: list[Flusher] = []

    def flusher(pool: Pool) -> Flusher:
        if not flushers:
            flushers.append(Flusher(recorder, Settings(database_url=url), lambda: pool))
        return flushers[0]

    return recorder, flusher


LIVE = "query Live($id: Int!) { live(id: $id) { name } }"


def test_calls_equal_those_of_statement_statistics_and_times_are_near(traced: Traced) -> None:
    traced.execute("SELECT pg_stat_statements_reset()")
    queries = (*[LIVE] * 7, *["query Many { lives { id twice } }"] * 2, *["query S { slept }"] * 4)
    traced.serve(*queries, variables={"id": 3})
    server = {
        row["queryid"]: row
        for row in traced.fetch("SELECT queryid, calls, total_exec_time FROM pg_stat_statements")
    }
    statements = {
        (name, statement.root): statement
        for name, operation in traced.trace().items()
        for statement in operation.statements
    }
    calls = {key: statement.cost.calls for key, statement in statements.items()}
    assert calls == {
        ("Live", "live"): 7,
        ("Many", "lives"): 2,
        ("Many", "twice"): 100,
        ("S", "slept"): 4,
    }
    assert calls == {key: server[own.query_id]["calls"] for key, own in statements.items()}
    slept = statements["S", "slept"]
    assert slept.cost.ms == pytest.approx(server[slept.query_id]["total_exec_time"], rel=0.2)
    assert statements["Many", "twice"].cost.most == 50
    assert statements["Live", "live"].relations == ("public.tb_live",)


def test_each_statement_has_the_source_that_it_was_answered_from(traced: Traced) -> None:
    queries = (
        "{ live(id: 1) { name } }",
        "{ columned(id: 1) { name } }",
        "{ projected(id: 1) { name } }",
        "{ counted { n } }",
        "{ cached(id: 1) { name } }",
        "{ cached(id: 1) { name } }",
    )
    bodies = traced.serve(*queries)
    assert all(b"errors" not in body for body in bodies)
    rows = traced.fetch("SELECT DISTINCT source FROM fraiseql.operation_window")
    assert {row["source"] for row in rows} == {
        "",
        "live",
        "generated",
        "projection",
        "view",
        "result:miss",
        "result:hit",
    }


def test_the_last_flush_writes_names_before_it_plans_statements(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flush, "_LAST_SECONDS", 1.0)

    async def stopped_while_planning_waits() -> None:
        app = traced.app(traced.url)
        await app.start()
        await app.service.execute(Request("query Named { lives { id } }"), {}, Timings())
        other = await asyncpg.connect(traced.url)
        async with other.transaction():
            await other.execute("LOCK TABLE tb_live")
            await app.stop()
        await other.close()

    traced.run(stopped_while_planning_waits())
    assert [row["name"] for row in traced.fetch("SELECT name FROM fraiseql.operation")] == ["Named"]
    assert traced.fetch("SELECT * FROM fraiseql.operation_statement") == []


def test_no_value_is_stored_unless_the_trace_has_values(traced: Traced) -> None:
    traced.serve('{ live(id: 4711) { name } person(email: "7@x.org") { id } }')
    (operation,) = traced.fetch("SELECT document FROM fraiseql.operation")
    assert operation["document"] == '{ live(id: 0) { name } person(email: "") { id } }'
    assert traced.fetch("SELECT * FROM fraiseql.operation_sample") == []


def test_samples_are_bounded_and_without_private_values(traced: Traced) -> None:
    query = "query P($id: Int!, $e: String!) { live(id: $id) { id } person(email: $e) { id } }"
    settings = {"trace": "values", "trace_samples": 2}
    traced.serve(*[query] * 5, variables={"id": 5, "e": "7@x.org"}, **settings)
    rows = traced.fetch(
        "SELECT s.root, p.parameters::text AS parameters FROM fraiseql.operation_sample p"
        " JOIN fraiseql.operation_statement s ON s.id = p.statement ORDER BY root"
    )
    assert [(row["root"], row["parameters"]) for row in rows] == [
        ("live", '{"1": 5}'),
        ("live", '{"1": 5}'),
        ("person", "{}"),
        ("person", "{}"),
    ]


def test_operations_with_the_same_statement_share_its_samples(traced: Traced) -> None:
    settings = {"trace": "values", "trace_samples": 3}
    traced.serve(*["query A { lives { id } }", "query B { lives { id } }"] * 2, **settings)
    (row,) = traced.fetch(
        "SELECT count(*) AS samples, s.root FROM fraiseql.operation_statement s"
        " JOIN fraiseql.operation_sample p ON p.statement = s.id GROUP BY s.root"
    )
    assert (row["samples"], row["root"]) == (3, "lives")


def test_a_statement_that_cannot_be_prepared_leaves_the_connection_usable(traced: Traced) -> None:
    async def plans(pool: Pool) -> list[bool]:
        texts = ["SELECT 1", "COMMIT", "SELECT 1 FROM nowhere", "SELECT 2"]
        twice = [await statement_plans(pool, texts), await statement_plans(pool, texts)]
        return [plan == UNKNOWN for plan in twice[1]] if twice[0] == twice[1] else []

    assert traced.work(plans) == [False, True, True, False]


def test_a_failed_statement_counts_as_an_error_of_its_operation(traced: Traced) -> None:
    (body,) = traced.serve("query B { broken }")
    assert b"errors" in body
    operation = traced.trace()["B"]
    (statement,) = operation.statements
    assert (operation.cost.calls, operation.cost.errors) == (1, 1)
    assert (statement.cost.calls, statement.cost.errors) == (1, 1)


def test_a_share_of_zero_counts_requests_without_statements(traced: Traced) -> None:
    traced.serve(LIVE, LIVE, variables={"id": 1}, trace_rate=0.0)
    operation = traced.trace()["Live"]
    assert (operation.cost.calls, operation.statements) == (2, [])


def test_processes_add_up_and_a_repeated_flush_changes_nothing(traced: Traced) -> None:
    traced.serve(LIVE, variables={"id": 1})
    traced.serve(LIVE, LIVE, variables={"id": 2})
    assert traced.trace()["Live"].cost.calls == 3
    recorder, flusher = flushing(traced.url)
    pool = traced.run(open_pool(traced.url, Settings()))
    operation = recorder.operation("Again", "query", "{ a }", lambda _: StatementFacts())
    for _ in range(2):
        request = operation.request()
        request.done(0.001, 10)
        assert traced.run(flusher(pool).flush())
    assert not traced.run(flusher(pool).flush())
    traced.run(flusher(pool).stop())
    traced.run(pool.close())
    assert traced.trace()["Again"].cost.calls == 2


def test_what_is_purged_while_a_process_runs_is_described_again(traced: Traced) -> None:
    recorder, flusher = flushing(traced.url)
    pool = traced.run(open_pool(traced.url, Settings()))
    operation = recorder.operation("Again", "query", "{ a }", lambda _: StatementFacts())
    for _ in range(2):
        operation.request().done(0.001, 10)
        assert traced.run(flusher(pool).flush())
        assert traced.trace().keys() == {"Again"}
        traced.purge()
    traced.run(flusher(pool).stop())
    traced.run(pool.close())


def test_a_flush_that_fails_is_logged_once_and_written_later(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    traced.execute("ALTER TABLE fraiseql.operation_window ADD CONSTRAINT no CHECK (false)")
    with caplog.at_level(logging.WARNING, "fraiseql"):
        (body,) = traced.serve(LIVE, variables={"id": 1})
    traced.execute("ALTER TABLE fraiseql.operation_window DROP CONSTRAINT no")
    assert body == b'{"data":{"live":{"name":"n1"}}}'
    (record,) = [each for each in caplog.records if "trace" in each.message]
    assert record.message.startswith("The trace cannot be written: ")


def test_a_role_without_privileges_serves_and_says_how_to_get_them(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    traced.execute(
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN",
        "GRANT SELECT ON tb_live TO reader",
    )
    other = Traced(traced.url.replace("postgres@", "reader@"))
    try:
        with caplog.at_level(logging.WARNING, "fraiseql"):
            assert b"n1" in other.serve(LIVE, variables={"id": 1})[0]
        assert "may not write the trace: run `fraiseql db grant APP reader`" in caplog.text
        traced.execute(*grant_statements(trace_privileges(), "reader"))
        other.serve(LIVE, variables={"id": 1})
    finally:
        other.runner.close()
    assert traced.trace()["Live"].cost.calls == 1
    traced.execute("DROP OWNED BY reader", "DROP ROLE reader")


def test_without_the_tables_requests_are_answered(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    traced.execute('ALTER TABLE fraiseql.operation_window RENAME TO "away"')
    traced.execute("ALTER FUNCTION fraiseql.write_trace RENAME TO away")
    try:
        with caplog.at_level(logging.DEBUG, "fraiseql"):
            assert b"n1" in traced.serve(LIVE, variables={"id": 1})[0]
        assert "trace" not in caplog.text
        with pytest.raises(ConfigurationError, match="no tables of the trace") as refusal:
            traced.trace()
        assert refusal.value.code == "TRACE_EMPTY"
    finally:
        traced.execute("ALTER TABLE fraiseql.away RENAME TO operation_window")
        traced.execute("ALTER FUNCTION fraiseql.away RENAME TO write_trace")


def test_operations_and_statements_beyond_the_limits_are_one(traced: Traced) -> None:
    recorder = Recorder(Settings())
    for number in range(OPERATIONS + 50):
        name = f"O{number}"
        operation = recorder.operation(name, "query", name, lambda _: StatementFacts())
        operation.request().done(0.001, 1)
    names = [own.name for own in recorder.operations]
    assert (len(names), names[-1]) == (OPERATIONS + 1, "other")
    request = recorder.operation("O0", "query", "O0", lambda _: StatementFacts()).request()
    for number in range(STATEMENTS + 50):
        request.ran(f"SELECT {number}", (), 0.001, 1, 1)
    first = next(iter(recorder.operations))
    assert len(list(first.statements)) == STATEMENTS + 1


def test_equal_statements_of_one_request_are_a_fault_until_the_trace_is_purged(
    traced: Traced,
) -> None:
    async def examined(pool: Pool) -> list[Diagnosis]:
        only = Scope(only=frozenset({"N_PLUS_ONE"}))
        return list((await examine(pool, Settings(), only)).diagnoses)

    traced.serve("query Few { lives(limit: 20) { twice } }")
    assert traced.work(examined) == []
    traced.serve("query Many { lives { id twice } }")
    (diagnosis,) = traced.work(examined)
    assert diagnosis.object == "operation Many field twice"
    assert diagnosis.evidence["runs_in_one_request"] == 50
    assert diagnosis.evidence["statement"] == "SELECT $1::int * 2"
    assert diagnosis.command[-1] == "$ fraiseql trace purge APP"
    traced.purge()
    assert traced.work(examined) == []
