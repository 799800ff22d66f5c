"""Candidates that store documents, built by ``db apply`` in a second copy."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from graphql import GraphQLError

from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.verify import verify
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin, server_message
from fraiseql.errors import FraiseQLError
from fraiseql.operating.advise.candidate import Candidate, MeasuredGain
from fraiseql.operating.advise.declared_option import with_option
from fraiseql.operating.advise.example_requests import example_requests
from fraiseql.operating.advise.replay import USUAL_PAIRS, PairLimits, Sides, compare
from fraiseql.operating.advise.scratch import Scratch
from fraiseql.operating.advise.trials import Trial, reading_session, refusal_of, table_sql
from fraiseql.operating.advise.writes import microseconds_per_write
from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement
from fraiseql.schema import Schema
from fraiseql.serving import RequestError, Service, StatementReport
from fraiseql.settings import Settings

_BYTES: Final = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"


@dataclass(frozen=True, slots=True)
class TriedApplication:
    """The application whose declaration changes.

    Attributes:
        schema: Its declarations.
        settings: Its settings.
        documents: Documents of the trace by id of the operation.
    """

    schema: Schema
    settings: Settings
    documents: Mapping[str, str]


async def try_stored(
    scratch: Scratch,
    application: TriedApplication,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    limits: PairLimits = USUAL_PAIRS,
) -> Trial:
    """Apply a changed declaration in a second copy, and run statements in both in turn.

    All stored documents are compared with live ones.

    Args:
        scratch: A copy.
        application: The application.
        candidate: One that changes ``stored=``.
        statements: Statements of the trace that read its tables.
        limits: How often they run.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: no second copy can be made.
        DatabaseError: The database cannot be reached.
    """
    settings = application.settings
    async with scratch.second_copy(settings) as url:
        changed = with_option(application.schema, candidate)
        try:
            seconds, size, differing = await applied(url, settings, changed, candidate.target)
        except FraiseQLError as error:
            return Trial(candidate, refusal=f"it cannot be applied: {server_message(error)}")
        texts = await _stored_texts(url, application, changed, candidate)
        before_us, after_us = None, None
        if limits.writes:
            before_us = await write_time(scratch.url, settings, candidate)
            after_us = await write_time(url, settings, candidate)
        async with reading_session(scratch.url) as before, reading_session(url) as after:
            sides = Sides(before, after, scratch.percent, local=True)
            gains, others = await _compared(sides, statements, texts, candidate, limits)
    if differing:
        gains = {own: replace(gain, equal=False) for own, gain in gains.items()}
    names = {each.id: each.root for each in statements}
    figures = (before_us, after_us, seconds, size)
    return Trial(candidate, gains, *figures, refusal_of(gains, names), tuple(others))


async def applied(
    url: str, settings: Settings, schema: Schema, target: str
) -> tuple[float, int, int]:
    """Apply declarations; return the seconds, the bytes, and the documents that differ."""
    async with _pool(url, settings) as pool:
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            size, start = await writer.fetchval(_BYTES), time.perf_counter()
            await apply(writer, desired, extending=True)
            seconds = time.perf_counter() - start
            size = await writer.fetchval(_BYTES) - size
            stored = [each for each in desired.stored_types if each.type_name == target]
            results = await verify(writer, stored)
    return seconds, int(size), sum(each.differing for each in results)


async def _stored_texts(
    url: str, application: TriedApplication, schema: Schema, candidate: Candidate
) -> dict[str, str]:
    """Return the statement over stored documents by the live one with the same parameters."""
    service = Service(schema, application.settings.with_values(database_url=url), read_sources)
    await service.start()
    texts: dict[str, str] = {}
    try:
        for operation in candidate.operations:
            document = application.documents.get(operation, "")
            for report in await _reports(service, schema, document):
                texts |= _replaced(report)
    finally:
        await service.stop()
    return texts


async def _reports(
    service: Service, schema: Schema, document: str
) -> list[tuple[StatementReport, ...]]:
    reports = []
    try:
        for request in example_requests(schema.graphql, document):
            explanation = await service.explain(request)
            reports.append(explanation.statements)
    except (GraphQLError, FraiseQLError, RequestError):
        # Values of the trace are unknown: the operation is not measured, and listed.
        return reports
    return reports


def _replaced(reports: Sequence[StatementReport]) -> dict[str, str]:
    """Return the statements over stored documents by the live ones that follow them."""
    return {
        live.sql: stored.sql
        for stored, live in pairwise(reports)
        if stored.source != "live"
        and live.source == "live"
        and stored.key == live.key
        and stored.parameters == live.parameters
    }


async def _compared(
    sides: Sides,
    statements: Sequence[ReplayedStatement],
    texts: Mapping[str, str],
    candidate: Candidate,
    limits: PairLimits,
) -> tuple[dict[str, MeasuredGain], list[NotReplayed]]:
    gains: dict[str, MeasuredGain] = {}
    others: list[NotReplayed] = []
    for statement in statements:
        stored = texts.get(statement.sql)
        if statement.id in candidate.statements and stored is None:
            reason = "its operation cannot be planned from the trace: use variables"
            others.append(NotReplayed(statement.id, statement.root, reason))
            continue
        try:
            gains[statement.id] = await compare(sides, statement, limits, stored)
        except FraiseQLError as error:
            others.append(NotReplayed(statement.id, statement.root, error.message))
    return gains, others


async def write_time(url: str, settings: Settings, candidate: Candidate) -> float | None:
    """Return the microseconds of a written row of the type's own table."""
    if not candidate.table:
        return None
    async with _pool(url, settings) as pool, open_admin(pool) as session:
        await session.execute("BEGIN READ WRITE")
        try:
            return await microseconds_per_write(session, table_sql(candidate))
        finally:
            await session.execute("ROLLBACK")


@asynccontextmanager
async def _pool(url: str, settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(url, settings)
    try:
        yield pool
    finally:
        await pool.close()
