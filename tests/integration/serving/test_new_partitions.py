"""A worker follows new and dropped partitions within seconds, without an apply."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

import fraiseql
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.results.sql.grants import grant_statements, serving_privileges
from fraiseql.schema.cache import Cache
from fraiseql.schema.storage import MaterializedView
from fraiseql.settings import Settings
from tests.cache_environment import apply_schema
from tests.integration.caching.ddl import env
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import outcomes, respond
from tests.integration.serving.served import Served
from tests.integration.serving.stored_by_hand import wait_until
from tests.integration.serving.test_stored_partitions import ALL, CHANGES, TABLES, Shelf, Shelves

READINGS = """
CREATE TABLE reading (day int, n int, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM (1) TO (2);
CREATE TABLE reading_2 (day int NOT NULL, n int NOT NULL);
INSERT INTO reading VALUES (1, 10); INSERT INTO reading_2 VALUES (2, 20);
"""
ATTACH = "ALTER TABLE reading ATTACH PARTITION reading_2 FOR VALUES FROM (2) TO (3)"
QUERY = "{ readings { day n } }"
SUM = "{ total { n } }"


@fraiseql.type(name="Reading", sql_source="reading")
class Reading:
    day: int
    n: int


@fraiseql.type(
    name="Total",
    sql_source="mv_total",
    stored=MaterializedView(
        sql="SELECT sum(n)::int AS n FROM reading", target_lag="1s", when_stale="live"
    ),
)
class Total:
    n: int


QUERIES = [
    fraiseql.find("readings", Reading, order_by="day", cache=Cache()),
    fraiseql.find_one("total", Total, by=None),
]


@pytest.fixture
def url(database: str) -> str:
    at_once(run_sql(database, f"{TABLES} {READINGS}"))
    return database


AnyServed = TypeVar("AnyServed", bound=Served)


@contextmanager
def working(running: AnyServed, *, as_role: str = "postgres") -> Iterator[AnyServed]:
    """Run a worker next to a started service, as for each served application."""
    address = running.url.replace("postgres@", f"{as_role}@")
    worker = Worker(running.service.schema, Settings(database_url=address))
    try:
        running.run(worker.start())
        yield running
    finally:
        running.run(worker.stop())
        running.close()


@pytest.fixture
def serving_role(url: str) -> Iterator[str]:
    """A role that owns nothing, with what ``fraiseql db grant`` gives."""
    role = "fql_adopts_nothing"
    schema = fraiseql.create_app(queries=QUERIES, database_url=url).service.schema  # type: ignore[attr-defined]
    at_once(apply_schema(url, schema))
    grants = "; ".join(grant_statements(serving_privileges(), role))
    tables = f"GRANT SELECT ON reading, reading_1, reading_2 TO {role}"
    at_once(run_sql(url, f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA public TO {role}"))
    at_once(run_sql(url, f"{grants}; {tables}"))
    yield role
    at_once(run_sql(url, f"DROP OWNED BY {role}; DROP ROLE {role}"))


def answered(running: Served) -> str:
    """Return how the query was answered; its answer must equal the tables."""
    response = respond(running, QUERY)
    rows = running.fetch("SELECT day, n FROM reading ORDER BY day, n")
    assert running.data(QUERY)["readings"] == rows
    return outcomes(response)["readings"]


def test_results_are_stored_again(url: str, serving_role: str) -> None:
    """Also where the role that serves owns no table; until then they are right, and computed."""
    served = Served(url.replace("postgres@", f"{serving_role}@"), queries=QUERIES)
    served.url = url
    served.run(served.service.start())
    with working(served, as_role=serving_role) as running:
        wait_until(running, lambda: answered(running) == "hit")
        running.execute(ATTACH)
        assert answered(running) != "hit"
        wait_until(running, lambda: answered(running) == "hit")
        # A write that names the new partition alone.
        running.execute("INSERT INTO reading_2 VALUES (2, 21)")
        assert answered(running) != "hit"
        wait_until(running, lambda: answered(running) == "hit")
    at_once(apply_schema(url, served.service.schema))


KNOWN = "SELECT snap IS NOT NULL AND cardinality(tags) = $1 AS known FROM fraiseql.view_state"


def test_views_know_their_age_again(url: str) -> None:
    served = Served(url, queries=QUERIES)
    served.run(apply_schema(url, served.service.schema))
    served.run(served.service.start())
    with working(served) as running:

        def known(tables: int) -> bool:
            return bool(running.fetch(KNOWN, tables)[0]["known"])

        def summed(n: int) -> bool:
            return bool(running.data(SUM)["total"] == {"n": n})

        wait_until(running, lambda: known(2) and summed(10))
        running.execute(ATTACH)
        assert summed(30), "the view does not know its age, and is answered live"
        wait_until(running, lambda: known(3))
        running.execute("INSERT INTO reading_2 VALUES (2, 21)")
        # Behind by its target lag, at most.
        wait_until(running, lambda: summed(51))
        assert known(3)


@pytest.mark.parametrize(
    "change", ["attached", "attached below a partition", "detached", "dropped"]
)
def test_projections_are_built_again(url: str, change: str) -> None:
    at_once(env.applied(url, Shelf))
    with working(Shelves(url)) as running:
        running.execute(CHANGES[change])
        assert running.right()
        view = "SELECT obj_description(oid) AS whole FROM pg_class WHERE relname ~ '^stored_tv_'"
        before = running.fetch(view)
        wait_until(running, lambda: running.fetch(view) not in ([], before))
        running.run(running.service.republish())
        assert running.right()
        assert running.stored_root(ALL)
        running.execute("UPDATE volume SET title = 'new'; UPDATE shelf SET name = 'new'")
        if "attached" in change:
            running.execute("UPDATE more SET name = 'named alone'")
            assert running.right()
            running.execute("TRUNCATE more")
        assert running.right()
        assert running.stored_root(ALL)
    # An apply creates nothing; it drops the objects of a detached table.
    assert [step for step in at_once(env.planned(url, Shelf)).steps if step.created] == []
