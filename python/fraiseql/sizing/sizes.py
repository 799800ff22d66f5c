"""Sizes of a server's memory, each with its formula."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MB: Final = 2**20
GB: Final = 2**30

EMBEDDED_SHARE: Final = 0.5
"""Share of the memory for an embedded server: its application runs on the same machine."""

SORTS: Final = 1.5
"""Sorts and hashes of a statement that are full at the same time, on average."""

_LEAST_WORK_MEM: Final = 4 * MB
_MOST_WORK_MEM: Final = 256 * MB
_LEAST_BUFFERS: Final = 128 * MB
_MOST_MAINTENANCE: Final = 2 * GB
_LEAST_AUTOVACUUM: Final = 64 * MB
_AUTOVACUUM_WORKERS: Final = 3
"""The default of ``autovacuum_max_workers``."""


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes, and its formula with the inputs in it."""

    bytes: int
    formula: str


def shared_buffers(memory: int) -> Size:
    """Return the size of PostgreSQL's cache: a quarter of the memory, in whole megabytes.

    Args:
        memory: Bytes for the server.
    """
    quarter, most = memory // 4, memory * 2 // 5
    size = min(max(quarter, _LEAST_BUFFERS), most)
    text = f"memory / 4 = {shown(memory)} / 4"
    if size != quarter:
        text += f", at least {shown(_LEAST_BUFFERS)}, at most 0.4 of the memory"
    return Size(whole(size), text)


def maintenance_work_mem(memory: int) -> Size:
    """Return the memory of one VACUUM or CREATE INDEX: a sixteenth, 2 GB at most."""
    text = f"memory / 16 = {shown(memory)} / 16, at most {shown(_MOST_MAINTENANCE)}"
    return Size(whole(min(memory // 16, _MOST_MAINTENANCE)), text)


def autovacuum_work_mem(memory: int, workers: int) -> Size:
    """Return the memory of one autovacuum worker: all have that of one VACUUM.

    A worker has 64 MB at least, if a VACUUM has.

    Args:
        memory: Bytes for the server.
        workers: ``autovacuum_max_workers``.
    """
    one = maintenance_work_mem(memory).bytes
    size = max(one // workers, min(one, _LEAST_AUTOVACUUM))
    text = (
        f"maintenance_work_mem / autovacuum_max_workers = {shown(one)} / {workers}, "
        f"at least {shown(min(one, _LEAST_AUTOVACUUM))}"
    )
    return Size(whole(size), text)


def embedded_sizes(memory: int) -> Mapping[str, int]:
    """Return the sizes, in bytes by setting, that a new embedded server begins with.

    Those of the settings that need no measurement.

    Args:
        memory: Bytes for the server.
    """
    return {
        "shared_buffers": shared_buffers(memory).bytes,
        "maintenance_work_mem": maintenance_work_mem(memory).bytes,
        "autovacuum_work_mem": autovacuum_work_mem(memory, _AUTOVACUUM_WORKERS).bytes,
    }


def effective_cache_size(memory: int) -> Size:
    """Return what the planner takes for the cache of PostgreSQL and the system together."""
    return Size(whole(memory * 3 // 4), f"memory * 0.75 = {shown(memory)} * 0.75")


def work_mem(memory: int, buffers: int, connections: int, hashes: float) -> Size:
    """Return the memory of one sort: half of the rest of the memory, shared by all.

    Args:
        memory: Bytes for the server.
        buffers: Bytes of its cache.
        connections: Connections that may sort at the same time.
        hashes: ``hash_mem_multiplier``.
    """
    half = (memory - buffers) / 2 / (connections * hashes * SORTS)
    size = min(max(int(half), _LEAST_WORK_MEM), _MOST_WORK_MEM)
    text = (
        f"0.5 * (memory - shared_buffers) / (connections * hash_mem_multiplier * {SORTS}) = 0.5"
        f" * ({shown(memory)} - {shown(buffers)}) / ({connections} * {hashes:g} * {SORTS}),"
        f" from {shown(_LEAST_WORK_MEM)} to {shown(_MOST_WORK_MEM)}"
    )
    return Size(whole(size), text)


def whole(size: int) -> int:
    """Return bytes rounded down to megabytes, one at least."""
    return max(size // MB, 1) * MB


def shown(size: int) -> str:
    """Return bytes as people read them, such as ``15.6GB``."""
    for unit, name in ((2**40, "TB"), (GB, "GB"), (MB, "MB"), (1024, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + name
    return f"{size}B"


def setting_text(size: int) -> str:
    """Return bytes, a multiple of 1 kB, as PostgreSQL reads them, in the largest unit that fits."""
    for unit, name in ((GB, "GB"), (MB, "MB")):
        if size % unit == 0:
            return f"{size // unit}{name}"
    return f"{size // 1024}kB"
