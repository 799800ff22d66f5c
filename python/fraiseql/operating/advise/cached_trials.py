"""Candidates that cache results, tried with requests and writes."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from fraiseql.caching.ddl.bootstrap import create_missing_tables
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import AdminConnection, open_admin, server_message
from fraiseql.errors import FraiseQLError
from fraiseql.events import Timings
from fraiseql.operating.advise.cached_replay import (
    LEAST_ASKS,
    MOST_ASKS,
    AskedPair,
    CachedReplay,
    StatementSeconds,
    cached_gain,
    floor_ms,
    hit_share,
)
from fraiseql.operating.advise.candidate import CacheTraffic, Candidate
from fraiseql.operating.advise.declared_option import with_option
from fraiseql.operating.advise.replayed_requests import replayed_requests
from fraiseql.operating.advise.scratch import Scratch
from fraiseql.operating.advise.stored_trials import TriedApplication, applied, write_time
from fraiseql.operating.advise.trials import Trial, refusal_of, table_sql
from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement
from fraiseql.schema import Schema
from fraiseql.serving import Request, Service

_DELETE: Final = "DELETE FROM {0} WHERE ctid = (SELECT ctid FROM {0} OFFSET {1} LIMIT 1)"
_USUAL: Final = CacheTraffic(LEAST_ASKS, 0.0)


async def try_cache(
    scratch: Scratch,
    application: TriedApplication,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    *,
    writes: bool = True,
) -> Trial:
    """Apply a declared cache in a second copy, and send it requests and writes as traced.

    Each request is also answered without the cache, by the same database: the answers have to be
    equal, also after writes, which delete rows.

    Args:
        scratch: A copy.
        application: The application.
        candidate: One that changes ``cache=``.
        statements: Its statements of the trace.
        writes: Whether the cost of writes is measured too.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: no second copy can be made.
        DatabaseError: The database cannot be reached.
    """
    settings, own = application.settings, _own(candidate, statements)
    if not own:
        return Trial(candidate, notes=("not measured: its statements cannot be run again",))
    async with scratch.second_copy(settings) as url:
        changed = with_option(application.schema, candidate)
        try:
            seconds, size, _ = await applied(url, settings, changed, candidate.target)
        except FraiseQLError as error:
            return Trial(candidate, refusal=f"it cannot be applied: {server_message(error)}")
        before_us, after_us = None, None
        if writes:
            before_us = await write_time(scratch.url, settings, candidate)
            after_us = await write_time(url, settings, candidate)
        pairs, floor = await _asked(url, application, changed, candidate, own)
    costs = (before_us, after_us, seconds, size)
    if isinstance(pairs, str):
        others = tuple(NotReplayed(each.id, each.root, pairs) for each in own)
        return Trial(candidate, {}, *costs, others=others)
    gain = cached_gain(pairs, floor)
    gains = {each.id: gain for each in own}
    refusal = refusal_of(gains, {each.id: each.root for each in own})
    return Trial(candidate, gains, *costs, refusal, notes=(_ratio_note(pairs, candidate),))


def _own(candidate: Candidate, statements: Sequence[ReplayedStatement]) -> list[ReplayedStatement]:
    """Return the candidate's statements, the one with most parameters first."""
    own = [each for each in statements if each.id in candidate.statements]
    return sorted(own, key=lambda each: -len(each.types))


def _ratio_note(pairs: Sequence[AskedPair], candidate: Candidate) -> str:
    traffic = candidate.traffic or _USUAL
    return (
        f"Measured hit ratio {hit_share(pairs):.2f} in {len(pairs)} requests,"
        f" with {min(traffic.writes, 1.0):.2g} writes for each."
    )


async def _asked(
    url: str,
    application: TriedApplication,
    changed: Schema,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
) -> tuple[list[AskedPair] | str, float]:
    """Return the pairs, or why no request can be sent, and the time of a round trip."""
    traffic = candidate.traffic or _USUAL
    documents = [application.documents.get(each, "") for each in candidate.operations]
    async with _replay(url, application, changed, candidate) as replay:
        requests = await replayed_requests(
            replay.live, application.schema, documents, statements[0]
        )
        floor = await floor_ms(replay.live.pool)
        if isinstance(requests, str):
            return requests, floor
        if not await _are_answered(replay.live, requests):
            return "its recorded values are refused", floor
        asks = min(max(traffic.asks, LEAST_ASKS), MOST_ASKS)
        return await replay.pairs(requests, traffic.writes, asks), floor


async def _are_answered(service: Service, requests: Sequence[Request]) -> bool:
    """Return whether all requests are answered without an error."""
    bodies = [(await service.execute(each, {}, Timings())).body for each in requests]
    return not any("errors" in json.loads(bytes(body)) for body in bodies)


@asynccontextmanager
async def _replay(
    url: str, application: TriedApplication, changed: Schema, candidate: Candidate
) -> AsyncIterator[CachedReplay]:
    """Start the application without the cache and with it."""
    settings = application.settings.with_values(database_url=url, trace="off")
    seconds = StatementSeconds()
    results = ResultCaches(settings, create_missing_tables)
    live = Service(application.schema, settings, read_sources, events=seconds)
    cached = Service(changed, settings, read_sources, results)
    async with AsyncExitStack() as stack:
        for service in (live, cached):
            await service.start()
            stack.push_async_callback(service.stop)
        writer = await stack.enter_async_context(_writer(url, application))

        async def write(turn: int) -> None:
            await _delete(writer, candidate, turn)

        async def finish() -> None:
            await results.runtime.background.finish()

        yield CachedReplay(live, seconds, cached, finish, write)


@asynccontextmanager
async def _writer(url: str, application: TriedApplication) -> AsyncIterator[AdminConnection]:
    pool: Pool = await open_pool(url, application.settings)
    try:
        async with open_admin(pool) as writer:
            # No foreign key is checked; the triggers that log writes run always.
            await writer.execute("SET session_replication_role = replica")
            yield writer
    finally:
        await pool.close()


async def _delete(writer: AdminConnection, candidate: Candidate, turn: int) -> None:
    """Delete a row of the candidate's table, another one in each turn."""
    if candidate.table:
        await writer.execute(_DELETE.format(table_sql(candidate), turn * 7))
