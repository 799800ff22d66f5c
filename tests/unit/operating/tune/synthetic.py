"""Servers that do not exist, with the settings that PostgreSQL 18 begins with."""

from dataclasses import replace
from typing import Any

from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.values import ServerSetting
from fraiseql.sizing.sizes import GB, MB

SPILLS = {"temp_files": 1000, "temp_bytes": 10 * GB}
NO_SYMPTOMS: dict[str, Any] = {"temp_files": 0, "requested": 0, "timed": 100, "wal_bytes": 0.0}


def _size(name: str, value: int, unit: str, most: int, *, restart: bool = False) -> ServerSetting:
    least = -1 if value < 0 else 64 * 1024
    return ServerSetting(name, value, unit, restart, "integer", least, most)


SETTINGS = {
    each.name: each
    for each in (
        _size("shared_buffers", 128 * MB, "8kB", 8 * 2**40, restart=True),
        _size("effective_cache_size", 4 * GB, "8kB", 16 * 2**40),
        _size("work_mem", 4 * MB, "kB", 2 * 2**40),
        _size("maintenance_work_mem", 64 * MB, "kB", 2 * 2**40),
        _size("autovacuum_work_mem", -1, "kB", 2 * 2**40),
        _size("max_wal_size", GB, "MB", 2 * 2**50),
        _size("min_wal_size", 80 * MB, "MB", 2 * 2**50),
        ServerSetting("hash_mem_multiplier", 2.0, "", False, "real", 1, 1000),
        ServerSetting("autovacuum_max_workers", 3, "", True, "integer", 1, 262143),
        ServerSetting("max_connections", 100, "", True, "integer", 1, 262143),
        ServerSetting("superuser_reserved_connections", 3, "", True, "integer", 0, 262143),
        ServerSetting("checkpoint_timeout", 300.0, "s", False, "integer", 30, 86400),
        ServerSetting(
            "idle_in_transaction_session_timeout", 0.0, "ms", False, "integer", 0, 2147483
        ),
        ServerSetting("wal_compression", "off", kind="enum", choices=("pglz", "lz4", "on", "off")),
        ServerSetting("random_page_cost", 4.0, "", False, "real", 0, 1e300),
        ServerSetting("effective_io_concurrency", 16, "", False, "integer", 0, 1000),
        ServerSetting("max_parallel_workers", 8, "", False, "integer", 0, 1024),
        ServerSetting("max_parallel_workers_per_gather", 2, "", False, "integer", 0, 1024),
        ServerSetting("io_method", "worker", kind="enum", restart=True),
        ServerSetting("io_workers", 3, "", False, "integer", 1, 32),
        ServerSetting("shared_preload_libraries", "", restart=True),
        ServerSetting("track_io_timing", False, kind="bool"),
        ServerSetting("compute_query_id", "auto", kind="enum", choices=("auto", "on", "off")),
    )
}


def facts_of(memory: int, cpus: int | None = 4, **values: Any) -> Facts:
    """The inputs of a server."""
    present = {
        "settings": SETTINGS,
        "database_bytes": 10 * GB,
        "connections": 19,
        "statistics": NO_SYMPTOMS,
        "memory_source": "/proc/meminfo",
        "extensions": ("pg_stat_statements", "pg_prewarm"),
        "clock": "tsc",
    }
    inputs = present | values
    server = {"role": "postgres", "version": "18.6", "major": 18}
    return Facts(**server, memory=memory, machine_memory=memory, cpus=cpus, **inputs)


def changed(name: str, **values: Any) -> dict[str, ServerSetting]:
    """The settings, of which one differs."""
    return SETTINGS | {name: replace(SETTINGS[name], **values)}


def random_facts(numbers: Any) -> Facts:
    """The inputs of some machine, from 1 GB to 1 TB."""
    spilled = {"temp_files": numbers.choice((0, 1000)), "temp_bytes": GB}
    forced = {"requested": numbers.choice((0, 50)), "wal_bytes": 50.0 * GB, "timed": 3}
    return facts_of(
        round(GB * 2 ** numbers.uniform(0, 10) * numbers.choice((0.5, 1.0))),
        numbers.choice((1, 2, 4, 8, 16, 64)),
        connections=5 + numbers.choice((2, 14, 56, 90, 300)),
        database_bytes=round(GB * 2 ** numbers.uniform(-6, 10)),
        storage=numbers.choice((None, "ssd", "nvme", "hdd", "network")),
        profile=numbers.choice(("api", "mixed", "reporting")),
        statistics=NO_SYMPTOMS | spilled | forced | {"wal_seconds": numbers.uniform(1, 1e5)},
        free_disk=numbers.choice((None, 20 * GB)),
    )
