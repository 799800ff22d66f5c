"""Settings that are proposed only where their symptom shows."""

from collections.abc import Iterator
from typing import Final

from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.target import SkippedSetting, Targets, TargetValue
from fraiseql.operating.tune.worst_case import room_for_work_mem
from fraiseql.sizing.sizes import GB, MB, shown, whole, work_mem

NAMES: Final = (
    "work_mem",
    "max_connections",
    "max_wal_size",
    "min_wal_size",
    "checkpoint_timeout",
    "wal_compression",
    "idle_in_transaction_session_timeout",
)
_SPILLS: Final = 10
"""Temporary files from which on sorts and hashes spill; one index build makes a few."""

_LEAST_FITTING: Final = MB
_FREE_CONNECTIONS: Final = 10
_CHECKPOINTS: Final = 10
_WAL_SECONDS: Final = 600
_CHECKPOINT_SECONDS: Final = 900.0
_UNKNOWN_WAL: Final = 4 * GB
_MOST_WAL: Final = 16 * GB
_PAGE: Final = 8192
_PAGES_SHARE: Final = 0.5
_IDLE_SECONDS: Final = 60.0


def evidence_targets(facts: Facts, buffers: int, autovacuum: int) -> Targets:
    """Yield the values of this class.

    Args:
        facts: The inputs.
        buffers: Bytes of ``shared_buffers`` after the change.
        autovacuum: Bytes of all autovacuum workers after the change.
    """
    yield from _work_mem(facts, buffers, autovacuum)
    yield from _max_connections(facts)
    yield from _wal(facts)
    yield from _wal_compression(facts)
    yield from _idle(facts)


def _work_mem(facts: Facts, buffers: int, autovacuum: int) -> Targets:
    now, hashes = facts.number("work_mem"), facts.number("hash_mem_multiplier")
    spills = facts.statistics.get("temp_files") or 0
    value, why = int(now), ""
    if spills >= _SPILLS:
        size = work_mem(facts.memory, buffers, facts.connections, hashes)
        value = max(int(now), size.bytes)
        why = f"sorts and hashes wrote {spills} temporary files; {size.formula}"
    fitting = max(room_for_work_mem(facts, buffers, autovacuum), _LEAST_FITTING)
    if value > fitting:
        value, why = fitting, "the largest with which the worst case of the memory fits"
    if why:
        evidence = {"temp_files": spills, "connections": facts.connections}
        yield TargetValue(
            name="work_mem", value=whole(value), kind="evidence", why=why, evidence=evidence
        )
    else:
        reason = f"{spills} temporary files: sorts and hashes fit into {shown(int(now))}"
        yield SkippedSetting("work_mem", reason)


def _max_connections(facts: Facts) -> Targets:
    reserved = sum(
        round(facts.number(name))
        for name in ("superuser_reserved_connections", "reserved_connections")
        if name in facts.settings
    )
    needed = facts.connections + reserved + _FREE_CONNECTIONS
    if facts.number("max_connections") < needed:
        yield TargetValue(
            name="max_connections",
            value=needed,
            kind="evidence",
            why=f"connections of the application + reserved + {_FREE_CONNECTIONS} ="
            f" {facts.connections} + {reserved} + {_FREE_CONNECTIONS}",
            evidence={"connections": facts.connections, "reserved": reserved},
        )


def _wal(facts: Facts) -> Targets:
    requested, timed = (facts.statistics.get(name) or 0 for name in ("requested", "timed"))
    written = facts.statistics.get("wal_bytes") or 0.0
    # Requested by the size of the log, not by a backup or CREATE DATABASE.
    full = requested and written / requested >= 0.25 * facts.number("max_wal_size")
    if requested < _CHECKPOINTS or requested <= timed or not full:
        return
    evidence = {"requested": requested, "timed": timed, "wal_bytes": written}
    size, why = _wal_size(facts, written)
    for name, value, reason in (
        ("max_wal_size", size, why),
        ("min_wal_size", whole(size // 4), f"max_wal_size / 4 = {shown(size)} / 4"),
        (
            "checkpoint_timeout",
            _CHECKPOINT_SECONDS,
            f"{requested} checkpoints were requested, {timed} timed: the time is not the limit",
        ),
    ):
        yield TargetValue(
            name=name,
            value=value,
            kind="evidence",
            why=reason,
            evidence=evidence,
            only_raise=True,
        )


def _wal_size(facts: Facts, written: float) -> tuple[int, str]:
    seconds = facts.statistics.get("wal_seconds") or 0.0
    most, limit = _MOST_WAL, shown(_MOST_WAL)
    if facts.free_disk is not None:
        most, limit = min(_MOST_WAL, facts.free_disk // 10), f"{limit} and a tenth of the free disk"
    if seconds < _WAL_SECONDS:
        return whole(min(_UNKNOWN_WAL, most)), "the rate of the write-ahead log is not known yet"
    rate = written / seconds
    size = min(max(int(rate * _CHECKPOINT_SECONDS * 3), GB), most)
    text = f"rate * checkpoint_timeout * 3 = {shown(int(rate))}/s * 15min * 3"
    return whole(size), f"{text}, from 1GB to {limit}"


def _wal_compression(facts: Facts) -> Targets:
    setting = facts.settings["wal_compression"]
    images = (facts.statistics.get("wal_fpi") or 0) * _PAGE
    written = facts.statistics.get("wal_bytes") or 0.0
    if setting.value != "off" or written < GB or images <= _PAGES_SHARE * written:
        return
    method = next((name for name in ("lz4", "zstd") if name in setting.choices), "pglz")
    yield TargetValue(
        name="wal_compression",
        value=method,
        kind="evidence",
        why="more than half of the write-ahead log are whole pages",
        evidence={"page_images": images, "wal_bytes": written},
    )


def _idle(facts: Facts) -> Iterator[TargetValue]:
    sessions = facts.statistics.get("idle_in_transaction") or 0
    if sessions and not facts.number("idle_in_transaction_session_timeout"):
        yield TargetValue(
            name="idle_in_transaction_session_timeout",
            value=_IDLE_SECONDS,
            kind="evidence",
            why=f"{sessions} sessions have been idle in a transaction for more than a minute",
            evidence={"sessions": sessions},
        )
