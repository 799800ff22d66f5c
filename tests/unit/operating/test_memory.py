"""Memory of a machine within its control groups."""

from fraiseql.operating.memory import limit_files, smallest

GB = 2**30


def test_limits_of_every_group_around_a_process_are_read() -> None:
    second = list(limit_files("0::/a/b\n"))
    assert second == [
        "/sys/fs/cgroup/a/b/memory.max",
        "/sys/fs/cgroup/a/memory.max",
        "/sys/fs/cgroup/memory.max",
    ]
    first = list(limit_files("4:memory:/a\n3:cpu,cpuacct:/a\n"))
    assert first == [
        "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]


def test_both_versions_may_be_mixed() -> None:
    assert len(list(limit_files("4:memory:/a\n0::/\n"))) == 3


def test_no_limit_is_no_number() -> None:
    unlimited = ["max\n", "9223372036854771712\n", None, ""]
    assert smallest(8 * GB, unlimited) == 8 * GB
    assert smallest(8 * GB, [*unlimited, f"{2 * GB}\n", f"{4 * GB}\n"]) == 2 * GB
