"""Database with the shapes of a seed, and a trace of its operations."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.advise_pairs.declared import app_of
from benchmarks.advise_pairs.processor import few_samples, without_other_work
from benchmarks.advise_pairs.requests import Operation, operations
from benchmarks.advise_pairs.shapes import LETTERS, shapes
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.read_sources import read_sources
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.operating.advise.advising import AdviceReport, AdviseOptions, advise
from fraiseql.operating.advise.candidate import Advice
from fraiseql.operating.advise.evaluate import try_candidate
from fraiseql.operating.advise.forms import open_form
from fraiseql.operating.advise.replay import PairLimits
from fraiseql.operating.advise.scratch import USUAL_LIMITS, embedded_scratch
from fraiseql.operating.advise.stored_trials import TriedApplication
from fraiseql.operating.advise.table_facts import load_table_facts
from fraiseql.operating.advise.trials import Trial
from fraiseql.operating.trace.flush import Flusher
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.operating.trace.samples import ReplayLimits, load_replay
from fraiseql.operating.trace.transfer import purge
from fraiseql.serving import Request, Service
from fraiseql.settings import Settings

PAIRS: Final = PairLimits(least=10, most=10, seconds=2.0, writes=False)
SAMPLES: Final = 4
"""Recorded parameters with which a change is measured."""


async def prepare(url: str, seed: int, letters: str = LETTERS) -> list[Operation]:
    """Fill a database, and record a trace of the operations over some letters; return them."""
    numbers = random.Random(seed)
    chosen = shapes(seed)
    connection = await asyncpg.connect(url)
    for shape in chosen:
        await connection.execute(shape.sql())
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    made = [
        each for shape in chosen if shape.letter in letters for each in operations(shape, numbers)
    ]
    settings = Settings().with_values(database_url=url)
    pool = await open_pool(url, settings)
    desired = await load_desired_state(app_of(url).service.schema, pool)
    async with open_admin(pool) as writer:
        await apply(writer, desired)
        # The first runs read from disk.
        await _serve(url, made, 1)
        await purge(writer)
    await pool.close()
    await _serve(url, made)
    return made


async def _serve(url: str, every: Sequence[Operation], runs: int | None = None) -> None:
    settings = Settings().with_values(database_url=url, trace="values")
    recorder = Recorder(settings)
    service = Service(app_of(url).service.schema, settings, read_sources, events=recorder)
    await service.start()
    flusher = Flusher(recorder, settings, lambda: service.pool)
    for operation in every:
        for variables in operation.variables[:runs]:
            request = Request(operation.query, variables=variables)
            answer = await service.execute(request, {}, Timings())
            assert b'"errors"' not in bytes(answer.body), (operation, bytes(answer.body))
    # Its end would stop writing after some seconds, which a busy machine takes longer than.
    await flusher.flush()
    await flusher.stop()
    await service.stop()


async def predicted(
    pool: Pool, settings: Settings, made: Sequence[Operation], *, wall: bool
) -> list[AdviceReport]:
    """Return the advice for each operation, all from one twin."""
    url = settings.database_url
    schema = app_of(url).service.schema
    facts = await load_table_facts(pool.inspect, [])
    cached = [each.name for each in made if each.is_cached]
    times = None if wall else await without_other_work(pool, url, cached)
    reports = []
    async with open_form(pool, settings, facts) as opened:
        for each in made:
            form = opened if times is None or each.is_cached else replace(opened, times=times)
            options = AdviseOptions(each.name, 10, each.write_share)
            reports.append(await advise(pool, schema, settings, options, form))
    return reports


def changes_of(report: AdviceReport) -> list[Advice]:
    """Return the advice that can be measured; without any, the changes that may not pay."""
    advice = [each for each in report.advice if each.candidate.kind != "stale"]
    return advice or [
        Advice(each.candidate, each.predictions)
        for each in report.rejected
        if each.predictions and each.candidate.option != "cache"
    ]


def merged(reports: Sequence[AdviceReport]) -> list[Advice]:
    """Return each change once, with all its predictions."""
    changes: dict[str, Advice] = {}
    for each in (each for report in reports for each in changes_of(report)):
        before = changes.get(each.candidate.id, each)
        predictions = {**before.predictions, **each.predictions}
        changes[each.candidate.id] = replace(each, predictions=predictions)
    return list(changes.values())


async def tried(
    pool: Pool, settings: Settings, advice: Sequence[Advice], documents: dict[str, str]
) -> list[Trial]:
    """Measure each change with the statements that it helps, all in one copy."""
    schema = app_of(settings.database_url).service.schema
    application = TriedApplication(schema, settings, documents)
    statements, _ = await load_replay(pool, ReplayLimits(500, 60_000.0, synthetic=True))
    names = {name for each in statements for name in each.relations}
    trials = []
    async with embedded_scratch(settings.database_url, settings, names, USUAL_LIMITS) as scratch:
        for each in advice:
            chosen = [one for one in statements if one.id in each.predictions]
            is_cache = each.candidate.option == "cache"
            own = chosen if is_cache else [few_samples(one, SAMPLES) for one in chosen]
            trials.append(await try_candidate(scratch, application, each.candidate, own, PAIRS))
    return trials


def settings_for(url: str, directory: Path) -> Settings:
    """Return settings whose scratch files are in a directory."""
    return Settings().with_values(database_url=url, data_dir=str(directory))
