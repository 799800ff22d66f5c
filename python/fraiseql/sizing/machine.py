"""Memory and processors of a machine, within its control groups."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path, PurePosixPath
from typing import Final

FIRST_FILES: Final = (
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/self/cgroup",
    "/proc/self/status",
)
"""Files that are read first: they say which others matter."""

_GROUPS: Final = PurePosixPath("/sys/fs/cgroup")
_NO_LIMIT: Final = 2**62
"""The first version of control groups writes "no limit" as a number near 2**63."""

_TOTAL: Final = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)
_AVAILABLE: Final = re.compile(r"^MemAvailable:\s+(\d+) kB$", re.MULTILINE)
_ALLOWED: Final = re.compile(r"^Cpus_allowed_list:\s+(\S+)$", re.MULTILINE)
_PROCESSOR: Final = re.compile(r"^processor\s*:", re.MULTILINE)

Files = Mapping[str, str | None]
"""Texts of files by their paths; None for a file that does not exist."""

Reader = Callable[[Sequence[str]], Files]


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory and processors that the processes of a control group may use.

    Attributes:
        memory: Bytes: the machine's memory, or the least limit of a group around the process.
        memory_source: File that says so.
        available: Bytes that are free or can be freed; None if unknown.
        cpus: Processors; None if unknown.
        cpus_source: File that says so.
    """

    memory: int
    memory_source: str
    available: int | None = None
    cpus: int | None = None
    cpus_source: str = ""


def group_files(first: Files) -> list[str]:
    """Return the files with the limits of a process, of its groups and of those around them.

    Args:
        first: The texts of ``FIRST_FILES``.
    """
    groups = first.get("/proc/self/cgroup") or ""
    return list(dict.fromkeys([*memory_files(groups), *_cpu_files(groups)]))


def memory_files(groups: str) -> Iterator[str]:
    """Yield the files that may limit memory, from the text of ``/proc/self/cgroup``."""
    for folder in _folders(groups, ""):
        yield f"{folder}/memory.max"
    for folder in _folders(groups, "memory"):
        yield f"{folder}/memory.limit_in_bytes"


def _cpu_files(groups: str) -> Iterator[str]:
    for folder in _folders(groups, ""):
        yield f"{folder}/cpu.max"
    for folder in _folders(groups, "cpu"):
        yield f"{folder}/cpu.cfs_quota_us"
        yield f"{folder}/cpu.cfs_period_us"


def _folders(groups: str, controller: str) -> Iterator[PurePosixPath]:
    """Yield the folders of a process and around it: of a controller, or of version 2."""
    for line in groups.splitlines():
        number, controllers, path = line.split(":", 2)
        names = controllers.split(",")
        if controller not in names or (not controller and number != "0"):
            continue
        group = PurePosixPath(path)
        for each in (group, *group.parents):
            yield _GROUPS / controllers / str(each).lstrip("/")


def read_machine(files: Files) -> Machine | None:
    """Return the machine that files describe; None if it is not Linux.

    Args:
        files: The texts of ``FIRST_FILES`` and ``group_files``.
    """
    text = files.get("/proc/meminfo") or ""
    total = _TOTAL.search(text)
    if total is None:
        return None
    available = _AVAILABLE.search(text)
    memory, memory_source = min(_memory_limits(files), default=(_NO_LIMIT, ""))
    if memory >= int(total[1]) * 1024:
        memory, memory_source = int(total[1]) * 1024, "/proc/meminfo"
    cpus, cpus_source = min(_cpu_limits(files), default=(None, ""))
    return Machine(
        memory,
        memory_source,
        int(available[1]) * 1024 if available else None,
        cpus,
        cpus_source,
    )


def local_machine() -> Machine | None:
    """Return the machine of this process; None if it is not Linux."""
    first = _read_files(FIRST_FILES)
    return read_machine({**first, **_read_files(group_files(first))})


def _memory_limits(files: Files) -> Iterator[tuple[int, str]]:
    for path, text in files.items():
        is_limit = path.endswith(("/memory.max", "/memory.limit_in_bytes"))
        if is_limit and text and text.strip().isdigit() and int(text) < _NO_LIMIT:
            yield int(text), path


def _cpu_limits(files: Files) -> Iterator[tuple[int, str]]:
    if count := len(_PROCESSOR.findall(files.get("/proc/cpuinfo") or "")):
        yield count, "/proc/cpuinfo"
    if allowed := _ALLOWED.search(files.get("/proc/self/status") or ""):
        yield sum(_lengths(allowed[1])), "/proc/self/status"
    for path, text in files.items():
        if path.endswith("/cpu.max"):
            yield from _quota(path, (text or "").split())
        elif path.endswith("/cpu.cfs_quota_us"):
            period = files.get(path.replace("cfs_quota_us", "cfs_period_us"))
            yield from _quota(path, f"{text} {period}".split())


def _quota(path: str, parts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the processors of a quota; ``max`` and -1 are none."""
    if len(parts) == 2 and all(part.isdigit() for part in parts) and int(parts[1]):  # noqa: PLR2004 - a quota and its period
        yield max(1, ceil(int(parts[0]) / int(parts[1]))), path


def _lengths(ranges: str) -> Iterator[int]:
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        yield int(last or first) - int(first) + 1


def _read_files(paths: Iterable[str]) -> dict[str, str | None]:
    return {path: _text(Path(path)) for path in paths}


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
