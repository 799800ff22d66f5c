"""``fraiseql init``: the project that it makes runs, and its test passes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli.program import environment, fraiseql


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    around = tmp_path_factory.mktemp("init")
    done = fraiseql("init", "my api", cwd=around)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cd 'my api' && pip install" in done.stdout
    return around / "my api"


def test_its_own_test_passes(made: Path, database: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=made,
        env={**environment(None), "TEST_DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_it_has_queries_and_mutations(made: Path) -> None:
    schema = fraiseql("schema", "api:app", cwd=made).stdout
    assert "createNote(input: CreateNoteInput!): Note" in schema
    assert "finish(id: Int!): Note" in schema


def test_a_directory_with_files_is_left_alone(made: Path) -> None:
    (made / "api.py").write_text("mine")
    done = fraiseql("init", ".", cwd=made)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert (made / "api.py").read_text() == "mine"


def test_ruff_accepts_it(tmp_path: Path) -> None:
    fraiseql("init", "project", cwd=tmp_path)
    for command in (["ruff", "check"], ["ruff", "format", "--check", "--line-length=100"]):
        done = subprocess.run(
            [sys.executable, "-m", *command, "project"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout
