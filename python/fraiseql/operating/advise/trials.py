"""Candidates tried in a transaction that is rolled back."""

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.database import Identity, Transaction, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import FraiseQLError, sqlstate_of
from fraiseql.operating.advise.candidate import Candidate, MeasuredGain
from fraiseql.operating.advise.replay import USUAL_PAIRS, PairLimits, Sides, compare, is_slower
from fraiseql.operating.advise.rolling_candidates import with_bounds
from fraiseql.operating.advise.scratch import Scratch
from fraiseql.operating.advise.writes import write_times
from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement
from fraiseql.settings import Settings
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_CONCURRENTLY: Final = re.compile(r"(?i)\b(INDEX)\s+CONCURRENTLY\b")
_NO_LIMIT: Final = {"statement_timeout": "0"}
_PRODUCTION_MS: Final = 2_000
"""Milliseconds that a statement may run in a transaction of the user's database."""

_REASONS: Final = {
    "53100": "the disk is full",
    "42501": "the role may not do it",
    "55P03": "another session holds a lock on the table",
    "57014": "it takes longer than two seconds",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """Figures of a candidate that was tried.

    Attributes:
        candidate: The candidate.
        gains: By id of the statement.
        before_us: Microseconds of a written row without it; None if unknown.
        after_us: The same with it.
        build_seconds: Seconds that making it took.
        size: Bytes that it adds.
        refusal: Why it is refused; empty if it is not.
        others: Statements that could not be run, with reasons.
        notes: Limits of the figures.
    """

    candidate: Candidate
    gains: Mapping[str, MeasuredGain] = field(default_factory=dict)
    before_us: float | None = None
    after_us: float | None = None
    build_seconds: float = 0.0
    size: int = 0
    refusal: str = ""
    others: tuple[NotReplayed, ...] = ()
    notes: tuple[str, ...] = ()


def refusal_of(gains: Mapping[str, MeasuredGain], names: Mapping[str, str]) -> str:
    """Return why measured times refuse a candidate; empty if they do not.

    Args:
        gains: By id of the statement.
        names: Names of the statements for the message, by id.
    """
    for own, gain in gains.items():
        name = names.get(own) or own
        if not gain.equal:
            return f"wrong: {name} has another answer with it"
        if is_slower(gain):
            return (
                f"{name} takes {1 / gain.gain:.2f} times as long with it"
                f" ({gain.before_ms:.2f} → {gain.after_ms:.2f} ms)"
            )
    return ""


async def try_statements(
    scratch: Scratch,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    limits: PairLimits = USUAL_PAIRS,
) -> Trial:
    """Make a candidate in a transaction, and run statements inside and outside of it in turn.

    Args:
        scratch: Where.
        candidate: One with ``ddl``.
        statements: Statements of the trace that read its table.
        limits: How often they run.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    async with AsyncExitStack() as stack:
        before = await stack.enter_async_context(reading_session(scratch.url))
        after = await stack.enter_async_context(changing_session(scratch))
        table, own = table_sql(candidate), scratch.form == "embedded"
        try:
            known_indexes, size = await _indexes(after, table), await _index_bytes(after, table)
            start = time.perf_counter()
            await _make(after, candidate)
            seconds = time.perf_counter() - start
            size = await _index_bytes(after, table) - size - await _hidden_bytes(after, candidate)
            writes = None
            if own and table and limits.writes:
                changed = (await _indexes(after, table)) ^ known_indexes
                writes = await write_times(after, table, sorted(changed))
        except FraiseQLError as error:
            return Trial(candidate, refusal=reason_of(error))
        # An index that goes is hidden again.
        before_us, after_us = writes or (None, None)
        if candidate.kind == "drop index":
            await _make(after, candidate)
            before_us, after_us = after_us, before_us
        sides = Sides(before, after, scratch.percent, local=own)
        gains, others = await _compared(sides, candidate, statements, limits)
    notes = () if own else ("writes were not measured: only a copy may be written",)
    names = {each.id: each.root for each in statements}
    figures = (before_us, after_us, seconds, size)
    return Trial(candidate, gains, *figures, refusal_of(gains, names), tuple(others), notes)


async def _compared(
    sides: Sides,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    limits: PairLimits,
) -> tuple[dict[str, MeasuredGain], list[NotReplayed]]:
    gains: dict[str, MeasuredGain] = {}
    others: list[NotReplayed] = []

    def written(sql: str, values: Mapping[str, Any]) -> str:
        return with_bounds(sql, [candidate], [values])

    for statement in statements:
        # An error would end the transaction, and the candidate with it.
        await sides.after.execute("SAVEPOINT fraiseql_compared")
        try:
            gains[statement.id] = await compare(sides, statement, limits, written=written)
        except FraiseQLError as error:
            await sides.after.execute("ROLLBACK TO SAVEPOINT fraiseql_compared")
            others.append(NotReplayed(statement.id, statement.root, error.message))
    return gains, others


@asynccontextmanager
async def reading_session(url: str) -> AsyncIterator[Transaction]:
    """Open a session that only reads, without time limit."""
    pool = await open_pool(url, Settings(), _NO_LIMIT)
    try:
        async with pool.acquire(Identity.NONE, recorded=True) as connection:
            yield Transaction(connection)
    finally:
        await pool.close()


@asynccontextmanager
async def changing_session(scratch: Scratch) -> AsyncIterator[Transaction]:
    """Begin a transaction that is rolled back after the block."""
    pool = await open_pool(scratch.url, Settings(), _NO_LIMIT)
    try:
        async with open_admin(pool) as session:
            await session.execute("BEGIN READ WRITE; SET LOCAL search_path TO DEFAULT")
            if scratch.form != "embedded":
                await session.execute(
                    f"SET LOCAL lock_timeout = 200; SET LOCAL statement_timeout = {_PRODUCTION_MS}"
                )
            try:
                yield session
            finally:
                if not session.usable:
                    await session.execute("ROLLBACK")
    finally:
        await pool.close()


async def _make(session: Transaction, candidate: Candidate) -> None:
    """Run the candidate's statements, and collect the statistics of new expressions."""
    if candidate.kind == "drop index":
        # A DROP would lock the table for the other side.
        await session.execute(_SQL["hide_index"].text, _quoted(candidate, candidate.target))
        return
    for statement in candidate.ddl:
        await session.execute(_CONCURRENTLY.sub(r"\1", statement))
    if candidate.table:
        await session.execute(f"ANALYZE {table_sql(candidate)}")


async def _indexes(session: Transaction, table: str) -> frozenset[int]:
    """Return the ids of the indexes that the transaction uses."""
    if not table:
        return frozenset()
    return frozenset(row["id"] for row in await session.fetch(_SQL["indexes"].text, table))


async def _index_bytes(session: Transaction, table: str) -> int:
    return int(await session.fetchval(_SQL["index_bytes"].text, table)) if table else 0


async def _hidden_bytes(session: Transaction, candidate: Candidate) -> int:
    """Return the bytes of an index that the candidate drops."""
    if candidate.kind != "drop index":
        return 0
    name = _quoted(candidate, candidate.target)
    return int(await session.fetchval(_SQL["hidden_bytes"].text, name) or 0)


def table_sql(candidate: Candidate) -> str:
    """Return the quoted name of a candidate's table; empty if it has none."""
    return _quoted(candidate, candidate.table) if candidate.table else ""


def _quoted(candidate: Candidate, name: str) -> str:
    return ".".join(quote(part) for part in candidate.within_schema(name))


def reason_of(error: FraiseQLError) -> str:
    """Return why a candidate cannot be made."""
    cause = error.__cause__
    words = _REASONS.get(sqlstate_of(error), str(cause) if cause else error.message)
    return f"it cannot be made in the scratch copy: {words}"
