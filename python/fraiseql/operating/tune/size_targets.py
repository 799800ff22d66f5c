"""Settings whose value follows from the machine alone."""

from typing import Final

from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.target import SkippedSetting, Targets, TargetValue, unknown_cpus
from fraiseql.sizing import sizes

NAMES: Final = (
    "shared_buffers",
    "maintenance_work_mem",
    "autovacuum_work_mem",
    "io_workers",
    "shared_preload_libraries",
    "track_io_timing",
    "compute_query_id",
)
CHEAP_CLOCKS: Final = frozenset(
    {"tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"}
)
"""Clocks of the Linux kernel that a program reads without a system call, in less than 100 ns."""

_MANY_CPUS: Final = 12
_FEWEST_WORKERS: Final = 3
_MOST_WORKERS: Final = 32


def size_targets(facts: Facts) -> Targets:
    """Yield the values of this class."""
    yield from _memory(facts)
    yield from _io_workers(facts)
    yield from _libraries(facts)
    yield from _statistics(facts)


def _memory(facts: Facts) -> Targets:
    workers = round(facts.number("autovacuum_max_workers"))
    for name, size in (
        ("shared_buffers", sizes.shared_buffers(facts.memory)),
        ("maintenance_work_mem", sizes.maintenance_work_mem(facts.memory)),
        ("autovacuum_work_mem", sizes.autovacuum_work_mem(facts.memory, workers)),
    ):
        yield TargetValue(
            name=name,
            value=size.bytes,
            kind="size",
            why=size.formula,
            evidence={"memory": facts.memory},
            # A larger one that some person chose stays while the sum of all fits.
            only_raise=facts.number(name) <= _most(name, facts),
        )


def _most(name: str, facts: Facts) -> int:
    return facts.memory * 2 // 5 if name == "shared_buffers" else facts.memory // 8


def _io_workers(facts: Facts) -> Targets:
    setting, method = facts.settings.get("io_workers"), facts.settings.get("io_method")
    if setting is None or method is None or method.value != "worker":
        return
    if facts.cpus is None:
        yield unknown_cpus("io_workers", facts)
    elif facts.cpus > _MANY_CPUS:
        yield TargetValue(
            name="io_workers",
            value=min(max(facts.cpus // 4, _FEWEST_WORKERS), _MOST_WORKERS),
            kind="size",
            why=f"cpus / 4 = {facts.cpus} / 4, from {_FEWEST_WORKERS} to {_MOST_WORKERS}",
            evidence={"cpus": facts.cpus},
            only_raise=True,
        )


def _libraries(facts: Facts) -> Targets:
    name = "shared_preload_libraries"
    setting = facts.settings.get(name)
    if setting is None:
        yield SkippedSetting(name, f"role {facts.role} may not see it: GRANT pg_monitor TO it")
        return
    present = library_names(str(setting.value))
    useful = ("pg_stat_statements", "pg_prewarm")
    missing = [library for library in useful if library not in present]
    offered = [library for library in missing if library in facts.extensions]
    if offered:
        yield TargetValue(
            name=name,
            value=", ".join([*present, *offered]),
            kind="size",
            why="pg_stat_statements counts statements; pg_prewarm fills the cache after a restart",
            evidence={"present": present},
        )
    for library in missing:
        if library not in facts.extensions:
            reason = f"the server does not have {library}: install PostgreSQL's contrib package"
            yield SkippedSetting(name, reason)


def library_names(text: str) -> list[str]:
    """Return the names in the text of a list of libraries."""
    return [name.strip().strip('"') for name in text.split(",") if name.strip()]


def _statistics(facts: Facts) -> Targets:
    clock = facts.clock
    if clock in CHEAP_CLOCKS:
        yield TargetValue(
            name="track_io_timing",
            value=True,
            kind="size",
            why=f"times reads of the disk, at little cost with the clock {clock}",
            evidence={"clock": clock},
        )
    elif not facts.settings["track_io_timing"].value:
        shown = f"is {clock}, which may be slow" if clock else "is unknown"
        reason = f"the server's clock {shown}: run pg_test_timing; below 100 ns, turn it on"
        yield SkippedSetting("track_io_timing", reason)
    if facts.settings["compute_query_id"].value == "off":
        yield TargetValue(
            name="compute_query_id",
            value="on",
            kind="size",
            why="without identifiers, statements cannot be matched with their statistics",
        )
