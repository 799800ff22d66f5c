"""Digests change with code, and are equal in every process."""

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fraiseql.code_digest import CodeDigest, Ownership, digest_of
from tests.unit.code_digest import program
from tests.unit.code_digest.application import CHANGES, FILES, SAME


def write(directory: Path, files: dict[str, str]) -> None:
    """Write an application's package."""
    for name, text in files.items():
        path = directory / "shopapp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def digest(directory: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> CodeDigest:
    """Return the digest of ``answer`` in a process that imports these files."""
    write(directory, files)
    monkeypatch.syspath_prepend(str(directory))
    try:
        importlib.invalidate_caches()
        module = importlib.import_module("shopapp.views")
        return digest_of([module.answer], Ownership(["shopapp.views"]))
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "shopapp"]:
            del sys.modules[name]


def changed(change: tuple[str, str, str]) -> dict[str, str]:
    """Return the files with one text replaced."""
    name, old, new = change
    assert FILES[name].count(old) == 1, old
    return {**FILES, name: FILES[name].replace(old, new)}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[1].strip()[:40])
def test_a_change_of_code_changes_the_digest(
    change: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(tmp_path / "a", FILES, monkeypatch)
    after = digest(tmp_path / "b", changed(change), monkeypatch)
    assert before.unseen == ()
    assert after.digest != before.digest


@pytest.mark.parametrize("change", SAME, ids=lambda change: change[1].strip()[:40])
def test_a_change_that_no_answer_shows_leaves_the_digest(
    change: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(tmp_path / "a", FILES, monkeypatch)
    assert digest(tmp_path / "b", changed(change), monkeypatch).digest == before.digest


def test_two_processes_in_two_directories_have_one_digest(tmp_path: Path) -> None:
    digests = set()
    for seed in ("0", "1", "4242"):
        directory = tmp_path / f"checkout{seed}" / seed
        write(directory, FILES)
        # The second time the modules come from compiled files.
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, program.__file__, str(directory)],
                env={**os.environ, "PYTHONHASHSEED": seed, "SEED_OF_THIS": seed},
                capture_output=True,
                text=True,
                check=True,
            )
            digests.add(done.stdout)
    assert len(digests) == 1, digests
