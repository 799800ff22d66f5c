"""Directories of test servers in memory: made, removed, and not used where memory is small."""

import os
from pathlib import Path

import pytest

from tests.memory_directory import NEEDED, memory_directory


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    created = tmp_path / "memory"
    created.mkdir()
    return created


def test_directory_exists_during_the_block_only(tmp_path: Path, memory: Path) -> None:
    with memory_directory(tmp_path, memory, needed=1) as directory:
        assert directory.parent == memory
        (directory / "data").mkdir()
    assert not list(memory.iterdir())


@pytest.mark.parametrize("name", ["memory", "absent"])
def test_small_or_absent_memory_is_not_used(tmp_path: Path, memory: Path, name: str) -> None:
    with memory_directory(tmp_path, memory.with_name(name), needed=NEEDED * 2**20) as directory:
        assert directory == tmp_path
    assert tmp_path.exists()


def test_abandoned_directory_is_removed_and_used_one_stays(tmp_path: Path, memory: Path) -> None:
    with memory_directory(tmp_path, memory, needed=1) as used:
        abandoned = used.with_name(used.name + "-abandoned")
        abandoned.mkdir()
        for directory in (used, abandoned):
            os.utime(directory, (0, 0))
        with memory_directory(tmp_path, memory, needed=1):
            assert used.exists()
            assert not abandoned.exists()
