"""A rolling index: measured with the statement that is sent once it is declared."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.read_sources import read_sources
from fraiseql.database import Pool
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.operating.advise.advising import AdviseOptions, advise
from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.declared_option import with_option
from fraiseql.operating.advise.replay import PairLimits
from fraiseql.operating.advise.rolling_candidates import with_bounds
from fraiseql.operating.advise.scratch import USUAL_LIMITS, embedded_scratch
from fraiseql.operating.advise.trials import Trial, try_statements
from fraiseql.operating.trace.samples import ReplayedStatement, load_replay
from fraiseql.serving import Request, Service
from fraiseql.settings import Settings
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import Traced

TABLES = """
CREATE TABLE tb_rolled (id int PRIMARY KEY, line text NOT NULL, at timestamptz NOT NULL);
INSERT INTO tb_rolled SELECT g, 'line ' || g, now() - g * interval '10 minutes'
  FROM generate_series(1, 40000) AS g;
ANALYZE tb_rolled;
"""
QUERY = 'query Recent { rolled(where: {at: {gt: "%s"}}) { line } }'
RUNS = 6


@fraiseql.type(name="RolledLine", sql_source="tb_rolled")
class Line:
    id: int
    line: str
    at: datetime


def app_of(url: str, **settings: Any) -> Any:
    """Return the application."""
    queries = [fraiseql.find("rolled", Line, order_by="-at")]
    return fraiseql.create_app(queries=queries, database_url=url, worker=False, **settings)


@pytest.fixture(scope="module")
def served(scratches: Scratches) -> Iterator[Traced]:
    """The application with a trace of requests for the last days."""
    scratch: Scratch = scratches("embedded")
    scratch.run("CREATE DATABASE rolled")
    traced = Traced(scratch.url.replace("/doctor?", "/rolled?"), app_of)
    traced.execute(TABLES)
    traced.apply()
    traced.run(serve(traced.url))
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE rolled WITH (FORCE)")


async def serve(url: str) -> None:
    app = app_of(url, trace="values")
    await app.start()
    for days in range(1, RUNS + 1):
        answer = await app.service.execute(Request(QUERY % ago(days)), {}, Timings())
        assert b'"errors"' not in bytes(answer.body)
    await app.stop()


def ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def measured(pool: Pool, settings: Settings) -> tuple[Candidate, ReplayedStatement, Trial]:
    """Return the advised rolling index, its statement, and its trial."""
    schema = app_of(settings.database_url).service.schema
    report = await advise(pool, schema, settings, AdviseOptions("Recent", write_share=0.0))
    (candidate,) = (e.candidate for e in report.advice if e.candidate.kind == "rolling index")
    (statement,) = (each for each in (await load_replay(pool))[0] if each.root == "rolled")
    making = embedded_scratch(settings.database_url, settings, ["public.tb_rolled"], USUAL_LIMITS)
    async with making as scratch:
        trial = await try_statements(scratch, candidate, [statement], PairLimits(30, 30, 1.0))
    return candidate, statement, trial


async def sent(pool: Pool, settings: Settings, candidate: Candidate, since: str) -> str:
    """Declare and apply a candidate; return the statement that is then sent."""
    schema = with_option(app_of(settings.database_url).service.schema, candidate)
    async with open_admin(pool) as writer:
        await apply(writer, await load_desired_state(schema, pool), extending=True)
    service = Service(schema, settings, read_sources)
    await service.start()
    try:
        (report,) = (await service.explain(Request(QUERY % since))).statements
    finally:
        await service.stop()
    return report.sql


def test_the_statement_of_the_declared_index_is_measured(served: Traced, tmp_path: Path) -> None:
    settings = Settings().with_values(database_url=served.url, data_dir=str(tmp_path))
    candidate, statement, trial = served.work(lambda pool: measured(pool, settings))
    gain = trial.gains[statement.id]
    assert gain.equal
    assert gain.low > 1.5
    assert trial.refusal == ""
    for days in (1, 3_000):
        since = ago(days)
        written = served.work(lambda pool, since=since: sent(pool, settings, candidate, since))
        assert written == with_bounds(statement.sql, [candidate], [{"1": since}])
        assert (written == statement.sql) == (days == 3_000)
