"""Sizes of a server's memory."""

import pytest

from fraiseql.database.embedded import cluster
from fraiseql.sizing.machine import Machine
from fraiseql.sizing.sizes import GB, MB, embedded_sizes, setting_text, shown

CASES = {
    256 * MB: ("102MB", "16MB", "16MB"),
    512 * MB: ("128MB", "32MB", "32MB"),
    GB: ("256MB", "64MB", "64MB"),
    8 * GB: ("2GB", "512MB", "170MB"),
    512 * GB: ("128GB", "2GB", "682MB"),
}


@pytest.mark.parametrize("memory", CASES)
def test_sizes_follow_the_memory(memory: int) -> None:
    assert tuple(map(setting_text, embedded_sizes(memory).values())) == CASES[memory]


def test_sizes_are_shown_in_the_largest_unit() -> None:
    assert [shown(size) for size in (512, 1536, 3 * MB // 2, 12 * GB)] == [
        "512B",
        "1.5kB",
        "1.5MB",
        "12GB",
    ]


def test_a_new_embedded_server_has_the_sizes_of_half_of_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "local_machine", lambda: Machine(16 * GB, "/proc/meminfo"))
    text = cluster.configuration(durable=True)
    assert "\nshared_buffers = 2GB\n" in text
    assert "\nautovacuum_work_mem = 170MB\n" in text


def test_a_server_of_disposable_data_has_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for gigabytes, buffers in ((16, "128MB"), (1, "64MB")):
        machine = Machine(gigabytes * GB, "/proc/meminfo")
        monkeypatch.setattr(cluster, "local_machine", lambda: machine)  # noqa: B023
        text = cluster.configuration(durable=False)
        assert f"\nshared_buffers = {buffers}\n" in text
        assert "autovacuum_work_mem" not in text
