"""Settings that change plans, which are measured before they are proposed."""

from collections.abc import Mapping
from typing import Any, Final

from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.target import SkippedSetting, Targets, TargetValue, unknown_cpus
from fraiseql.operating.tune.values import Value
from fraiseql.sizing import sizes

NAMES: Final = (
    "effective_cache_size",
    "random_page_cost",
    "effective_io_concurrency",
    "jit",
    "max_parallel_workers_per_gather",
)
_IN_MEMORY: Final = 0.75
_FAST_READ_MS: Final = 0.5
_ENOUGH_READS: Final = 1_000
_RANDOM_IS_CHEAP: Final = 1.1
_RANDOM_ON_DISK: Final = 4.0
_SOLID: Final = frozenset({"ssd", "nvme"})
_DEEP_QUEUE: Final = 200
_GOOD_DEFAULT_SINCE: Final = 18
_FEW_CPUS: Final = 4


def planner_targets(facts: Facts) -> Targets:
    """Yield the values of this class."""
    cache = sizes.effective_cache_size(facts.memory)
    yield _target("effective_cache_size", cache.bytes, cache.formula, {"memory": facts.memory})
    yield from _random_page_cost(facts)
    yield from _io_concurrency(facts)
    yield SkippedSetting("jit", "connections of FraiseQL are opened with jit = off")
    yield from _parallel(facts)


def _target(name: str, value: Value, why: str, evidence: Mapping[str, Any]) -> TargetValue:
    return TargetValue(name=name, value=value, kind="planner", why=why, evidence=evidence)


def _random_page_cost(facts: Facts) -> Targets:
    name, databases = "random_page_cost", sizes.shown(facts.database_bytes)
    evidence = {"database_bytes": facts.database_bytes, "storage": facts.storage}
    read_ms = _read_ms(facts)
    if facts.database_bytes <= _IN_MEMORY * facts.memory:
        why = f"the databases ({databases}) fit into {_IN_MEMORY} of the memory"
        yield _target(name, _RANDOM_IS_CHEAP, why, evidence)
    elif read_ms is not None and read_ms < _FAST_READ_MS:
        why = f"a read takes {read_ms:.3f} ms, less than {_FAST_READ_MS} ms"
        yield _target(name, _RANDOM_IS_CHEAP, why, {**evidence, "read_ms": read_ms})
    elif facts.storage in _SOLID:
        yield _target(name, _RANDOM_IS_CHEAP, f"the disk is {facts.storage}", evidence)
    elif facts.storage == "hdd":
        why = f"the databases ({databases}) do not fit into memory, and the disk turns"
        yield _target(name, _RANDOM_ON_DISK, why, evidence)
    else:
        reason = "neither the kind of the disk nor the time of a read is known: pass --storage"
        yield SkippedSetting(name, reason)


def _read_ms(facts: Facts) -> float | None:
    reads, milliseconds = facts.statistics.get("blks_read"), facts.statistics.get("blk_read_time")
    if not reads or not milliseconds or reads < _ENOUGH_READS:
        return None
    return float(milliseconds / reads)


def _io_concurrency(facts: Facts) -> Targets:
    name = "effective_io_concurrency"
    if facts.major >= _GOOD_DEFAULT_SINCE:
        yield SkippedSetting(name, "the default of PostgreSQL 18 and later is good")
    elif facts.storage in _SOLID:
        why = f"the disk is {facts.storage}, which reads many blocks at once"
        yield _target(name, _DEEP_QUEUE, why, {"storage": facts.storage})


def _parallel(facts: Facts) -> Targets:
    name = "max_parallel_workers_per_gather"
    if facts.cpus is None:
        yield unknown_cpus(name, facts)
        return
    cpus = facts.cpus
    if facts.profile == "api":
        count = 0 if cpus < _FEW_CPUS else min(2, cpus // 4)
        rule = f"0 below {_FEW_CPUS} processors, else cpus / 4, at most 2"
    elif facts.profile == "mixed":
        count, rule = min(4, cpus // 2), "cpus / 2, at most 4"
    else:
        count, rule = max(1, cpus // 2), "cpus / 2"
    count = min(count, round(facts.number("max_parallel_workers")))
    why = f"{rule}, for the profile {facts.profile}: cpus = {cpus}"
    yield _target(name, count, why, {"cpus": cpus, "profile": facts.profile})
