"""Background task that writes the counts of a process to the database."""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from fraiseql.database import Pool, open_pool
from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.operating.trace.counters import OTHER, StatementCounters
from fraiseql.operating.trace.generic_plans import UNKNOWN, StatementPlan, statement_plans
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.operating.trace.windows import Windows, described, sampled
from fraiseql.schema.durations import seconds_of
from fraiseql.settings import Settings

FLUSH_SECONDS: Final = 10.0
"""Seconds between two flushes; a process that dies loses its counts since the last one."""

_PURGE_SECONDS: Final = 600.0
_LAST_SECONDS: Final = 10.0
"""Seconds that the flush at the end may take."""

_AT_ONCE: Final = 20
"""Statements that one flush asks PostgreSQL about, and that are written together."""

_WRITABLE: Final = {
    "default_transaction_read_only": "off",
    "synchronous_commit": "off",
    "lock_timeout": "1s",
}

_READY: Final = """\
SELECT current_user::text AS role, f.oid IS NOT NULL AS installed,
  coalesce(has_function_privilege(f.oid, 'EXECUTE'), false) AS allowed
FROM (SELECT to_regprocedure('fraiseql.write_trace(text,text)')::oid) AS f (oid)"""
_WRITE: Final = "SELECT fraiseql.write_trace($1, $2) AS unknown"
_DESCRIBE: Final = "SELECT fraiseql.describe_trace($1, $2, $3, $4)"
_PURGE: Final = "SELECT fraiseql.purge_trace($1) AS removed"


class Flusher:
    """Writes the counts of a recorder every ten seconds and at the end.

    A flush that fails is logged, and the next one writes the same counts: requests do not notice.

    Args:
        recorder: Its counts are written.
        settings: Uses ``database_url`` and ``trace_retention``.
        serving: Returns the connections of the running service.

    Raises:
        DeclarationError: ``trace_retention`` is no duration.
    """

    def __init__(self, recorder: Recorder, settings: Settings, serving: Callable[[], Pool]) -> None:
        self._recorder = recorder
        self._settings = settings
        self._serving = serving
        self._retention = seconds_of(settings.trace_retention, of="trace_retention")
        self._process = uuid.uuid4().hex
        self._windows = Windows(recorder)
        self._pool: Pool | None = None
        self._task: asyncio.Task[None] | None = None
        self._logged: set[str] = set()
        self._purge_at = 0.0
        self._day = datetime.now(UTC).date()

    async def start(self) -> None:
        """Flush from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._flush_always())

    async def stop(self) -> None:
        """Flush once more, and close the connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._try_flush(None)
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def flush(self, most: int | None = None) -> bool:
        """Write the counts since the last flush; false if nothing was written.

        Args:
            most: Most statements to ask PostgreSQL about; None for all.

        Raises:
            FraiseQLError: It could not be written; the next flush writes it.
        """
        now = datetime.now(UTC)
        keys = self._windows.take(now)
        if not keys or not await self._is_ready():
            return False
        pool = await self._writer()
        rows = json.dumps([self._windows.row(key) for key in keys])
        unknown = (await pool.inspect(_WRITE, [self._process, rows]))[0]["unknown"]
        self._windows.written(keys, now)
        await self._describe(pool, frozenset(unknown), now, most)
        if monotonic() >= self._purge_at:
            self._purge_at = monotonic() + _PURGE_SECONDS
            await pool.inspect(_PURGE, [now - timedelta(seconds=self._retention)])
        return True

    async def _describe(
        self, pool: Pool, unknown: frozenset[str], now: datetime, most: int | None
    ) -> None:
        operations, statements = described(self._recorder, unknown)
        samples = self._samples(now)
        named = [{"id": own.id, "name": own.name, "document": own.document} for own in operations]
        if named or samples:
            # First: planning may take longer than the flush at the end has.
            await self._write(pool, named, (), samples)
        statements = statements[:most]
        for start in range(0, len(statements), _AT_ONCE):
            planned = await self._planned(statements[start : start + _AT_ONCE])
            await self._write(pool, (), [_facts(*pair) for pair in planned], ())

    async def _write(
        self,
        pool: Pool,
        operations: Sequence[Mapping[str, Any]],
        statements: Sequence[Mapping[str, Any]],
        samples: Sequence[Mapping[str, Any]],
    ) -> None:
        parts = (operations, statements, samples)
        await pool.inspect(
            _DESCRIBE, [self._process, *(json.dumps(part, default=str) for part in parts)]
        )

    async def _planned(
        self, statements: list[StatementCounters]
    ) -> list[tuple[StatementCounters, StatementPlan]]:
        real = [own for own in statements if own.sql and own.sql != OTHER]
        plans = await statement_plans(self._serving(), [own.sql for own in real]) if real else []
        by_id = {own.id: plan for own, plan in zip(real, plans, strict=True)}
        return [(own, by_id.get(own.id, UNKNOWN)) for own in statements]

    def _samples(self, now: datetime) -> list[dict[str, Any]]:
        day = datetime(now.year, now.month, now.day, tzinfo=UTC)
        if day.date() != self._day:
            self._day = day.date()
            for statement in list(sampled(self._recorder)):
                statement.forget_samples()
        # Several operations may have the same statement.
        samples: dict[str, list[dict[str, Any]]] = {}
        for own in sampled(self._recorder):
            samples.setdefault(own.id, []).extend(own.samples)
        return [
            {"statement": own_id, "seen": day.isoformat(), "place": place, "parameters": values}
            for own_id, own_samples in samples.items()
            for place, values in enumerate(own_samples[: self._recorder.samples])
        ]

    async def _is_ready(self) -> bool:
        """Return whether the tables exist and the role may write to them."""
        if self._pool is not None:
            return True
        (row,) = await self._serving().inspect(_READY)
        # Without the tables nothing is logged: an application may do without `fraiseql db apply`,
        # and `fraiseql trace show` says so.
        if row["installed"] and not row["allowed"]:
            role = row["role"]
            self._log(
                logger.warning,
                f"The role {role} may not write the trace: run `fraiseql db grant APP {role}`"
                " as the role that runs `fraiseql db apply`.",
            )
        return bool(row["allowed"])

    async def _writer(self) -> Pool:
        if self._pool is None:
            chosen = replace(self._settings, pool_size=1)
            url = self._settings.database_url
            self._pool = await open_pool(url, chosen, _WRITABLE, own_path=True)
        return self._pool

    async def _flush_always(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._try_flush(_AT_ONCE)

    async def _try_flush(self, most: int | None) -> None:
        try:
            await self.flush(most)
        except FraiseQLError as error:
            pool, self._pool = self._pool, None
            if pool is not None:
                await pool.close()
            self._log(logger.warning, f"The trace cannot be written: {error}")
        except Exception as error:  # noqa: BLE001 - statistics must not end the application.
            self._log(logger.error, f"The trace cannot be written: {error!r}")

    def _log(self, write: Callable[[str], None], text: str) -> None:
        """Log a text once."""
        if text not in self._logged:
            self._logged.add(text)
            write(text)


def _facts(statement: StatementCounters, plan: StatementPlan) -> dict[str, Any]:
    return {
        "id": statement.id,
        "sql": statement.sql,
        "query_id": plan.query_id,
        "param_types": list(plan.param_types),
        "relations": list(plan.relations),
        "root": statement.root,
    }
