"""``fraiseql tune``: its inputs, output, exit codes and refusals."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fraiseql.cli.main import main
from tests.integration.flights import at_once, run_sql

API = """
import fraiseql

@fraiseql.query
def greeting() -> str:
    return "hello"

app = fraiseql.create_app(queries=[greeting])
"""
MACHINE = ("--memory", "16GB", "--cpus", "4")

Tune = Callable[..., int]


@pytest.fixture
def tune(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Tune:
    """Run the command for an application of the database."""
    (tmp_path / "tune_api.py").write_text(API)
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", database)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tune_api", raising=False)
    return lambda *words: main(["tune", "tune_api:app", *words])


@pytest.fixture
def as_guest(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connect as a role without rights."""
    at_once(run_sql(database, "CREATE ROLE tune_guest LOGIN"))
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", database.replace("postgres@", "tune_guest@"))
    yield
    at_once(run_sql(database, "DROP ROLE tune_guest"))


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out)


def test_a_proposal_is_printed_with_its_formula_and_its_undo(
    tune: Tune, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(*MACHINE, "--only", "shared_buffers") == 1
    printed = capsys.readouterr().out
    assert "memory    16GB = 1 * 16GB (--memory)\n" in printed
    assert "  why:    memory / 4 = 16GB / 4\n" in printed
    assert "  do:     ALTER SYSTEM SET shared_buffers = '4GB'\n" in printed
    assert "  undo:   ALTER SYSTEM RESET shared_buffers\n" in printed
    assert "1 proposal, 1 of them with a restart." in printed


def test_json_has_every_part_of_a_proposal(tune: Tune, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(*MACHINE, "--json") == 1
    tuning = document(capsys)
    assert tuning["version"] == 1
    assert tuning["machine"]["cpus_source"] == "--cpus"
    proposals = {each["id"]: each for each in tuning["proposals"]}
    assert {"shared_buffers", "maintenance_work_mem"} <= proposals.keys()
    for each in proposals.values():
        assert all(each[name] for name in ("class", "new", "why", "command", "undo", "risk"))
    assert "effective_cache_size" in {each["id"] for each in tuning["candidates"]}
    worst = tuning["worst_case"]
    assert worst["sum"] == sum(each["bytes"] for each in worst["terms"]) <= worst["limit"]


def test_the_server_is_asked_for_its_machine(
    tune: Tune, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune("--json", "--share", "0.5") in (0, 1)
    machine = document(capsys)["machine"]
    assert machine["memory"] == machine["machine_memory"] // 2
    assert machine["memory_source"].startswith(("/proc/", "/sys/fs/cgroup"))
    assert machine["cpus"] >= 1


def test_nothing_to_do_is_exit_code_0(tune: Tune, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(*MACHINE, "--only", "jit") == 0
    assert capsys.readouterr().out.endswith("Nothing to do.\n")


def test_each_form_is_printed_alone(tune: Tune, capsys: pytest.CaptureFixture[str]) -> None:
    only = ("--only", "maintenance_work_mem")
    assert tune(*MACHINE, *only, "--format", "conf") == 1
    assert capsys.readouterr().out == "maintenance_work_mem = '1GB'\n"


def test_a_role_without_rights_hears_its_three_ways(
    tune: Tune, as_guest: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune() == 2
    message = capsys.readouterr().err
    for way in ("--memory 16GB", "DATABASE_URL", "GRANT pg_read_server_files TO tune_guest"):
        assert way in message
    assert tune("--memory", "16GB", "--json") == 1
    tuning = document(capsys)
    assert tuning["machine"]["cpus"] is None
    assert "track_io_timing" in {each["name"] for each in tuning["skipped"]}


def test_a_role_that_may_not_read_the_changes_cannot_undo_them(
    tune: Tune, as_guest: None, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = "CREATE SCHEMA IF NOT EXISTS fraiseql; CREATE TABLE fraiseql.tuning (id bigint)"
    at_once(run_sql(database, made))
    try:
        assert tune("--undo") == 2
    finally:
        at_once(run_sql(database, "DROP TABLE fraiseql.tuning"))
    assert "may not read and change fraiseql.tuning" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["doctor", "tune", "advise"])
def test_a_server_that_is_away_is_no_finding(
    tune: Tune,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", "postgresql://x@127.0.0.1:1/x")
    assert main([command, "tune_api:app"]) == 2
    assert "The driver says: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("--memory", "16"),
        ("--share", "1.5"),
        ("--cpus", "0"),
        ("--only", "shared_bufers"),
        ("--json", "--format", "alter"),
    ],
)
def test_wrong_words_are_refused(tune: Tune, words: tuple[str, ...]) -> None:
    try:
        code = tune(*words)
    except SystemExit as stopped:
        code = int(str(stopped.code))
    assert code == 2
