"""Memory and processors of a machine, from trees of files."""

from collections.abc import Mapping

import pytest

from fraiseql.sizing.machine import (
    FIRST_FILES,
    group_files,
    local_machine,
    memory_files,
    read_machine,
)

GB = 2**30
V2 = "/sys/fs/cgroup"
UNLIMITED = "9223372036854771712\n"


def first(gigabytes: int, cpus: int, groups: str = "", allowed: str = "") -> dict[str, str | None]:
    """The files of ``/proc`` of a machine."""
    memory = f"MemTotal:       {gigabytes * 2**20} kB\nMemAvailable:   {2**20} kB\n"
    processors = "".join(f"processor\t: {n}\nmodel name\t: x\n\n" for n in range(cpus))
    status = f"Name:\tpostgres\nCpus_allowed_list:\t{allowed or f'0-{cpus - 1}'}\n"
    return dict(zip(FIRST_FILES, (memory, processors, groups, status), strict=True))


TREES: Mapping[str, tuple[dict[str, str | None], int, str, int]] = {
    "no groups": (first(64, 16), 64 * GB, "/proc/meminfo", 16),
    "one processor of two ranges": (first(1, 8, allowed="2,4-5"), GB, "/proc/meminfo", 3),
    "version 2 without limits": (
        first(8, 4, "0::/\n") | {f"{V2}/memory.max": "max\n", f"{V2}/cpu.max": "max 100000\n"},
        8 * GB,
        "/proc/meminfo",
        4,
    ),
    "version 2, a container": (
        first(512, 64, "0::/\n")
        | {f"{V2}/memory.max": f"{4 * GB}\n", f"{V2}/cpu.max": "150000 100000\n"},
        4 * GB,
        f"{V2}/memory.max",
        2,
    ),
    "version 2, a limit of a group around": (
        first(16, 8, "0::/a/b\n")
        | {f"{V2}/a/b/memory.max": "max\n", f"{V2}/a/memory.max": f"{2 * GB}\n"}
        | {f"{V2}/a/cpu.max": "50000 100000\n", f"{V2}/a/b/cpu.max": "400000 100000\n"},
        2 * GB,
        f"{V2}/a/memory.max",
        1,
    ),
    "version 1 without limits": (
        first(32, 8, "4:memory:/\n2:cpu,cpuacct:/\n")
        | {f"{V2}/memory/memory.limit_in_bytes": UNLIMITED}
        | {f"{V2}/cpu,cpuacct/cpu.cfs_quota_us": "-1\n"}
        | {f"{V2}/cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
        32 * GB,
        "/proc/meminfo",
        8,
    ),
    "version 1, nested, next to an empty version 2": (
        first(24, 2, "4:memory:/api/x\n1:cpu:/\n0::/\n")
        | {f"{V2}/memory/api/x/memory.limit_in_bytes": f"{3 * GB}\n"}
        | {f"{V2}/memory/memory.limit_in_bytes": UNLIMITED}
        | {f"{V2}/cpu/cpu.cfs_quota_us": "100000\n", f"{V2}/cpu/cpu.cfs_period_us": "100000\n"},
        3 * GB,
        f"{V2}/memory/api/x/memory.limit_in_bytes",
        1,
    ),
    "a limit above the memory": (
        first(4, 2, "0::/\n") | {f"{V2}/memory.max": f"{8 * GB}\n"},
        4 * GB,
        "/proc/meminfo",
        2,
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_the_least_limit_counts(name: str) -> None:
    files, memory, source, cpus = TREES[name]
    machine = read_machine(files)
    assert machine is not None
    assert (machine.memory, machine.memory_source, machine.cpus) == (memory, source, cpus)
    assert machine.available == GB


@pytest.mark.parametrize("name", TREES)
def test_every_file_of_a_tree_is_asked_for(name: str) -> None:
    files, *_ = TREES[name]
    assert set(files) <= {*FIRST_FILES, *group_files(files)}


def test_limits_of_every_group_around_a_process_are_read() -> None:
    assert list(memory_files("0::/a/b\n")) == [
        "/sys/fs/cgroup/a/b/memory.max",
        "/sys/fs/cgroup/a/memory.max",
        "/sys/fs/cgroup/memory.max",
    ]
    assert list(memory_files("4:memory:/a\n3:cpu,cpuacct:/a\n")) == [
        "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]


def test_another_system_than_linux_is_unknown() -> None:
    assert read_machine(dict.fromkeys(FIRST_FILES)) is None


def test_this_machine_is_read() -> None:
    machine = local_machine()
    assert machine is None or (machine.memory > 2**26 and (machine.cpus or 1) >= 1)
