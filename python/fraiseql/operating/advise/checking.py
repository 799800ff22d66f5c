"""Deployed advice against the trace: whether it keeps its promise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise.history import AdviceRecord, PromisedGain, history
from fraiseql.operating.trace.report import check_installed
from fraiseql.sql_files import load_sql

Verdict = Literal["kept", "not kept", "not deployed", "too few requests"]

LEAST_CALLS: Final = 20
"""Requests after the deployment without which nothing is said."""

_SQL: Final = load_sql(__name__)
_LISTED: Final = 10
_CACHES: Final = frozenset({"result cache", "stale"})


@dataclass(frozen=True, slots=True)
class CheckedGain:
    """A promise, and the times since the deployment.

    Attributes:
        promise: The promise.
        calls: Requests since the deployment.
        after_ms: Mean database time since then.
    """

    promise: PromisedGain
    calls: int
    after_ms: float

    @property
    def gain(self) -> float:
        """The time before by that since the deployment."""
        return self.promise.before_ms / max(self.after_ms, 1e-6)

    @property
    def is_kept(self) -> bool:
        """Whether the gain is at least the lower end of the promise."""
        return self.gain >= self.promise.low


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check.

    Attributes:
        record: The advice.
        deployed: When its objects were applied; None if they were not.
        gains: By operation and root field.
    """

    record: AdviceRecord
    deployed: datetime | None
    gains: tuple[CheckedGain, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether it keeps its promise."""
        if self.deployed is None:
            return "not deployed"
        enough = [each for each in self.gains if each.calls >= LEAST_CALLS]
        if not enough:
            return "too few requests"
        return "kept" if all(each.is_kept for each in enough) else "not kept"


def find_record(data_dir: Path | str, number: str) -> AdviceRecord:
    """Return the last record of advice with an id.

    Raises:
        ConfigurationError: There is none.
    """
    records = history(data_dir)
    for record in reversed(records):
        if record.id == number:
            return record
    ids = list(dict.fromkeys(each.id for each in reversed(records)))[:_LISTED]
    raise ConfigurationError(
        f"There is no advice {number!r} in the history of {data_dir}.",
        hint=f"It has {', '.join(ids)}."
        if ids
        else "Advice is recorded by --evaluate and by --emit.",
    )


async def check_advice(pool: Pool, record: AdviceRecord, since: datetime | None = None) -> Check:
    """Compare the trace since the deployment of advice with its promise.

    Args:
        pool: Connections to the application's database.
        record: The advice.
        since: When it was deployed; None asks the ledger of ``db apply``, and for a cache, whose
            query has no objects of its own, the trace.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the database has no trace.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    await check_installed(pool.inspect)
    deployed = since or await _deployed(pool, record)
    if deployed is None:
        return Check(record, None)
    # Windows are whole minutes: the one of the deployment has both.
    start = deployed.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Check(record, deployed, tuple(await _gains(pool, record, start)))


async def _gains(pool: Pool, record: AdviceRecord, start: datetime) -> Sequence[CheckedGain]:
    gains = []
    for promise in record.promises:
        values = [promise.operation, promise.root, start]
        (row,) = await pool.inspect(_SQL["after"].text, values)
        mean = row["ms"] / row["calls"] if row["calls"] else 0.0
        gains.append(CheckedGain(promise, row["calls"], mean))
    return gains


async def _deployed(pool: Pool, record: AdviceRecord) -> datetime | None:
    """Return when objects of the advice's target were applied after it was recorded."""
    if record.kind in _CACHES:
        roots = [each.root for each in record.promises]
        (row,) = await pool.inspect(_SQL["cached"].text, [roots, record.at])
        first: datetime | None = row["at"]
        return first
    if not (await pool.inspect(_SQL["has_ledger"].text))[0]["exists"]:
        return None
    owners = [record.target, f"Query.{record.target}"]
    (row,) = await pool.inspect(_SQL["applied"].text, [owners, record.at])
    at: datetime | None = row["at"]
    return at
